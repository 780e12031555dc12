/// Words that guessers try first, in small letters, digits that stand for letters already made letters.
///
/// Not a list of passwords: rows of keys, years, repetitions and the person's own name are found by rule, and a word
/// with digits and signs around it is as weak as the word.
enum CommonWords {
    /// All of them.
    static let all: Set<String> = Set(
        [english, pinyin, numbers, names, places, product].flatMap { $0.split(separator: " ").map(String.init) }
    )
    /// Characters of the longest one.
    static let longest = all.map(\.count).max() ?? 0

    private static let english = """
        password passwd pass passwort passcode admin administrator root user guest test tester testing demo login logon \
        welcome hello letmein changeme change default secret master manager super superman batman dragon monkey shadow \
        sunshine princess football baseball basketball soccer hockey killer pepper ginger summer winter spring autumn \
        flower freedom whatever trustno trust computer internet server system network office windows linux oracle mysql \
        postgres cisco huawei hikvision dahua xiaomi apple google microsoft iphone android samsung love lovely iloveyou \
        loveyou baby angel lucky happy money china chinese power public private security camera monitor operator worker \
        viewer michael jordan jennifer thomas robert daniel andrew joshua matthew charlie jessica michelle qwerty qwertz \
        azerty asdf zxcv abc abcd aaaa temp temporary new newpass mypass mypassword star starwars pokemon ninja mustang \
        access hunter ranger buster tigger cookie cheese chocolate orange banana purple yellow silver golden diamond \
        monday tuesday wednesday thursday friday saturday sunday january february march april june july august \
        september october november december good boss work company service support helpdesk sysadmin backup
        """
    private static let pinyin = """
        woaini woaiwo wojia woshi aini aiwo baobao baobei laopo laogong mima kouling denglu guanli guanliyuan yonghu \
        xitong ceshi nihao zhongguo zhonghua renmin gongan paichusuo shequ wangge wanggeyuan wanggezhang jiedao \
        zhengfu zhihui zhongxin zhihuizhongxin yunwei jiankong shexiangtou xiaofang anquan qwer taobao weixin \
        wechat alipay zhifubao baidu tencent xinnian fagong facai gongxi jixiang ruyi shunli
        """
    private static let numbers = """
        430581 4305 520 521 1314 5201314 1314520 666 888 8888 6666 168 110 119 120 12306 10086 10010 7758521 7758258
        """
    /// Family and given names in the forms in which they are written before a number.
    private static let names = """
        zhangsan lisi wangwu zhaoliu zhangwei wangwei wangfang liwei liuwei lina wangxiuying xiaoming xiaohong zhang \
        wang zhao chen yang huang zhou liu
        """
    private static let places = """
        beijing shanghai tianjin chongqing guangdong guangzhou shenzhen zhejiang hangzhou ningbo jiangsu nanjing suzhou \
        hunan changsha zhuzhou xiangtan hengyang shaoyang yueyang changde zhangjiajie yiyang chenzhou yongzhou huaihua \
        loudi xiangxi wugang longhui dongkou xinning chengbu suining shaodong xinshao hubei wuhan henan zhengzhou \
        sichuan chengdu shandong jinan qingdao fujian fuzhou xiamen anhui hefei jiangxi nanchang shaanxi xian shanxi \
        taiyuan hebei liaoning shenyang dalian jilin changchun heilongjiang harbin guangxi nanning guizhou guiyang \
        yunnan kunming gansu lanzhou qinghai xining ningxia yinchuan xinjiang urumqi hainan haikou xizang lhasa neimenggu
        """
    private static let product = "gridwatch grid watch wgzhzx"
}

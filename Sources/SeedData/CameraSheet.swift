import CityGrid
import Flow

/// The columns of our camera sheet: a subset of the 一机一档 sheet, and five of our own after 维护单位.
enum CameraSheet {
    static let header = [
        "设备编码", "设备名称", "行政区划编码", "监控点位类型", "摄像机类型", "安装地址", "周边标志", "经度", "纬度", "坐标系", "管理单位", "维护单位",
        "标签", "网格编码", "码流地址", "辅码流地址", "启用", "备注",
    ]

    static func line(_ fields: [String]) -> String { fields.joined(separator: ",") + "\n" }
}

/// A camera of the registry that the generator made up: one row of the sheet.
struct PlannedCamera {
    var code: String
    var name: String
    var civilCode: String
    var pointClass: Int
    var cameraType: Int
    var address: String
    var landmark: String
    /// As written in the sheet, in `datum`; nil where the sheet has no position.
    var position: LatticePoint?
    var datum: Datum
    var owner: String
    var maintenance: String
    var tags: [String]
    var gridCode: String

    var fields: [String] {
        [
            code, name, civilCode, String(pointClass), String(cameraType), address, landmark,
            position.map { LatticePoint.degrees($0.east) } ?? "",
            position.map { LatticePoint.degrees($0.north) } ?? "",
            position == nil ? "" : datum.rawValue, owner, maintenance, tags.joined(separator: ";"), gridCode,
            "", "", "", "",
        ]
    }
}

/// What a kind of camera looks at, who delivers it and in which datum that unit works.
struct CameraKind {
    let tags: [String]
    let share: Int
    /// Digits 7–8 of the code; nil stands for the police station of the street, 01 to 04.
    let unit: String?
    let industry: String
    let datum: Datum
    let owner: String?
    let landmarks: [String]

    static let water = CameraKind(
        tags: ["water"],
        share: 0,
        unit: "08",
        industry: "09",
        datum: .wgs84,
        owner: "水务站",
        landmarks: ["河堤", "码头", "拦河坝", "浅滩"]
    )

    /// Shares are percent of the cameras that do not hang at the river.
    static let others = [
        CameraKind(
            tags: ["community"],
            share: 40,
            unit: nil,
            industry: "01",
            datum: .wgs84,
            owner: nil,
            landmarks: ["东门", "西门", "小区口", "巷口", "活动室"]
        ),
        CameraKind(
            tags: ["road"],
            share: 27,
            unit: "05",
            industry: "04",
            datum: .wgs84,
            owner: "交警大队",
            landmarks: ["路口", "斑马线", "公交站", "桥头"]
        ),
        CameraKind(
            tags: ["school", "road"],
            share: 8,
            unit: "06",
            industry: "11",
            datum: .gcj02,
            owner: "教育局",
            landmarks: ["校门", "围墙", "操场"]
        ),
        CameraKind(
            tags: ["fire_lane"],
            share: 10,
            unit: "07",
            industry: "03",
            datum: .bd09,
            owner: "消防站",
            landmarks: ["消防通道", "登高面"]
        ),
        CameraKind(
            tags: ["plaza"],
            share: 5,
            unit: nil,
            industry: "00",
            datum: .wgs84,
            owner: nil,
            landmarks: ["广场", "公园", "戏台"]
        ),
        CameraKind(
            tags: ["market", "road"],
            share: 6,
            unit: nil,
            industry: "00",
            datum: .wgs84,
            owner: nil,
            landmarks: ["菜市场", "夜市"]
        ),
        CameraKind(
            tags: ["construction"],
            share: 4,
            unit: "09",
            industry: "44",
            datum: .gcj02,
            owner: "住建局",
            landmarks: ["工地门", "塔吊下"]
        ),
    ]

    /// Draws a kind, each as often as its share of the cameras says.
    static func pick(_ random: inout SplitMix64) -> CameraKind {
        var ticket = random.below(100)
        for kind in others {
            ticket -= kind.share
            if ticket < 0 { return kind }
        }
        return others[0]
    }
}

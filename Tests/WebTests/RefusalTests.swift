import Cases
import Foundation
import HTTPTypes
import Store
import Testing

@testable import Web

/// Every refusal reads as a sentence in the language of the reader.
@Suite struct RefusalTests {
    private static let assets = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Sources/Web/Assets")
    /// Names that are the same in every language.
    private static let names = ["JPEG", "WebP", "HEIC", "HTTP", "every", "keyframes"]

    private func strings(_ language: Language) throws -> Strings {
        try Strings(language: language, assets: Self.assets)
    }

    private func isHan(_ character: Character) -> Bool {
        character.unicodeScalars.contains { (0x4e00...0x9fff).contains($0.value) }
    }

    /// A sentence without placeholders, keys or words of the other language.
    private func check(_ text: String?, _ language: Language, _ what: String) {
        guard let text else {
            Issue.record("\(what) says nothing")
            return
        }
        let isKey = text.firstMatch(of: /[a-z]_[a-z]/) != nil
        #expect(!text.contains("{") && !isKey && text.count >= 2, "\(what): \(text)")
        if language == .chinese {
            let foreign = Self.names.reduce(text) { $0.replacing($1, with: "") }
            #expect(text.contains(where: isHan) && foreign.firstMatch(of: /[A-Za-z]{4}/) == nil, "\(what): \(text)")
        } else {
            #expect(!text.contains(where: isHan), "\(what): \(text)")
        }
    }

    @Test(
        "each refusal of the store has its sentence, alone and with who did what meanwhile",
        arguments: Language.allCases
    )
    func storeReasons(language: Language) throws {
        let strings = try strings(language)
        let kinds: [CaseEventKind] = [
            .dispatched, .accepted, .handled, .falseAlarm, .supervised, .rework, .closed, .rejected,
        ]
        for reason in StoreError.Reason.allCases {
            check(RefusalText.sentence(reason, after: nil, reader: 1, strings), language, reason.rawValue)
            for kind in kinds {
                let post = language == .chinese ? "东一网格长" : "East one"
                let act = CaseAct(
                    kind: kind,
                    actor: "Li",
                    accountID: 7,
                    at: Date(),
                    post: kind == .dispatched ? post : nil
                )
                let text = RefusalText.sentence(reason, after: act, reader: 1, strings)
                check(text, language, "\(reason.rawValue) after \(kind.rawValue)")
                let isRace = [.caseChanged, .caseClosed, .taskChanged, .taskWithdrawn, .wrongStage, .samePost].contains(
                    reason
                )
                #expect(text.contains("Li") == isRace, "\(reason.rawValue): \(text)")
                #expect(text.contains(LocalTime.clock(act.at)) == isRace, "\(reason.rawValue): \(text)")
            }
        }
    }

    @Test("each kind of failure and each reason of the site has its sentence", arguments: Language.allCases)
    func siteReasons(language: Language) throws {
        let strings = try strings(language)
        for code in WebError.Code.allCases {
            check(strings[code.titleKey], language, code.titleKey)
            check(strings[code.titleKey + "_hint"], language, code.titleKey + "_hint")
        }
        for reason in WebError.Reason.allCases {
            let text = FailurePages.detail(of: WebError(.invalid, reason), reader: nil, strings)
            check(text, language, reason.rawValue)
        }
        for kind in CaseEventKind.allCases {
            check(strings.label("event", kind.rawValue), language, kind.rawValue)
        }
    }

    @Test("what a lower layer says in English comes after the sentence of the reader's language")
    func lowerLayers() throws {
        let failure = WebError(.invalid, detail: "rule a: min_share 2 is not within 0 to 1")
        let chinese = try #require(FailurePages.detail(of: failure, reader: nil, try strings(.chinese)))
        #expect(chinese.hasPrefix("请检查填写的内容") && chinese.contains("min_share 2"))
        #expect(FailurePages.detail(of: failure, reader: nil, try strings(.english)) == failure.detail)
        let plain = WebError(.conflict, refusal: StoreError(.conflict, "words for the log"))
        check(FailurePages.detail(of: plain, reader: nil, try strings(.chinese)), .chinese, "refusal without reason")
    }

    @Test("the own act is told as such, and that of the product by its name; another day has its date")
    func who() throws {
        let strings = try strings(.chinese)
        let own = CaseAct(kind: .closed, actor: "李四", accountID: 7, at: Date(), post: nil)
        #expect(RefusalText.act(own, reader: 7, strings).contains("由您于"))
        let system = CaseAct(kind: .dispatched, actor: "system", accountID: nil, at: Date(), post: "东一网格长")
        #expect(RefusalText.act(system, reader: 7, strings).contains("由系统于"))
        #expect(RefusalText.act(system, reader: 7, strings).hasSuffix("交办给“东一网格长”"))
        let noon = Date(timeIntervalSince1970: 1_785_816_000)
        let old = CaseAct(kind: .closed, actor: "李四", accountID: 8, at: noon, post: nil)
        #expect(RefusalText.act(old, reader: 7, strings) == "此案件已由李四于 08-04 12:00 办结")
        #expect(RefusalText.act(nil, reader: 7, strings).isEmpty)
    }

    @Test("each map gets the point in the datum that it is drawn in")
    func mapLinks() throws {
        let links = MapLinks.links(longitude: 110.6318, latitude: 26.7266, name: "滨江路<1>号")
        func numbers(_ app: String, _ pattern: Regex<(Substring, Substring, Substring)>) throws -> [Double] {
            let url = try #require(links.first { $0.app == app }?.url)
            #expect(!url.contains("<") && !url.contains("滨"))
            let found = try #require(url.firstMatch(of: pattern), "\(url)")
            return try [found.output.1, found.output.2].map { try #require(Double($0)) }
        }
        let geo = try numbers("geo", /geo:([\d.]+),([\d.]+)\?/)
        #expect(geo == [26.7266, 110.6318])
        let apple = try numbers("apple", /daddr=([\d.]+),([\d.]+)&/)
        let amap = try numbers("amap", /to=([\d.]+),([\d.]+),/)
        let tencent = try numbers("tencent", /tocoord=([\d.]+),([\d.]+)&/)
        let baidu = try numbers("baidu", /latlng:([\d.]+),([\d.]+)%7C/)
        #expect(apple == tencent && apple == amap.reversed())
        // GCJ-02 lies some hundred metres from WGS-84 here, BD-09 as far again to the north-east.
        #expect((0.001...0.01).contains(abs(apple[1] - geo[1])) || (0.001...0.01).contains(abs(apple[0] - geo[0])))
        #expect((0.004...0.009).contains(baidu[0] - apple[0]) && (0.004...0.009).contains(baidu[1] - apple[1]))
        #expect(links.first { $0.app == "amap" }?.url.contains("coordinate=gaode") == true)
        #expect(links.first { $0.app == "baidu" }?.url.contains("coord_type=bd09ll") == true)
    }
}

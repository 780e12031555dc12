import Foundation
import Testing

@testable import Web

extension LiveSite {
    /// A draft that would miss what people labelled is not put to work without a word.
    @Suite struct DraftVerdictTests {
        @Test("activating a draft that misses labelled events is refused until the person says that it is wanted")
        func asksFirst() async throws {
            let browser = try await TestSite.current.browser("olga")
            let blind: [String: any Sendable] = ["min_share": 0.9]
            let draft: [String: any Sendable] = ["scope": "tag", "key": "road", "settings": blind, "note": "试"]
            let saved = try await browser.send("POST", "/api/v1/profiles", draft)
            let id = try #require(saved.json["id"] as? Int, "\(saved.text)")
            let unknown = try await browser.get("/api/v1/profiles/\(id)/verdict").json
            #expect(unknown["is_evaluated"] as? Bool == false)
            let none: [String: any Sendable] = [:]
            let begun = try await browser.send(
                "POST",
                "/api/v1/tuner/evaluation",
                ["sampling": "keyframes", "live": none, "draft": blind]
            )
            #expect(begun.status == 204, "\(begun.text)")
            while try await browser.get("/api/v1/tuner/evaluation").json["is_running"] as? Bool == true {
                try await Task.sleep(for: .milliseconds(200))
            }
            let verdict = try await browser.get("/api/v1/profiles/\(id)/verdict").json
            #expect(verdict["is_evaluated"] as? Bool == true)
            #expect(
                try #require(verdict["missed"] as? Int) > (try #require(verdict["missed_now"] as? Int)),
                "\(verdict)"
            )
            let refused = try await browser.send("POST", "/api/v1/profiles/\(id)/activation", ["note": "启用"])
            #expect(refused.status == 409 && refused.text.contains("漏报"), "\(refused.text)")
            let wanted = try await browser.send("POST", "/api/v1/profiles/\(id)/activation", ["despite": true])
            #expect(wanted.status == 204, "\(wanted.text)")
            let back = try await browser.send("POST", "/api/v1/profiles/roll-back", ["scope": "tag", "key": "road"])
            #expect(back.status == 200)
            #expect(try await browser.get("/api/v1/profiles/999999/verdict").status == 404)
        }
    }
}

import Foundation
import Postgres
import Testing

@testable import Web

extension LiveSite {
    @Suite struct EvidencePageTests {
        @Test(
            "a case shows its first and its newest picture, an older address stays good, and what is past its time is said"
        )
        func pictures() async throws {
            let site = try TestSite.current
            let (id, _) = try await site.makeTask()
            let alert = try #require(try await site.value("SELECT id FROM alert WHERE case_id = $1", [.int(id)]))
            let first = "2026/11/23/\(alert)-1.jpg"
            let (between, newest) = ("2026/11/23/\(alert)-3.jpg", "2026/11/23/\(alert)-5.jpg")
            for path in [first, between, newest] {
                try Data(TestSite.jpeg(id)).write(to: site.evidence.appending(path: path))
            }
            try await site.pool.query(
                """
                UPDATE alert SET first_evidence_path = $3, first_evidence_sha256 = evidence_sha256, evidence_path = $2,
                    evidence_sha256 = repeat('b', 64) WHERE case_id = $1
                """,
                [.int(id), .text(newest), .text(first)]
            )
            let olga = try await site.browser("olga")
            let page = try await olga.page("/cases/\(id)").text
            #expect(page.contains("src=\"/evidence/\(first)\"") && page.contains("src=\"/evidence/\(newest)\""))
            for sentence in ["evidence_first", "evidence_latest"] {
                #expect(try page.contains(Self.text(sentence)), "\(sentence)")
            }
            for path in [first, between, newest] {
                let answer = try await olga.get("/evidence/" + path)
                #expect(answer.status == 200 && answer.body == TestSite.jpeg(id), "\(path)")
                #expect(try await site.browser("wu").get("/evidence/" + path).status == 404)
            }

            try await site.pool.query("UPDATE alert SET evidence_removed_at = now() WHERE case_id = $1", [.int(id)])
            let later = try await olga.page("/cases/\(id)").text
            #expect(try later.contains(Self.text("picture_over_hint")) && !later.contains("src=\"/evidence/\(first)\""))
            #expect(try await site.browser("wang").page("/tasks").text.contains(Self.text("picture_over")))
        }

        @Test("thirty alerts of one rule are one line of the history, with their number")
        func history() async throws {
            let site = try TestSite.current
            let (id, _) = try await site.makeTask()
            let sql = """
                INSERT INTO case_event (case_id, kind, actor, data)
                SELECT $1, 'alert', 'system', '{"camera": "a", "rule": "r"}' FROM generate_series(1, 30)
                """
            try await site.pool.query(sql, [.int(id)])
            let page = try await site.browser("olga").page("/cases/\(id)").text
            #expect(page.contains("× 30 ·"))
            #expect(page.components(separatedBy: "<li class=\"ev-alert\">").count == 2)
        }

        /// A sentence of the pages, as these tests' browsers get it.
        private static func text(_ key: String) throws -> String {
            let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().appending(path: "Sources/Web/Assets/strings/zh.json")
            let strings = try JSONDecoder().decode([String: String].self, from: Data(contentsOf: file))
            return try #require(strings[key])
        }
    }
}

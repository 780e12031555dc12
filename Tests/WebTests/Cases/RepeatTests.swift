import Foundation
import Postgres
import Testing

@testable import Web

extension LiveSite {
    /// The same request twice, and lists whose columns hold long texts, over HTTP.
    @Suite struct RepeatTests {
        private func version(_ site: TestSite, _ id: Int) async throws -> Int {
            try #require(
                try await site.value("SELECT version FROM hazard_case WHERE id = $1", [.int(id)]).flatMap { Int($0) }
            )
        }

        @Test("what an operator sends twice is answered twice alike, also when the worker has gone on meanwhile")
        func operators() async throws {
            let site = try TestSite.current
            let id = try await site.makeCase(camera: "cam-4")
            let (olga, wang) = (try await site.browser("olga"), try await site.browser("wang"))
            let path = "/api/v1/cases/\(id)"
            func twice(_ action: String, _ body: [String: any Sendable]) async throws {
                let answers = [
                    try await olga.send("POST", "\(path)/\(action)", body),
                    try await olga.send("POST", "\(path)/\(action)", body),
                ]
                #expect(answers.map(\.status) == [200, 200], "\(action): \(answers[1].text)")
                #expect(answers[0].text == answers[1].text, "\(action)")
            }
            let dispatch: [String: any Sendable] = [
                "post_id": try await site.postID("micro4"), "version": try await version(site, id), "note": " 请尽快 ",
            ]
            try await twice("dispatch", dispatch)
            let task = try #require(try await site.value("SELECT max(id) FROM task WHERE case_id = $1", [.int(id)]))
            #expect(try await wang.send("POST", "/api/v1/tasks/\(task)/accept", ["version": 1]).status == 200)
            let again = try await olga.send("POST", "\(path)/dispatch", dispatch)
            #expect(again.status == 200, "\(again.text)")
            try await twice("supervise", ["version": try await version(site, id)])
            let blind = try await olga.send("POST", "\(path)/reject", ["reason": "light"])
            #expect(blind.status == 409 && (blind.json["detail"] as? String)?.contains("督办") == true, "\(blind.text)")
            let report: [String: any Sendable] = ["note": "已劝离", "version": 2]
            for _ in 0..<2 {
                #expect(try await wang.send("POST", "/api/v1/tasks/\(task)/handled", report).status == 200)
            }
            try await twice("rework", ["note": "照片不清", "version": try await version(site, id)])
            #expect(try await wang.send("POST", "/api/v1/tasks/\(task)/handled", report).status == 200)
            try await twice("reject", ["reason": "light", "version": try await version(site, id)])
            let kinds = try await site.value(
                "SELECT string_agg(kind, ' ' ORDER BY id) FROM case_event WHERE case_id = $1",
                [.int(id)]
            )
            #expect(kinds == "reported dispatched accepted supervised handled rework rejected")
        }

        @Test("a list by post goes on after posts with the longest titles that can be imported")
        func longTitles() async throws {
            let site = try TestSite.current
            let olga = try await site.browser("olga")
            var ids: [Int] = []
            for index in 0..<5 {
                let id = try await site.makeCase(camera: "cam-9")
                try await site.pool.query(
                    """
                    WITH made AS (INSERT INTO post (code, title, kind) VALUES ('long' || $2, $3, 'maintenance') RETURNING id)
                    UPDATE hazard_case SET assignee_post_id = made.id, rule_id = 'long' || $2 FROM made
                    WHERE hazard_case.id = $1
                    """,
                    [.int(id), .text("\(index)"), .text(String(repeating: "长", count: 199) + "\(index)")]
                )
                ids.append(id)
            }
            for direction in ["asc", "desc"] {
                var found: [Int] = []
                var next: String?
                repeat {
                    let after = next.map { "&after=\($0)" } ?? ""
                    let page = try await olga.get("/api/v1/cases?limit=2&sort=assignee&dir=\(direction)\(after)")
                    try #require(page.status == 200, "\(page.text)")
                    found += page.items.compactMap { $0["id"] as? Int }
                    next = page.json["next"] as? String
                } while next != nil
                #expect(found.filter(ids.contains) == (direction == "asc" ? ids : ids.reversed()))
            }
            try await site.pool.query("UPDATE hazard_case SET assignee_post_id = NULL WHERE rule_id LIKE 'long%'")
            try await site.pool.query("DELETE FROM post WHERE code LIKE 'long%'")
        }
    }
}

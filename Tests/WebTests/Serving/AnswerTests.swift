import Foundation
import Postgres
import Testing

@testable import Web

/// What the API answers, against what `docs/openapi.yaml` says of it.
///
/// The browser of the tests holds every answer against the document; here everything that can be asked for is asked
/// for, with as much filled in as can be.
@Suite(.enabled(if: TestSite.isAvailable)) struct AnswerTests {
    /// A handled case with all that a case may have, beside one that was merged into it.
    private static func fill(_ site: TestSite) async throws -> (case: Int, merged: Int, task: Int) {
        let (id, task) = try await site.makeTask()
        let merged = try await site.makeCase(camera: "cam-4")
        let wang = try await site.browser("wang")
        _ = try await wang.send("POST", "/api/v1/tasks/\(task)/accept")
        let photo = try TestPicture.jpegWithOrigin(1)
        let sent = try await wang.upload("/api/v1/tasks/\(task)/photos?origin=1", photo)
        let hash = try #require(sent.json["sha256"] as? String, "\(sent.text)")
        let done = try await wang.send(
            "POST",
            "/api/v1/tasks/\(task)/handled",
            ["note": "已劝离", "photos": [hash], "origin": true]
        )
        try #require(done.status == 200, "\(done.text)")
        let back = try await site.browser("olga").send("POST", "/api/v1/cases/\(id)/rework", ["note": "再看一次"])
        try #require(back.status == 200, "\(back.text)")
        for sql in [
            "UPDATE hazard_case SET outcome = 'merged', merged_into = $1, closed_at = now() WHERE id = $2",
            "UPDATE hazard_case SET recurs_case_id = $2, held_back_at = now(), unstaffed_at = now(), rule_id = 'water-day' WHERE id = $1",
            "UPDATE alert SET ended_at = now(), reason = 'damaged 40', rule_id = 'water-day' WHERE case_id IN ($1, $2)",
        ] {
            try await site.pool.query(sql, [.int(id), .int(merged)])
        }
        try await site.pool.query(
            """
            UPDATE camera_state SET detail = 'x', reason = 'damaged 40', scene = 'steady', quality = '{"dark": 9}',
                last_frame_at = now(), sampled_at = now(), interval_s = 10, worker_id = 'town-1'
            """
        )
        return (id, merged, task)
    }

    @Test("every question of the API is answered as the OpenAPI file says, by everything that can be filled in")
    func questions() async throws {
        try await TestSite.with { site in
            try await LiveSite.OperationsTests.makeTrouble(site)
            let (id, merged, task) = try await Self.fill(site)
            let boss = try await site.browser("boss")
            let draft: [String: any Sendable] = [
                "scope": "camera", "key": "cam-4", "settings": ["min_share": 0.5], "note": "试行",
            ]
            let saved = try await boss.send("POST", "/api/v1/profiles", draft)
            let profile = try #require(saved.json["id"] as? Int, "\(saved.text)")
            #expect(try await boss.send("POST", "/api/v1/profiles/\(profile)/activation").status == 204)
            let footage = try await boss.get("/api/v1/tuner").json["footage"] as? [[String: Any]] ?? []
            let clip = try #require(footage.first { $0["is_labelled"] as? Bool == true }?["id"] as? String)
            let paths = [
                "/api/v1/session", "/api/v1/cases?state=all", "/api/v1/cases/counts", "/api/v1/cases/\(id)",
                "/api/v1/cases/\(merged)", "/api/v1/tasks?state=finished", "/api/v1/tasks", "/api/v1/tasks/\(task)",
                "/api/v1/cameras", "/api/v1/cameras/counts", "/api/v1/cameras/map", "/api/v1/cameras/cam-4",
                "/api/v1/cameras/cam-lost", "/api/v1/grids", "/api/v1/grids/geojson", "/api/v1/grids/counts",
                "/api/v1/grids/4/surroundings", "/api/v1/hazard-types", "/api/v1/posts", "/api/v1/operations",
                "/api/v1/tuner", "/api/v1/tuner/footage/\(clip)", "/api/v1/tuner/noisy", "/api/v1/tuner/evaluation",
                "/api/v1/cameras/cam-4/tuning", "/api/v1/cameras/cam-4/scores", "/api/v1/cameras/cam-4/recording",
                "/api/v1/profiles", "/api/v1/profiles?scope=camera&key=cam-4", "/api/v1/profiles/\(profile)/verdict",
                "/api/v1/accounts",
            ]
            let document = try OpenAPIDocument.shared.get()
            var asked: Set<String> = ["/api/v1/events", "/api/v1/tuner/footage/{id}/picture"]
            for path in paths {
                let answer = try await boss.get(path)
                // Nothing was recorded or evaluated here: other tests do that.
                let isNothing = path.hasSuffix("/evaluation") || path.hasSuffix("/recording")
                #expect(answer.status == (isNothing ? 404 : 200), "\(path): \(answer.text.prefix(300))")
                if let operation = document.operation("GET", path) { asked.insert(operation.path) }
            }
            let all = Set(document.operations.filter { $0.method == "GET" }.map(\.path))
            #expect(all.subtracting(asked).isEmpty, "not asked for")
            #expect(document.operations.count > 50)
            let detail = try await boss.get("/api/v1/cases/\(id)").json
            for key in ["fault_reason", "recurs_number", "rule_name", "last_act"] {
                #expect(detail[key] != nil, "\(key)")
            }
            #expect(try await boss.get("/api/v1/cases/\(merged)").json["merged_number"] is String)
            #expect(try await boss.get("/api/v1/tasks/\(task)").json["due_from"] is String)
            #expect(try await boss.get("/api/v1/grids/99999/surroundings").status == 404, "there is no such grid")
            #expect(try await boss.get("/api/v1/posts").items.contains { $0["has_person"] as? Bool == true })
        }
    }
}

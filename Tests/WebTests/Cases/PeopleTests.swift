import Foundation
import Postgres
import Testing

@testable import Web

extension LiveSite {
    /// Two people at once, clocks, posts without people, over HTTP.
    @Suite struct PeopleTests {
        private func version(_ site: TestSite, _ id: Int) async throws -> Int {
            try #require(
                try await site.value("SELECT version FROM hazard_case WHERE id = $1", [.int(id)]).flatMap { Int($0) }
            )
        }

        @Test("of two who dispatch one case the second is told who was faster, in the language of the page")
        func secondDispatch() async throws {
            let site = try TestSite.current
            let id = try await site.makeCase(camera: "cam-4")
            let (olga, otto) = (try await site.browser("olga"), try await site.browser("otto"))
            let seen = try await version(site, id)
            let path = "/api/v1/cases/\(id)/dispatch"
            let first = try await olga.send(
                "POST",
                path,
                ["post_id": try await site.postID("micro4"), "version": seen]
            )
            #expect(first.status == 200)
            #expect((first.json["summary"] as? [String: Any])?["version"] as? Int ?? 0 > seen)
            let body: [String: any Sendable] = ["post_id": try await site.postID("small3"), "version": seen]
            let second = try await otto.send("POST", path, body)
            #expect(second.status == 409)
            let detail = second.json["detail"] as? String ?? ""
            #expect(detail.contains("OLGA") && detail.contains("交办给“东一甲微网格长”"), "\(detail)")
            let english = Browser(client: otto.client, cookie: (otto.cookie ?? "") + "; gw_language=en")
            let told = try await english.send("POST", path, body).json["detail"] as? String ?? ""
            #expect(told.contains("OLGA gave the task to"), "\(told)")
            #expect(!told.contains("hazard_case") && !told.contains("dispatch ") && !detail.contains("stage"))
            let mine = try await olga.send("POST", path, body).json["detail"] as? String ?? ""
            #expect(mine.contains("由您于"))
            let count = try await site.value("SELECT count(*) FROM task WHERE case_id = $1", [.int(id)])
            #expect(count == "1")
            let page = try await otto.page("/cases/\(id)").text
            #expect(page.contains("data-version=\"\(try await version(site, id))\""))
            #expect(page.contains("data-act=\"此案件已由OLGA于"))
        }

        @Test("a report with neither note nor photo is refused with what is missing")
        func emptyReport() async throws {
            let site = try TestSite.current
            let (_, task) = try await site.makeTask()
            let wang = try await site.browser("wang")
            #expect(try await wang.send("POST", "/api/v1/tasks/\(task)/accept", ["version": 1]).status == 200)
            for body in [["version": 2], ["version": 2, "note": "  "], ["note": "\n", "photos": [String]()]]
                as [[String: any Sendable]]
            {
                let answer = try await wang.send("POST", "/api/v1/tasks/\(task)/handled", body)
                #expect(answer.status == 422)
                #expect((answer.json["detail"] as? String)?.contains("现场照片") == true, "\(answer.text)")
            }
            let late = try await wang.send("POST", "/api/v1/tasks/\(task)/handled", ["version": 1, "note": "好"])
            #expect(late.status == 409 && (late.json["detail"] as? String)?.contains("接单") == true, "\(late.text)")
            #expect(
                try await wang.send("POST", "/api/v1/tasks/\(task)/handled", ["version": 2, "note": "好"]).status == 200
            )
        }

        @Test("a task that was taken back says by whom, to the report, to a photo, and on its page")
        func withdrawn() async throws {
            let site = try TestSite.current
            let (id, task) = try await site.makeTask()
            let (wang, olga) = (try await site.browser("wang"), try await site.browser("olga"))
            let moved = try await olga.send(
                "POST",
                "/api/v1/cases/\(id)/dispatch",
                ["post_id": try await site.postID("small3"), "version": try await version(site, id)]
            )
            #expect(moved.status == 200, "\(moved.text)")
            let answers = [
                try await wang.send("POST", "/api/v1/tasks/\(task)/handled", ["note": "已劝离", "version": 1]),
                try await wang.upload("/api/v1/tasks/\(task)/photos", TestSite.jpeg(9)),
            ]
            for answer in answers {
                let detail = answer.json["detail"] as? String ?? ""
                #expect(answer.status == 409 && detail.contains("OLGA") && detail.contains("东一网格长"), "\(answer.text)")
            }
            let page = try await wang.page("/tasks/\(task)").text
            #expect(page.contains("此任务已由OLGA于") && page.contains("id=\"leftover\""))
            let act = try await wang.get("/api/v1/tasks/\(task)").json["withdrawal"] as? [String: Any]
            #expect(act?["kind"] as? String == "dispatched" && act?["actor"] as? String == "OLGA")
        }

        @Test("the list begins with what is most severe and has least time, and goes by any column, page by page")
        func order() async throws {
            let site = try TestSite.current
            let olga = try await site.browser("olga")
            var ids: [Int] = []
            for _ in 0..<5 { ids.append(try await site.makeCase(camera: "cam-9")) }
            for (index, values) in [(3, 5), (1, 90), (1, 30), (2, -5), (1, 30)].enumerated() {
                try await site.pool.query(
                    """
                    UPDATE hazard_case SET severity = $2, alert_count = $1::int % 7, camera_id = 'cam-9',
                        triage_due_at = '2026-12-01'::timestamptz + $3 * interval '1 min' WHERE id = $1
                    """,
                    [.int(ids[index]), .int(values.0), .int(values.1)]
                )
            }
            func list(_ query: String) async throws -> [Int] {
                var found: [Int] = []
                var next: String?
                repeat {
                    let after =
                        next.map { "&after=\($0.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")" }
                        ?? ""
                    let page = try await olga.get("/api/v1/cases?camera=cam-9&limit=2&\(query)\(after)")
                    #expect(page.status == 200, "\(page.text)")
                    found += page.items.compactMap { $0["id"] as? Int }.filter(ids.contains)
                    next = page.json["next"] as? String
                } while next != nil
                return found
            }
            #expect(try await list("q=") == [ids[2], ids[4], ids[1], ids[3], ids[0]])
            #expect(try await list("sort=severity&dir=desc") == [ids[0], ids[3], ids[2], ids[4], ids[1]])
            #expect(try await list("sort=left").first == ids[3])
            #expect(try await list("sort=left&dir=desc").first == ids[1])
            for key in ["severity", "left", "stage", "place", "assignee", "alerts", "opened"] {
                for direction in ["asc", "desc"] {
                    let all = try await list("sort=\(key)&dir=\(direction)")
                    #expect(all.count == 5 && Set(all) == Set(ids), "\(key) \(direction): \(all)")
                }
            }
            #expect(try await olga.get("/api/v1/cases?sort=number").status == 400)
            #expect(try await olga.get("/api/v1/cases?after=bm90IGpzb24").status == 200)
            #expect(try await olga.get("/api/v1/cases?after=WyJ4IiwieSIsInoiXQ==").status == 200)
            let page = try await olga.page("/cases?sort=left&camera=cam-9").text
            #expect(page.contains("aria-sort=\"ascending\"") && page.contains("sort=left"))
            #expect(page.contains("dir=desc"))
        }

        @Test("what nobody has decided in time is counted, and shown as overdue")
        func triage() async throws {
            let site = try TestSite.current
            let olga = try await site.browser("olga")
            let before = try await olga.get("/api/v1/cases/counts").json["triage_overdue"] as? Int ?? -1
            let id = try await site.makeCase(camera: "cam-4")
            try await site.pool.query(
                "UPDATE hazard_case SET severity = 1, triage_due_at = now() - interval '1 min' WHERE id = $1",
                [.int(id)]
            )
            #expect(try await olga.get("/api/v1/cases/counts").json["triage_overdue"] as? Int == before + 1)
            let overdue = try await olga.get("/api/v1/cases?overdue=1&limit=200").items.compactMap { $0["id"] as? Int }
            #expect(overdue.contains(id))
            let page = try await olga.page("/cases/\(id)").text
            #expect(page.contains("研判时限") && page.contains("lamp red"))
        }

        @Test("a stage that was never entered is not shown as done")
        func skippedStage() async throws {
            let site = try TestSite.current
            let (id, task) = try await site.makeTask()
            let (wang, olga) = (try await site.browser("wang"), try await site.browser("olga"))
            #expect(try await wang.send("POST", "/api/v1/tasks/\(task)/handled", ["note": "好"]).status == 200)
            let plain = try await olga.page("/cases/\(id)").text
            #expect(plain.contains("<li class=\"skipped\""))
            let (watched, second) = try await site.makeTask()
            #expect(try await olga.send("POST", "/api/v1/cases/\(watched)/supervise").status == 200)
            #expect(try await wang.send("POST", "/api/v1/tasks/\(second)/handled", ["note": "好"]).status == 200)
            #expect(!(try await olga.page("/cases/\(watched)").text.contains("skipped")))
        }

        @Test("posts without people stand on the page of operations, and cannot be given a task")
        func vacantPosts() async throws {
            let site = try TestSite.current
            try await site.pool.query(
                "INSERT INTO post (code, title, kind, grid_id) VALUES ('void', '空岗', 'grid_leader', 8)"
            )
            let olga = try await site.browser("olga")
            let posts = try await olga.get("/api/v1/operations").json["vacant_posts"] as? [[String: Any]] ?? []
            #expect(posts.contains { $0["title"] as? String == "空岗" })
            #expect(!posts.contains { $0["title"] as? String == "东一网格长" })
            #expect(try await olga.page("/operations").text.contains("空岗"))
            let id = try await site.makeCase(camera: "cam-9")
            let answer = try await olga.send(
                "POST",
                "/api/v1/cases/\(id)/dispatch",
                ["post_id": try await site.postID("void")]
            )
            #expect(answer.status == 409 && (answer.json["detail"] as? String)?.contains("没有启用的账号") == true)
            let near = try await olga.get("/api/v1/posts?near_grid=9").items
            #expect(near.first?["title"] as? String == "西一甲微网格长", "the own grid first, then up, then the nearest")
            #expect(near.first { $0["title"] as? String == "空岗" }?["has_person"] as? Bool == false)
            try await site.pool.query("DELETE FROM post WHERE code = 'void'")
        }

        @Test("who must choose a password first sees no menu; what disables somebody asks first")
        func smallThings() async throws {
            let site = try TestSite.current
            try await site.pool.query(
                """
                INSERT INTO account (login, display_name, role, password_hash, must_change)
                SELECT 'fresh', 'FRESH', 'operator', password_hash, true FROM account WHERE login = 'olga'
                """
            )
            let page = try await site.browser("fresh").page("/account").text
            #expect(!page.contains("<nav") && !page.contains("href=\"/cases\"") && !page.contains("id=\"live\""))
            #expect(try await site.browser("olga").page("/account").text.contains("<nav"))
            let accounts = try await site.browser("boss").page("/accounts").text
            #expect(accounts.contains("data-confirm=\"确定停用“OLGA”"))
            try await site.pool.query("DELETE FROM account WHERE login = 'fresh'")
        }
    }
}

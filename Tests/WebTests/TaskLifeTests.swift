import Foundation
import Testing

@testable import Web

extension LiveSite {
    @Suite struct TaskLifeTests {
        @Test("a task is accepted, handled with a photo, checked by an operator and closed")
        func wholeLife() async throws {
            let site = try TestSite.current
            let (id, task) = try await site.makeTask()
            let wang = try await site.browser("wang")
            let mine = try await wang.get("/api/v1/tasks").items.compactMap { $0["id"] as? Int }
            #expect(mine.contains(task))
            let accepted = try await wang.send("POST", "/api/v1/tasks/\(task)/accept")
            #expect(accepted.status == 200, "\(accepted.text)")
            #expect(accepted.json["state"] as? String == "accepted")
            #expect(try await wang.send("POST", "/api/v1/tasks/\(task)/accept").status == 200, "twice is once")
            let bytes = TestSite.jpeg(77, size: 5000)
            let photo = try await wang.upload("/api/v1/tasks/\(task)/photos", bytes)
            #expect(photo.status == 201, "\(photo.text)")
            let hash = try #require(photo.json["sha256"] as? String)
            let handled = try await wang.send(
                "POST",
                "/api/v1/tasks/\(task)/handled",
                ["note": "已劝离 <b>两人</b>", "photos": [hash]]
            )
            #expect(handled.status == 200, "\(handled.text)")
            let path = try #require((handled.json["photos"] as? [[String: Any]])?.first?["path"] as? String)
            let olga = try await site.browser("olga")
            let seen = try await olga.get("/evidence/" + path)
            #expect(seen.status == 200 && seen.body == bytes && seen.header("content-type") == "image/jpeg")
            #expect(seen.header("etag") == "\"\(hash)\"")
            let page = try await olga.page("/cases/\(id)").text
            #expect(page.contains("已劝离 &lt;b&gt;两人"), "what people write is escaped")
            let closed = try await olga.send("POST", "/api/v1/cases/\(id)/approve", ["note": "同意"])
            #expect(closed.status == 200, "\(closed.text)")
            let summary = closed.json["summary"] as? [String: Any]
            #expect(summary?["outcome"] as? String == "resolved" && summary?["stage"] as? String == "feedback")
            let again = try await wang.send("POST", "/api/v1/tasks/\(task)/false-alarm", ["reason": "light"])
            #expect(again.status == 409)
            #expect(again.json["code"] as? String == "conflict")
        }

        @Test("a false alarm needs a reason that is known, and a case sent back becomes a new task")
        func falseAlarmAndRework() async throws {
            let site = try TestSite.current
            let (id, task) = try await site.makeTask()
            let wang = try await site.browser("wang")
            #expect(
                try await wang.send("POST", "/api/v1/tasks/\(task)/false-alarm", ["reason": "boring"]).status == 422
            )
            #expect(
                try await wang.send("POST", "/api/v1/tasks/\(task)/false-alarm", ["reason": "animal"]).status == 200
            )
            let olga = try await site.browser("olga")
            let back = try await olga.send("POST", "/api/v1/cases/\(id)/rework", ["note": "照片不清楚"])
            #expect(back.status == 200, "\(back.text)")
            #expect((back.json["tasks"] as? [[String: Any]])?.count == 2)
        }

        @Test("nobody works on the task of another post")
        func otherPost() async throws {
            let site = try TestSite.current
            let (_, task) = try await site.makeTask()
            let wu = try await site.browser("wu")
            for action in ["accept", "handled", "false-alarm"] {
                let answer = try await wu.send("POST", "/api/v1/tasks/\(task)/\(action)", ["reason": "light"])
                #expect(answer.status == 404, "not in his grid: it does not exist")
            }
            let wen = try await site.browser("wen")
            #expect(try await wen.get("/api/v1/tasks/\(task)").status == 200, "in his grid: he may read")
            #expect(try await wen.send("POST", "/api/v1/tasks/\(task)/accept").status == 403)
            #expect(try await wen.upload("/api/v1/tasks/\(task)/photos", TestSite.jpeg(1)).status == 403)
        }

        @Test("an upload is refused unless it is a JPEG or PNG by its bytes, and not too large or too many")
        func uploads() async throws {
            let site = try TestSite.current
            let (_, task) = try await site.makeTask()
            let wang = try await site.browser("wang")
            let path = "/api/v1/tasks/\(task)/photos"
            let page = Array("<html><script>alert(1)</script></html>".utf8) + [UInt8](repeating: 32, count: 200)
            #expect(try await wang.upload(path, page).status == 415)
            #expect(try await wang.upload(path, TestSite.jpeg(1), type: "text/html").status == 415)
            #expect(try await wang.upload(path, []).status == 415)
            let large = TestSite.jpeg(1, size: PhotoStore.maximumBytes + 1)
            #expect(try await wang.upload(path, large).status == 413)
            let first = try await wang.upload(path, TestSite.jpeg(1))
            #expect(
                try await wang.upload(path, TestSite.jpeg(1)).json["sha256"] as? String == first.json["sha256"]
                    as? String
            )
            for seed in 2...PhotoStore.maximumCount {
                #expect(try await wang.upload(path, TestSite.jpeg(seed)).status == 201)
            }
            #expect(try await wang.upload(path, TestSite.jpeg(99)).status == 409)
            let foreign = try await wang.send(
                "POST",
                "/api/v1/tasks/\(task)/handled",
                ["photos": [String(repeating: "b", count: 64)]]
            )
            #expect(foreign.status == 422)
            let escape = try await wang.send("POST", "/api/v1/tasks/\(task)/handled", ["photos": ["../../x"]])
            #expect(escape.status == 422)
        }

        @Test("a picture that was sent but not reported is shown to nobody")
        func unreportedPicture() async throws {
            let site = try TestSite.current
            let (_, task) = try await site.makeTask()
            let photo = try await site.browser("wang").upload("/api/v1/tasks/\(task)/photos", TestSite.jpeg(5))
            let path = try #require(photo.json["path"] as? String)
            #expect(try await site.browser("boss").get("/evidence/" + path).status == 404)
        }
    }
}

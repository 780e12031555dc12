import Cases
import Foundation
import Testing

@testable import Web

/// Files that are sent as photos and are none, and what is said about each.
enum NotPhotos {
    static let all: [(name: String, bytes: [UInt8], status: Int, words: String)] = [
        ("an empty file", [], 422, "0 字节"),
        ("a page", Array("<html><script>alert(1)</script></html>".utf8), 415, "不是图片"),
        ("junk", (0..<500).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }, 415, "不是图片"),
        ("a JPEG's beginning and junk", TestSite.jpeg(1), 422, "照片"),
        ("half a photo", Array(TestPicture.png(1).prefix(200)), 422, "不完整"),
        ("a page behind a photo's first bytes", Array("\u{89}PNG\r\n<html>".utf8), 415, "不是图片"),
        (
            "a photo of 50,000 by 50,000", TestPicture.png(1, width: 50_000, height: 50_000, hasPixels: false), 413,
            "像素过多"
        ),
        ("a photo without pixels", TestPicture.png(1, width: 64, height: 64, hasPixels: false), 422, "照片"),
        (
            "HEIC", [0, 0, 0, 24] + Array("ftypheic\0\0\0\0mif1heic".utf8) + [UInt8](repeating: 0, count: 200), 415,
            "HEIC"
        ),
    ]
}

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
            let bytes = TestPicture.png(77, hiding: "FieldPhone-7 26.75 N 110.61 E")
            let photo = try await wang.upload("/api/v1/tasks/\(task)/photos", bytes, type: "image/png")
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
            #expect(seen.status == 200 && seen.header("content-type") == "image/jpeg")
            #expect(seen.body.starts(with: [0xff, 0xd8]) && seen.body.count == photo.json["bytes"] as? Int)
            #expect(!String(decoding: seen.body, as: UTF8.self).contains("FieldPhone"), "only the pixels are kept")
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
            #expect(try await wen.send("POST", "/api/v1/tasks/\(task)/handled", ["note": "好"]).status == 403)
            #expect(try await wen.send("POST", "/api/v1/tasks/\(task)/false-alarm", ["reason": "light"]).status == 403)
            #expect(try await wen.upload("/api/v1/tasks/\(task)/photos", TestPicture.png(1)).status == 403)
        }

        @Test(
            "what is no photo is refused with what it is and what to do",
            arguments: NotPhotos.all.map(\.name)
        )
        func notPhotos(name: String) async throws {
            let site = try TestSite.current
            let (_, task) = try await site.makeTask()
            let wanted = try #require(NotPhotos.all.first { $0.name == name })
            let answer = try await site.browser("wang").upload("/api/v1/tasks/\(task)/photos", wanted.bytes)
            #expect(answer.status == wanted.status, "\(answer.text)")
            #expect((answer.json["detail"] as? String)?.contains(wanted.words) == true, "\(answer.text)")
            let folder = site.evidence.appending(path: "tasks/\(task)").path
            #expect((try? FileManager.default.contentsOfDirectory(atPath: folder))?.isEmpty ?? true)
        }

        @Test("a task takes six photos of 8 MB at most; one that is taken back makes room for another")
        func uploads() async throws {
            let site = try TestSite.current
            let (_, task) = try await site.makeTask()
            let wang = try await site.browser("wang")
            let path = "/api/v1/tasks/\(task)/photos"
            #expect(try await wang.upload(path, TestPicture.png(1), type: "text/html").status == 415)
            let large = TestSite.jpeg(1, size: PhotoStore.maximumBytes + 1)
            #expect(try await wang.upload(path, large).status == 413)
            let first = try await wang.upload(path, TestPicture.png(1))
            let hash = try #require(first.json["sha256"] as? String)
            #expect(try await wang.upload(path, TestPicture.png(1)).json["sha256"] as? String == hash)
            for seed in 2...CaseLimits.photos {
                #expect(try await wang.upload(path, TestPicture.png(seed)).status == 201)
            }
            let seventh = try await wang.upload(path, TestPicture.png(99))
            #expect(seventh.status == 409 && (seventh.json["detail"] as? String)?.contains("最多 6 张") == true)
            #expect(try await site.browser("wu").send("DELETE", "\(path)/\(hash)").status == 404, "not his task")
            #expect(try await wang.send("DELETE", "\(path)/..%2f..%2fx").status == 204, "there is no such photo")
            #expect(try await wang.send("DELETE", "\(path)/\(hash)").status == 204)
            #expect(try await wang.upload(path, TestPicture.png(99)).status == 201)
            let foreign = try await wang.send(
                "POST",
                "/api/v1/tasks/\(task)/handled",
                ["photos": [String(repeating: "b", count: 64)]]
            )
            #expect(foreign.status == 422)
            let escape = try await wang.send("POST", "/api/v1/tasks/\(task)/handled", ["photos": ["../../x"]])
            #expect(escape.status == 422)
        }

        @Test("a photo that was reported cannot be taken back")
        func reportedPhotoStays() async throws {
            let site = try TestSite.current
            let (_, task) = try await site.makeTask()
            let wang = try await site.browser("wang")
            _ = try await wang.send("POST", "/api/v1/tasks/\(task)/accept")
            let photo = try await wang.upload("/api/v1/tasks/\(task)/photos", TestPicture.png(3))
            let hash = try #require(photo.json["sha256"] as? String)
            let done = try await wang.send("POST", "/api/v1/tasks/\(task)/handled", ["note": "done", "photos": [hash]])
            #expect(done.status == 200, "\(done.text)")
            #expect(try await wang.send("DELETE", "/api/v1/tasks/\(task)/photos/\(hash)").status == 409)
        }

        @Test("a picture that was sent but not reported is shown to nobody")
        func unreportedPicture() async throws {
            let site = try TestSite.current
            let (_, task) = try await site.makeTask()
            let photo = try await site.browser("wang").upload("/api/v1/tasks/\(task)/photos", TestPicture.png(5))
            let path = try #require(photo.json["path"] as? String)
            #expect(try await site.browser("boss").get("/evidence/" + path).status == 404)
        }
    }
}

import Cases
import Foundation
import Postgres
import Testing

@testable import Web

extension LiveSite {
    /// When and where a photo was taken: told by who took it, or by nobody.
    @Suite struct PhotoOriginTests {
        private struct Report {
            let answer: Answer
            let row: String?
            let files: [String]
        }

        /// Sends a photo that holds time and place, each time as the queries say, and reports it.
        private func report(_ queries: [String], agrees: Bool?) async throws -> (report: Report, case: Int) {
            let site = try TestSite.current
            let (id, task) = try await site.makeTask()
            let wang = try await site.browser("wang")
            _ = try await wang.send("POST", "/api/v1/tasks/\(task)/accept")
            let bytes = try TestPicture.jpegWithOrigin(task)
            var hashes: Set<String> = []
            for query in queries {
                let sent = try await wang.upload("/api/v1/tasks/\(task)/photos\(query)", bytes)
                #expect(sent.status == 201, "\(sent.text)")
                hashes.insert(sent.json["sha256"] as? String ?? "")
            }
            #expect(hashes.count == 1, "what is told beside a picture does not change it")
            var body: [String: any Sendable] = ["note": "已处置", "photos": Array(hashes)]
            if let agrees { body["origin"] = agrees }
            let answer = try await wang.send("POST", "/api/v1/tasks/\(task)/handled", body)
            #expect(answer.status == 200, "\(answer.text)")
            let row = try await site.value(
                """
                SELECT coalesce((taken_at AT TIME ZONE 'UTC')::text, '-') || ' ' || coalesce(ST_AsText(place, 4), '-') FROM task_photo
                WHERE task_id = $1
                """,
                [.int(task)]
            )
            let folder = site.evidence.appending(path: "tasks/\(task)").path
            let files = try FileManager.default.contentsOfDirectory(atPath: folder)
            return (Report(answer: answer, row: row, files: files), id)
        }

        @Test(
            "who agrees tells time and place: they stand in the row, in the answer and on the case, and beside no file"
        )
        func agreed() async throws {
            let site = try TestSite.current
            let (report, id) = try await report(["?origin=1"], agrees: true)
            #expect(report.row == "2026-11-23 01:30:00 POINT(110.605 26.71)")
            let photo = try #require((report.answer.json["photos"] as? [[String: Any]])?.first)
            #expect(photo["taken_at"] as? String == "2026-11-23T01:30:00Z")
            #expect(abs((photo["longitude"] as? Double ?? 0) - 110.605) < 1e-6)
            #expect(report.files.count == 1 && report.files[0].hasSuffix(".jpg"), "\(report.files)")
            let file = site.evidence.appending(path: try #require(photo["path"] as? String))
            #expect(!(try Data(contentsOf: file)).contains(Data("2026:11:23".utf8)), "the picture itself tells nothing")
            for page in [
                try await site.browser("olga").page("/cases/\(id)"),
                try await site.browser("wang").page("/cases/\(id)"),
            ] {
                for word in ["拍摄于 2026-11-23 09:30", "26.710000, 110.605000", "距案件位置 0 米"] {
                    #expect(page.text.contains(word), "\(word)")
                }
            }
        }

        @Test(
            "who does not agree tells nothing, whatever his file holds and whatever he said before",
            arguments: [
                ([""], true), (["?origin=0"], true), (["?origin=1"], false), (["?origin=1"], nil),
                (["?origin=1", ""], true),
            ] as [([String], Bool?)]
        )
        func notAgreed(queries: [String], agrees: Bool?) async throws {
            let (report, id) = try await report(queries, agrees: agrees)
            #expect(report.row == "- -")
            #expect(report.files.count == 1, "\(report.files)")
            #expect(!(try await TestSite.current.browser("olga").page("/cases/\(id)").text.contains("拍摄于")))
        }

        @Test("a photo that is taken back takes its time and place along, and they take no place of a photo")
        func takenBack() async throws {
            let site = try TestSite.current
            let (_, task) = try await site.makeTask()
            let wang = try await site.browser("wang")
            let path = "/api/v1/tasks/\(task)/photos"
            var hashes: [String] = []
            for seed in 0..<CaseLimits.photos {
                let sent = try await wang.upload("\(path)?origin=1", try TestPicture.jpegWithOrigin(seed))
                #expect(sent.status == 201, "\(sent.text)")
                hashes.append(sent.json["sha256"] as? String ?? "")
            }
            for hash in hashes { #expect(try await wang.send("DELETE", "\(path)/\(hash)").status == 204) }
            let folder = site.evidence.appending(path: "tasks/\(task)").path
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
            #expect(try await wang.upload("\(path)?origin=yes", try TestPicture.jpegWithOrigin(1)).status == 400)
        }

        @Test("the way between photo and case is told in metres")
        func metres() {
            #expect(TaskView.metres(from: (110.605, 26.71), to: (110.605, 26.711)) == 111)
            #expect((98...101).contains(TaskView.metres(from: (110.605, 26.71), to: (110.606, 26.71))))
        }
    }
}

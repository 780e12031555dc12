import Foundation
import Ingest
import Postgres
import Store
import Testing

@testable import Web

extension LiveSite {
    /// What the page of a camera says of its state.
    @Suite struct CameraPageTests {
        @Test("why a camera is blind or away is said in the reader's language, with what to do")
        func why() async throws {
            let site = try TestSite.current
            let browser = try await site.browser("boss")
            let said: [(state: String, reason: String?, words: [String])] = [
                ("blind", "no_keyframe 40", ["画面不可用", "已有 40 秒没有收到关键帧", "I 帧间隔"]),
                ("blind", "damaged 25", ["数据包丢失"]),
                ("online", "keyframes_apart 90", ["每 90 秒才能检测一次"]),
                ("online", "behind 70", ["系统处理不过来"]),
                ("refused", "unauthorized", ["用户名或密码被拒绝"]),
                ("offline", "of_a_later_version 3", ["离线"]),
            ]
            for one in said {
                _ = try await site.pool.query(
                    "UPDATE camera_state SET state = $1, reason = $2, detail = 'in <English>' WHERE camera_id = 'cam-4'",
                    [.text(one.state), one.reason.map { .text($0) } ?? .null]
                )
                let page = try await browser.page("/cameras/cam-4").text
                for word in one.words { #expect(page.contains(word), "\(one.state): \(word)") }
                #expect(page.contains("in &lt;English&gt;") && !page.contains("of_a_later_version"))
            }
            let detail = try await browser.get("/api/v1/cameras/cam-4")
            #expect(detail.json["state_reason"] as? String == "of_a_later_version 3")
            _ = try await site.pool.query("UPDATE camera_state SET state = 'blind' WHERE camera_id = 'cam-4'")
            #expect(try await browser.get("/api/v1/cameras?state=blind").text.contains("cam-4"))
            _ = try await site.pool.query(
                "UPDATE camera_state SET state = 'online', reason = NULL, detail = NULL WHERE camera_id = 'cam-4'"
            )
        }
    }
}

/// Words for what the daemon says of cameras.
@Suite struct CameraWordTests {
    @Test("there are words for every state and every reason in both languages", arguments: Language.allCases)
    func words(language: Language) throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let strings = try Strings(language: language, assets: root.appending(path: "Sources/Web/Assets"))
        for state in StreamState.allCases.map(\.rawValue) + CameraFilter.states {
            #expect(strings.label("state", state) != state)
        }
        #expect(Set(CameraFilter.states) == Set(CameraStates.states + ["unwatched"]))
        for reason in SightReason.allCases.map(\.rawValue) + CameraFailure.allCases.map(\.code) {
            #expect(strings.label("why", reason) != reason)
        }
    }
}

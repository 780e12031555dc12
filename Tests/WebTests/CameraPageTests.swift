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
                let (read, folded) = TechnicalDetails.split(page)
                for word in one.words { #expect(read.contains(word), "\(one.state): \(word)") }
                #expect(folded.contains("in &lt;English&gt;") && !read.contains("in &lt;English"))
                #expect(!read.contains("of_a_later_version") && !read.contains("water-day"))
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

/// A page without what is folded away for those who look after the programs, and that.
enum TechnicalDetails {
    static func split(_ page: String) -> (read: String, folded: String) {
        let fold = /<details class="technical">.*?<\/details>/.dotMatchesNewlines()
        return (page.replacing(fold, with: ""), page.matches(of: fold).map { String($0.output) }.joined())
    }
}

extension LiveSite {
    /// A camera that is out of service as a case: why, and what to do.
    @Suite struct FaultCaseTests {
        /// A fault case with a task of the maintenance unit.
        private func make(_ site: TestSite, _ reason: String?) async throws -> (case: Int, task: Int) {
            // A camera has one open case of its fault.
            try await site.pool.query(
                "UPDATE hazard_case SET outcome = 'false_alarm', closed_at = now() WHERE rule_id = 'camera-fault' AND outcome IS NULL"
            )
            let (id, task) = try await site.makeTask(camera: "cam-9", post: "unit")
            try await site.pool.query(
                "UPDATE alert SET rule_id = 'camera-fault', kind = 'camera_fault', reason = $2 WHERE case_id = $1",
                [.int(id), PostgresValue(reason)]
            )
            try await site.pool.query("UPDATE hazard_case SET rule_id = 'camera-fault' WHERE id = $1", [.int(id)])
            return (id, task)
        }

        @Test(
            "case and task say why the camera is out of service and what to do, in the reader's language",
            arguments: [
                ("damaged 640", "请检查沿途网络", "Check the network on the way"),
                ("no_keyframe", "I 帧间隔", "I-frame interval"), ("too_large", "请改用子码流", "Choose the sub stream"),
                ("decoder", "不带扩展的 H.264", "H.264 without extensions"), ("unauthorized", "请向设备管理人员核实", "correct them"),
                ("unsteady", "供电是否稳定", "power is steady"), ("of_a_later_version 9", "技术信息", "technical details"),
            ]
        )
        func words(reason: String, chinese: String, english: String) async throws {
            let site = try TestSite.current
            let (id, task) = try await make(site, reason)
            let (olga, repair) = (try await site.browser("olga"), try await site.browser("repair"))
            let abroad = Browser(client: olga.client, cookie: (olga.cookie ?? "") + "; gw_language=en")
            for page in [try await olga.page("/cases/\(id)"), try await repair.page("/tasks/\(task)")] {
                let (read, _) = TechnicalDetails.split(page.text)
                #expect(read.contains(chinese) && !read.contains(reason), "\(reason)")
                #expect(!read.contains("camera-fault"))
            }
            #expect(TechnicalDetails.split(try await abroad.page("/cases/\(id)").text).read.contains(english))
            #expect(try await olga.get("/api/v1/cases/\(id)").json["fault_reason"] as? String == reason)
            #expect(try await repair.get("/api/v1/tasks/\(task)").json["fault_reason"] as? String == reason)
        }

        @Test(
            "a rule without a name is called by what it looks for; its id is folded away, with a button that copies it"
        )
        func unnamedRule() async throws {
            let site = try TestSite.current
            let id = try await site.makeCase(camera: "cam-4")
            let page = TechnicalDetails.split(try await site.browser("olga").page("/cases/\(id)").text)
            #expect(!page.read.contains("rule-\(id)") && page.read.contains("区域入侵"))
            #expect(page.folded.contains("rule-\(id)") && page.folded.contains("data-copied=\"已复制\""))
            #expect(!page.read.contains("class=\"fault\""), "it is no fault of a camera")
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
            #expect(FaultText.state("\(reason) 40", strings)?.contains("{n}") == false, "\(reason)")
        }
        let faults =
            SightReason.allCases.filter { !$0.isInService }.map(\.rawValue) + CameraFailure.allCases.map(\.code)
            + CameraFaultKind.allCases.map(\.rawValue)
        for reason in faults { #expect(FaultText.sentence("\(reason) 40", strings) == strings["fault_\(reason)"]) }
        for reason in faults { #expect(strings.table["fault_\(reason)"] != nil, "\(reason)") }
        #expect(FaultText.sentence("of_a_later_version", strings) == strings["fault_unknown"])
        #expect(FaultText.sentence(nil, strings) == nil)
    }
}

import Detection
import Foundation
import Logging
import Postgres
import Replay
import Store
import Testing

@testable import Web

/// What people say about alerts, and what becomes of it.
extension LiveSite {
    @Suite struct LearningTests {
        /// Closes cases of a camera's rule, each with one alert of that score.
        private func verdicts(
            _ site: TestSite,
            _ camera: String,
            isFalse: Bool,
            scores: [Double],
            reason: String? = nil
        ) async throws {
            for score in scores {
                try await site.pool.query(
                    """
                    WITH made AS (
                        INSERT INTO hazard_case (id, number, hazard_type, severity, stage, outcome, camera_id, rule_id,
                            opened_at, last_alert_at, closed_at) OVERRIDING SYSTEM VALUE
                        SELECT 900000 + count(*), '430581209901' || lpad((count(*) + 1)::text, 7, '0'), 'FNS-01', 3,
                            CASE WHEN $2 THEN 'inspection' ELSE 'feedback' END,
                            CASE WHEN $2 THEN 'false_alarm' ELSE 'resolved' END, $1, 'shore', now(), now(), now()
                        FROM hazard_case WHERE number LIKE '430581209901%' RETURNING id),
                    seen AS (
                        INSERT INTO alert (id, camera_id, rule_id, kind, hazard_type, severity, auto_dispatch, started_at,
                            stated_at, score, box, settings_version, case_id)
                        SELECT gen_random_uuid(), $1, 'shore', 'intrusion', 'FNS-01', 3, false, now(), now(), $3,
                            '{0,0,1,1}', 'v', id FROM made)
                    INSERT INTO case_event (case_id, kind, actor, data)
                    SELECT id, 'rejected', 'olga', jsonb_build_object('reason', $4::text) FROM made WHERE $2
                    """,
                    [.text(camera), .bool(isFalse), .double(score), PostgresValue(reason)]
                )
            }
        }

        /// A camera of its own, with one rule.
        private func give(_ site: TestSite, _ camera: String) async throws {
            try await site.pool.query("INSERT INTO camera (id, name) VALUES ($1, $1)", [.text(camera)])
            try await site.pool.query(
                """
                INSERT INTO camera_rule VALUES ($1, 'shore', 'FNS-01',
                    '{"id": "shore", "kind": "intrusion", "hazard_type": "FNS-01"}')
                """,
                [.text(camera)]
            )
        }

        /// Scores of that rule as it is.
        private func score(_ camera: String, _ scores: ScoreHour, _ hour: Int64) -> ScoreRecord {
            let basis = ScoreBasis(Rule(id: "shore", kind: .intrusion), DetectionSettings())
            return ScoreRecord(
                camera: camera,
                rule: "shore",
                hour: hour,
                basis: basis.version,
                threshold: basis.threshold,
                cells: scores.bytes
            )
        }

        @Test(
            "a camera that keeps crying wolf is listed with why; its draft spares the real ones and changes nothing yet"
        )
        func proposal() async throws {
            let site = try TestSite.current
            try await give(site, "wolf-6")
            try await verdicts(site, "wolf-6", isFalse: true, scores: [0.5, 0.52, 0.55], reason: "weather")
            try await verdicts(site, "wolf-6", isFalse: false, scores: [0.9])
            try await give(site, "wolf-7")
            try await verdicts(site, "wolf-7", isFalse: true, scores: [0.5, 0.5])
            let browser = try await site.browser("olga")
            let items = try await browser.get("/api/v1/tuner/noisy").json["items"] as? [[String: Any]] ?? []
            #expect(!items.contains { $0["camera"] as? String == "wolf-7" }, "two are no pattern")
            let line = try #require(items.first { $0["camera"] as? String == "wolf-6" })
            #expect(line["false_alarms"] as? Int == 3 && line["hazards"] as? Int == 1)
            #expect(line["reason"] as? String == "weather" && line["avoidable"] as? Int == 3)
            let nothing: [String: any Sendable] = [:]
            let made = try await browser.send("POST", "/api/v1/cameras/wolf-6/proposal", nothing)
            #expect(made.status == 201, "\(made.text)")
            #expect((made.json["note"] as? String)?.contains("3/3") == true)
            let id = try #require(made.json["id"] as? Int)
            let history = try await browser.get("/api/v1/profiles?scope=camera&key=wolf-6").json
            let version = try #require((history["versions"] as? [[String: Any]])?.first { $0["id"] as? Int == id })
            #expect(version["is_active"] as? Bool == false)
            let rule = (version["rules"] as? [[String: Any]])?.first
            let share = (rule?["thresholds"] as? [String: Double])?["min_share"] ?? 0
            #expect(share > DetectionSettings().minShare)
            #expect(try await browser.send("POST", "/api/v1/profiles/\(id)/activation", ["note": ""]).status == 204)
            let after = try await browser.get("/api/v1/tuner/noisy").json["items"] as? [[String: Any]] ?? []
            #expect(
                !after.contains { $0["camera"] as? String == "wolf-6" },
                "what was before the profile does not count"
            )
        }

        @Test("where a higher threshold would lose something real, nothing is proposed")
        func nothingToPropose() async throws {
            let site = try TestSite.current
            try await give(site, "wolf-8")
            try await verdicts(site, "wolf-8", isFalse: true, scores: [0.9, 0.9, 0.9], reason: "light")
            try await verdicts(site, "wolf-8", isFalse: false, scores: [0.5])
            let browser = try await site.browser("olga")
            let nothing: [String: any Sendable] = [:]
            let answer = try await browser.send("POST", "/api/v1/cameras/wolf-8/proposal", nothing)
            #expect(answer.status == 409)
            #expect(answer.text.contains("屏蔽区"))
            #expect(try await browser.send("POST", "/api/v1/cameras/none/proposal", nothing).status == 404)
        }

        @Test("the week's scores say what other thresholds would have done, and where things moved")
        func scores() async throws {
            let site = try TestSite.current
            try await give(site, "wolf-3")
            let hour = Int64(Date().timeIntervalSince1970) / 3600 * 3_600_000_000
            var scores = ScoreHour()
            for minute in [5, 20, 40] { scores.add(1.1, minute: minute, seconds: 1) }
            scores.add(4, minute: 50, seconds: 1)
            var fields = [UInt8](repeating: 0, count: 256)
            fields[3] = 9
            try await ScoreArchive(pool: site.pool).add(
                [score("wolf-3", scores, hour)],
                [MotionRecord(camera: "wolf-3", hour: hour, pictures: 9, fields: fields)]
            )
            // Half the threshold at the time, so strength 4 then is 2 now; and a region that is no more.
            var (lower, other) = (score("wolf-3", scores, hour - 3_600_000_000), score("wolf-3", scores, hour))
            lower.threshold /= 2
            other.basis = "0123456789abcdef"
            other.hour -= 7_200_000_000
            try await ScoreArchive(pool: site.pool).add([lower, other], [])
            let browser = try await site.browser("olga")
            let answer = try await browser.get("/api/v1/cameras/wolf-3/scores?days=7").json
            let rule = (answer["rules"] as? [[String: Any]])?.first
            let alerts = try #require(rule?["alerts"] as? [Int])
            #expect(rule?["left_out"] as? Int == 1)
            #expect(alerts[ScoreHour.threshold] == 4 + 1 && alerts[ScoreHour.threshold + 2] == 1 + 1)
            #expect(alerts[ScoreHour.threshold + 3] == 1)
            #expect((answer["factors"] as? [Double])?[ScoreHour.threshold] == 1)
            #expect((answer["motion"] as? [Int])?[3] == 255)
            #expect(try await browser.get("/api/v1/cameras/wolf-3/scores?days=0").status == 400)
            #expect(try await browser.get("/api/v1/cameras/none/scores").status == 404)
        }

        @Test("a clip of an alert gets its labels when people have closed the case, and not before")
        func labels() async throws {
            let site = try TestSite.current
            try await give(site, "wolf-1")
            let folder = site.evidence.path + "/learn"
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let labeller = FootageLabeller(
                pool: site.pool,
                clips: folder + "/clips",
                recordings: folder + "/recordings",
                logger: Logger(label: "test")
            )
            #expect(try await labeller.label() == 0, "no folder yet")
            try await verdicts(site, "wolf-1", isFalse: true, scores: [0.5], reason: "animal")
            let alert = try #require(try await site.value("SELECT id FROM alert WHERE camera_id = 'wolf-1'"))
            try FileManager.default.createDirectory(atPath: folder + "/clips/2026", withIntermediateDirectories: true)
            for name in [alert, UUID().uuidString.lowercased()] {
                try FileManager.default.copyItem(
                    atPath: TunerTests.root + "/sample-streams/river-day.mp4",
                    toPath: "\(folder)/clips/2026/\(name)-1790000000000000.mp4"
                )
            }
            #expect(try await labeller.label() == 1)
            #expect(try await labeller.label() == 0, "the other one waits")
            let names = try FileManager.default.contentsOfDirectory(atPath: folder + "/recordings/wolf-1").sorted()
            #expect(names == ["judged-\(alert).json", "judged-\(alert).mp4"])
        }

        @Test("a recording is labelled on its timeline, and its file says so")
        func timeline() async throws {
            guard Chromium.path != nil else { return }
            let site = try TestSite.current
            try await give(site, "wolf-2")
            let folder = site.evidence.path + "/recordings/wolf-2"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try FileManager.default.copyItem(
                atPath: TunerTests.root + "/sample-streams/river-day.mp4",
                toPath: folder + "/one.mp4"
            )
            let empty = #"{"clip": "wolf-2/one.mp4", "width": 640, "height": 360, "duration": 20, "rules": []}"#
            try Data(empty.utf8).write(to: URL(filePath: folder + "/one.json"))
            try await Chromium.with(try await site.browser("olga")) { browser in
                try await browser.visit("http://127.0.0.1:\(site.client.port)/tuner?camera=wolf-2")
                try await browser.wait(for: "document.querySelectorAll('.band').length === 1")
                try await browser.wait(for: "!document.getElementById('label-tools').hidden")
                _ = try await browser.evaluate(
                    """
                    { const band = document.querySelector('.band'), frame = band.getBoundingClientRect();
                      const seek = (share) => band.dispatchEvent(new PointerEvent('pointerdown',
                        { clientX: frame.left + share * frame.width, clientY: frame.top + 5, bubbles: true }));
                      seek(0.25); document.getElementById('label-begin').click();
                      seek(0.5); document.getElementById('label-end').click();
                      document.getElementById('label-save').click(); }
                    """
                )
                try await browser.wait(for: "document.querySelector('.band .truth')")
                #expect(browser.problems.isEmpty, "\(browser.problems)")
            }
            let data = try Data(contentsOf: URL(filePath: folder + "/one.json"))
            let labels = try JSONDecoder().decode(LabelFile.self, from: data)
            let event = try #require(labels.rules.first?.events.first)
            #expect(
                labels.rules.first?.rule.id == "shore" && event.start < event.end && labels.rules[0].events.count == 1
            )
        }

        @Test("the page says where to tune next, drafts it with one click, and shows the outlook of a camera")
        func page() async throws {
            guard Chromium.path != nil else { return }
            let site = try TestSite.current
            try await give(site, "wolf-10")
            try await verdicts(site, "wolf-10", isFalse: true, scores: [0.5, 0.5, 0.5], reason: "animal")
            var scores = ScoreHour()
            scores.add(2, minute: 1, seconds: 1)
            let hour = Int64(Date().timeIntervalSince1970) / 3600 * 3_600_000_000
            try await ScoreArchive(pool: site.pool).add(
                [score("wolf-10", scores, hour)],
                []
            )
            try await Chromium.with(try await site.browser("olga")) { browser in
                try await browser.visit("http://127.0.0.1:\(site.client.port)/tuner")
                try await browser.wait(for: "document.querySelector('#noisy-list [data-camera=\"wolf-10\"]')")
                _ = try await browser.evaluate(
                    "document.querySelector('#noisy-list [data-camera=\"wolf-10\"] button:last-child').click()"
                )
                try await browser.wait(for: "document.querySelector('#versions [data-version]')")
                let column = "document.querySelector('#outlook-charts [data-rule=\"shore\"] .column.now')"
                try await browser.wait(for: column)
                // As tall as its number says, whatever other parts of the page look like.
                try await browser.wait(for: "\(column).getBBox().height === Number(\(column).getAttribute('height'))")
                #expect(browser.problems.isEmpty, "\(browser.problems)")
            }
        }
    }
}

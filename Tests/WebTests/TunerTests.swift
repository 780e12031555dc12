import Analysis
import Detection
import Flow
import Foundation
import Gate
import Ingest
import Live
import Postgres
import Replay
import Settings
import Store
import TestSupport
import Testing

@testable import Web

/// The tuner over HTTP and in a browser.
enum TunerTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// A tuner over the sample streams.
    static func tuner(_ evidence: URL) -> Tuner {
        let recordings = evidence.path + "/recordings"
        let footage = TrialFootage(
            clips: root + "/sample-streams",
            labels: root + "/sample-streams/labels",
            recordings: recordings
        )
        return Tuner(
            trials: TrialService(footage: footage, memoryLimit: 64 << 20),
            recorder: FootageRecorder(
                directory: recordings,
                limit: 64 << 20,
                take: StreamTaker(DaemonSettings()).take
            ),
            detection: DetectionSettings()
        )
    }
}

extension LiveSite {
    @Suite struct TunerAPITests {
        private func clip(_ browser: Browser, _ name: String) async throws -> String {
            let footage = try await browser.get("/api/v1/tuner").json["footage"] as? [[String: Any]] ?? []
            return try #require(footage.first { $0["name"] as? String == name }?["id"] as? String)
        }

        @Test("clips and thresholds are listed, a trial shows both sides, a picture is a JPEG")
        func trial() async throws {
            let browser = try await TestSite.current.browser("olga")
            let overview = try await browser.get("/api/v1/tuner").json
            let settings = overview["settings"] as? [[String: Any]] ?? []
            #expect(settings.compactMap { $0["key"] as? String } == DetectionSettings.keys)
            let id = try await clip(browser, "river-day.mp4")
            let draft: [String: any Sendable] = ["settings": ["min_share": 1.0]]
            let nothing: [String: any Sendable] = [:]
            let answer = try await browser.send(
                "POST",
                "/api/v1/tuner/trials",
                ["clip": id, "sampling": "5fps", "sides": [nothing, draft]]
            )
            #expect(answer.status == 200, "\(answer.text.prefix(200))")
            let sides = answer.json["sides"] as? [[String: Any]] ?? []
            let alerts = sides.map { side in
                (side["rules"] as? [[String: Any]] ?? []).flatMap { $0["alerts"] as? [[Double]] ?? [] }.count
            }
            #expect(alerts.count == 2 && alerts[0] > 0 && alerts[1] == 0)
            let picture = try await browser.get("/api/v1/tuner/footage/\(id)/picture?at=3.5")
            #expect(picture.status == 200 && picture.body.starts(with: [0xff, 0xd8]))
            #expect(try await browser.get("/api/v1/tuner/footage/\(id)/picture?at=nan").status == 400)
            #expect(try await browser.get("/api/v1/tuner/footage/0000000000000000").status == 422)
        }

        @Test("what cannot be tried is refused with what to do")
        func refused() async throws {
            let browser = try await TestSite.current.browser("olga")
            let id = try await clip(browser, "river-day.mp4")
            let side: [String: any Sendable] = ["settings": ["nonsense": 1.0]]
            let unknown = try await browser.send(
                "POST",
                "/api/v1/tuner/trials",
                ["clip": id, "sampling": "5fps", "sides": [side]]
            )
            #expect(unknown.status == 422 && unknown.text.contains("min_share"), "lists what is known")
            let rule: [String: any Sendable] = ["id": "x", "kind": "line"]
            let line: [String: any Sendable] = ["rules": [rule]]
            let bad = try await browser.send(
                "POST",
                "/api/v1/tuner/trials",
                ["clip": id, "sampling": "5fps", "sides": [line]]
            )
            #expect(bad.status == 422 && bad.text.contains("needs two points"))
            let nothing: [String: any Sendable] = [:]
            for sampling in ["gated:10", "often"] {
                let answer = try await browser.send(
                    "POST",
                    "/api/v1/tuner/trials",
                    ["clip": id, "sampling": sampling, "sides": [nothing]]
                )
                #expect(answer.status == 422, "\(sampling)")
            }
            let none: [[String: String]] = []
            let labels = try await browser.send("PUT", "/api/v1/tuner/footage/\(id)/labels", ["rules": none])
            #expect(labels.status == 409 && labels.text.contains("录像"), "clips of the site keep their label files")
            #expect(try await browser.send("POST", "/api/v1/cameras/cam-4/recording", ["seconds": 4]).status == 422)
            #expect(try await browser.send("POST", "/api/v1/cameras/cam-lost/recording", ["seconds": 9]).status == 409)
            #expect(try await browser.send("POST", "/api/v1/cameras/none/recording", ["seconds": 9]).status == 404)
            let hold =
                "INSERT INTO camera_quarantine (camera_id, reason, strikes, first_at, last_at, until) "
                + "VALUES ('cam-9', 'x', 3, now(), now(), now() + interval '1 hour') ON CONFLICT (camera_id) DO UPDATE "
                + "SET until = EXCLUDED.until"
            try await TestSite.current.pool.query(hold)
            let held = try await browser.send("POST", "/api/v1/cameras/cam-9/recording", ["seconds": 9])
            #expect(held.status == 409 && held.text.contains("隔离"))
            try await TestSite.current.pool.query("DELETE FROM camera_quarantine WHERE camera_id = 'cam-9'")
        }

        @Test("a profile is saved, activated, told of and rolled back; the stream's password is in no answer")
        func profile() async throws {
            let site = try TestSite.current
            let browser = try await site.browser("olga")
            let rule: [String: any Sendable] = [
                "id": "bank", "kind": "intrusion", "hazard_type": "FNS-01", "min_seconds": 3,
                "polygon": [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]],
            ]
            let kept = "SELECT coalesce(string_agg(rule_id, ' '), '') FROM camera_rule WHERE camera_id = 'cam-4'"
            let before = try await site.value(kept)
            let draft: [String: any Sendable] = [
                "scope": "camera", "key": "cam-4", "settings": ["dwell": 2.0], "rules": [rule], "note": "柳树",
            ]
            let saved = try await browser.send("POST", "/api/v1/profiles", draft)
            #expect(saved.status == 201, "\(saved.text)")
            let id = try #require(saved.json["id"] as? Int)
            #expect(try await browser.send("POST", "/api/v1/profiles/\(id)/activation", ["note": "试行"]).status == 204)
            let tuning = try await browser.get("/api/v1/cameras/cam-4/tuning")
            #expect(!tuning.text.contains("secret") && !tuning.text.contains("rtsp"))
            let profile = tuning.json["profile"] as? [String: Any]
            #expect(profile?["settings"] as? [String: Double] == ["dwell": 2])
            #expect((tuning.json["rules"] as? [[String: Any]])?.first?["min_seconds"] as? Double == 3)
            #expect(tuning.json["are_templates"] as? Bool == false)
            let page = try await browser.page("/cameras/cam-4")
            #expect(page.text.contains("bank") && page.text.contains("/tuner?camera=cam-4"))
            let history = try await browser.get("/api/v1/profiles?scope=camera&key=cam-4").json
            #expect(history["may_roll_back"] as? Bool == true)
            #expect((history["activations"] as? [[String: Any]])?.first?["by"] as? String == "OLGA")
            let place: [String: any Sendable] = ["scope": "camera", "key": "cam-4", "note": ""]
            #expect(try await browser.send("POST", "/api/v1/profiles/roll-back", place).status == 200)
            #expect(try await site.value(kept) == before)
            var wrong = draft
            wrong["scope"] = "tag"
            #expect(try await browser.send("POST", "/api/v1/profiles", wrong).status == 422, "rules are one camera's")
            wrong["scope"] = "town"
            #expect(try await browser.send("POST", "/api/v1/profiles", wrong).status == 422)
        }
    }

    /// The whole way: a real daemon, a page in a real browser, and what becomes of the alerts.
    @Suite(.enabled(if: Chromium.path != nil, "install chromium"))
    struct TunerBrowserTests {
        private static let overflow =
            "String(document.documentElement.scrollWidth - document.documentElement.clientWidth)"

        @Test("regions are drawn with the mouse, thresholds move the alerts, and the page fits desktop and phone")
        func draws() async throws {
            let site = try TestSite.current
            try await Chromium.with(try await site.browser("olga")) { browser in
                try await browser.resize(width: 1920, height: 1080)
                try await browser.visit("http://127.0.0.1:\(site.client.port)/tuner?camera=cam-4")
                try await browser.wait(for: "document.getElementById('tuner').dataset.ready")
                #expect(try await browser.evaluate("document.querySelectorAll('#rules li').length + ''") == "1")
                _ = try await browser.evaluate(
                    """
                    { const clip = document.getElementById('source').elements.clip;
                      clip.value = [...clip.options].find((one) => one.text.startsWith('river-day')).value;
                      clip.dispatchEvent(new Event('change')); }
                    """
                )
                try await browser.wait(for: "document.querySelectorAll('.band').length === 1")
                let alerts = "document.querySelectorAll('.alert.draft').length"
                try await browser.wait(for: "\(alerts) > 0")
                _ = try await browser.evaluate(
                    """
                    { const number = document.querySelector('[data-setting="min_share"] input[type="number"]');
                      number.value = '1'; number.dispatchEvent(new Event('change')); }
                    """
                )
                try await browser.wait(for: "\(alerts) === 0")
                #expect(
                    try await browser.evaluate("String(document.querySelectorAll('.alert.live').length > 0)") == "true"
                )
                try await draw(browser)
                #expect(try await browser.evaluate("document.querySelectorAll('#shapes polygon').length + ''") == "2")
                _ = try await browser.evaluate("document.getElementById('undo').click()")
                #expect(try await browser.evaluate("document.querySelectorAll('#shapes polygon').length + ''") == "1")
                try await draw(browser, "[data-tool=\"mask\"]")
                #expect(try await browser.evaluate("document.querySelectorAll('#shapes .mask').length + ''") == "1")
                for (width, height) in [(1920, 1080), (390, 844)] {
                    try await browser.resize(width: width, height: height, isPhone: width < 900)
                    #expect(try await browser.evaluate(Self.overflow) == "0", "at \(width)")
                }
                #expect(browser.problems.isEmpty, "\(browser.problems)")
            }
        }

        /// Clicks a button, by default the one that adds a rule, and then the corners of a region.
        private func draw(_ browser: Chromium, _ button: String = "#add-rule") async throws {
            _ = try await browser.evaluate(
                """
                document.querySelector('\(button)').click();
                { const canvas = document.getElementById('canvas'), frame = canvas.getBoundingClientRect();
                  for (const [x, y] of [[0.2, 0.2], [0.6, 0.2], [0.6, 0.6], [0.2, 0.6], [0.2, 0.2]]) {
                    const place = { clientX: frame.left + x * frame.width, clientY: frame.top + y * frame.height,
                      pointerId: 1, bubbles: true, isPrimary: true };
                    canvas.setPointerCapture = () => {};
                    canvas.dispatchEvent(new PointerEvent('pointerdown', place));
                    canvas.dispatchEvent(new PointerEvent('pointerup', place));
                  } }
                """
            )
        }

        @Test("a profile that is activated on the page reaches a running daemon at once, and so does its roll-back")
        func running() async throws {
            // A site of its own: workers that other tests make up would take most of the cameras.
            try await TestSite.with { try await run($0) }
        }

        private func run(_ site: TestSite) async throws {
            let daemon = try await RunningDaemon(site)
            defer { daemon.stop() }
            let live = DetectionSettings().version
            let tuned = try DetectionSettings().with(["hold": 2]).version
            func alerts(_ version: String) -> String {
                "SELECT count(*) FROM alert WHERE camera_id = 'cam-5' AND settings_version = '\(version)'"
            }
            let activations = "SELECT count(*) FROM profile_activation WHERE scope_key = 'cam-5'"
            try await daemon.wait(for: alerts(live))
            try await Chromium.with(try await site.browser("olga")) { browser in
                try await browser.visit("http://127.0.0.1:\(site.client.port)/tuner?camera=cam-5")
                try await browser.wait(for: "document.getElementById('tuner').dataset.ready")
                _ = try await browser.evaluate(
                    """
                    { const number = document.querySelector('[data-setting="hold"] input[type="number"]');
                      number.value = '2'; number.dispatchEvent(new Event('change'));
                      document.getElementById('save').elements.note.value = '试行一周';
                      document.querySelector('#save .primary').click(); }
                    """
                )
                try await browser.wait(for: "document.querySelector('#versions [data-version=\"1\"]')")
                #expect(try await site.value(activations) == "0", "a draft changes nothing")
                _ = try await browser.evaluate(
                    "document.querySelector('#versions [data-version=\"1\"] button:last-child').click()"
                )
                try await browser.wait(for: "document.querySelector('#versions .active')")
                try await daemon.wait(for: alerts(tuned))
                let record =
                    "SELECT a.note || c.login FROM profile_activation a JOIN account c ON c.id = a.account_id "
                    + "WHERE a.scope_key = 'cam-5'"
                #expect(try await site.value(record) == "试行一周olga")
                #expect(browser.questions.count == 1 && browser.questions[0].contains("没有用全部标注片段评测"))
                let before = try await site.value(alerts(live))
                _ = try await browser.evaluate("document.getElementById('roll-back').click()")
                try await browser.wait(for: "!document.querySelector('#versions .active')")
                try await daemon.wait(for: "SELECT (\(alerts(live))) > \(before ?? "0")")
                try await daemon.wait(for: "SELECT count(*) FROM score_hour WHERE camera_id = 'cam-5'")
                try await daemon.wait(for: "SELECT count(*) FROM motion_hour WHERE camera_id = 'cam-5'")
                let clip = try #require(try await daemon.clip())
                let rule = Rule(id: "all", kind: .intrusion)
                let again = try ClipRun(rules: [rule], settings: DetectionSettings(), sampling: .everyFrame).run(clip)
                #expect(
                    again.alerts.first.map { $0.start.seconds > 9.5 } == true,
                    "it alerts again, after the empty scene"
                )
                // The node keeps its pictures in a folder of its own, which this web server does not have.
                let problems = browser.problems.filter { !$0.contains("/evidence/") }
                #expect(problems.isEmpty, "\(problems)")
            }
        }
    }
}

/// An ingest node over the database of a test site, and a farm with one camera, `cam-5`, as the processes that they are.
private final class RunningDaemon {
    private let site: TestSite
    private let folder: String
    private var processes: [Process] = []

    init(_ site: TestSite) async throws {
        self.site = site
        folder = site.evidence.path + "/node"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let listen = "127.0.0.1:\(Int.random(in: 30_000...39_999))"
        try start(["simulate", "--cameras", "1", "--listen", listen, "--clips", "sample-streams/river-day.mp4"])
        try await site.pool.query(
            "UPDATE camera SET stream_url = $1, enabled = id = 'cam-5', point_class = 1",
            [.text("rtsp://\(listen)/cam/0001")]
        )
        try await site.pool.query(
            """
            INSERT INTO camera_rule VALUES ('cam-5', 'all', 'FNS-01',
                '{"id": "all", "kind": "intrusion", "hazard_type": "FNS-01"}')
            """
        )
        let name = try #require(try await site.value("SELECT current_database()"))
        let settings = """
            database: {url: "\(TestSite.conninfo) dbname=\(name)"}
            storage: {directory: "\(folder)", evidence_min_free_mb: 1}
            ingest: {node: tuned, decode: keyframes, max_cameras: 100, io_threads: 2}
            """
        try settings.write(toFile: folder + "/settings.yaml", atomically: true, encoding: .utf8)
        try start(["serve", "--role", "ingest", "--config", folder + "/settings.yaml"])
    }

    /// Waits until a query gives more than 0 or true.
    func wait(for query: String) async throws {
        for _ in 0..<600 {
            let value = try await site.value(query)
            if value != nil, value != "0", value != "false" { return }
            try await Task.sleep(for: .milliseconds(200))
        }
        let log = (try? String(contentsOfFile: folder + "/log", encoding: .utf8)) ?? ""
        Issue.record("never: \(query)\n\(log.suffix(3000))")
    }

    /// The first clip of an alert that was written; nil when none comes.
    func clip() async throws -> String? {
        for _ in 0..<300 {
            let names = FileManager.default.enumerator(atPath: folder + "/alert-clips")?.compactMap { $0 as? String }
            if let name = names?.filter({ $0.hasSuffix(".mp4") }).min() { return folder + "/alert-clips/" + name }
            try await Task.sleep(for: .milliseconds(100))
        }
        return nil
    }

    func stop() {
        for process in processes { process.terminate() }
        for process in processes { process.waitUntilExit() }
    }

    private func start(_ arguments: [String]) throws {
        let process = Process()
        // The program lies beside the bundle of the tests.
        let bundle = Bundle.allBundles.map(\.bundlePath).first { $0.hasSuffix(".xctest") }
        let products = URL(filePath: bundle ?? ProcessInfo.processInfo.arguments[0]).deletingLastPathComponent()
        process.executableURL = products.appending(path: "gridwatch")
        process.arguments = arguments
        process.currentDirectoryURL = URL(filePath: TunerTests.root)
        process.standardInput = FileHandle.nullDevice
        if !FileManager.default.fileExists(atPath: folder + "/log") {
            _ = FileManager.default.createFile(atPath: folder + "/log", contents: nil)
        }
        let log = try FileHandle(forWritingTo: URL(filePath: folder + "/log"))
        try log.seekToEnd()
        process.standardOutput = log
        process.standardError = log
        try process.runGuarded()
        processes.append(process)
    }
}

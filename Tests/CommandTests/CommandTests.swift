import Detection
import Foundation
import TestSupport
import Testing

@Suite(.ownThread) struct CommandTests {
    @Test(
        "every command explains itself",
        arguments: [
            "serve", "replay", "evaluate", "simulate", "import", "probe", "db", "account", "config", "generate", "plan",
        ]
    )
    func help(command: String) throws {
        let outcome = try CommandUnderTest.run(command, "--help")
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("Example"), "the help of \(command) shows no example")
    }

    @Test(
        "wrong use ends with 2 and says what to write instead",
        arguments: [
            (["evaluate"], "clips"), (["replay", "x.mp4", "--rules", "/nowhere.json"], "/nowhere.json"),
            (["evaluate", "x", "--clips", "y", "--set", "dwelll=2"], "dwell"),
            (["evaluate", "x", "--clips", "y", "--set", "sampling=often"], "5fps"),
            (["simulate", "--cameras", "2", "--listen", "here"], "ADDRESS:PORT"), (["nonsense"], "nonsense"),
            (["plan"], "--class-1"),
            (["replay", "docs", "--rules", "sample-streams/labels/river-day.json"], "docs: this folder holds no clip"),
        ]
    )
    func wrongUse(arguments: [String], hint: String) throws {
        let program = CommandUnderTest.products + "/gridwatch"
        let outcome = try CommandUnderTest.run(program: program, arguments)
        #expect(outcome.status == 2, "\(arguments)")
        #expect(outcome.errors.contains(hint), "\(outcome.errors)")
        #expect(outcome.output.isEmpty)
    }

    @Test("failure ends with 1 and names the file")
    func failure() throws {
        let outcome = try CommandUnderTest.run("probe", "/nowhere/clip.mp4")
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("/nowhere/clip.mp4"))
    }

    @Test("evaluate gives the same bytes for any number of workers, and nothing else on standard output")
    func evaluate() throws {
        let labels = ["river-day", "quiet-caption"].map { "sample-streams/labels/\($0).json" }
        let arguments = ["--clips", "sample-streams", "--json", "--set", "sampling=2fps"]
        let outputs = try ["1", "2"].map { workers in
            let program = CommandUnderTest.products + "/gridwatch"
            let outcome = try CommandUnderTest.run(
                program: program,
                ["evaluate"] + labels + arguments + ["--workers", workers]
            )
            #expect(outcome.status == 0, "\(outcome.errors)")
            return outcome.output
        }
        #expect(outputs[0] == outputs[1])
        let document = try JSONSerialization.jsonObject(with: Data(outputs[0].utf8)) as? [String: Any]
        let keys = [
            "clips", "seconds", "events", "found", "recall", "false_alerts", "false_per_hour", "precision", "f1",
        ]
        for key in keys + ["median_delay_s", "by_kind", "by_clip", "settings", "version"] {
            #expect(document?[key] != nil, "the document has no \(key)")
        }
    }

    @Test("with defaults every event of the sample streams is found and nothing else alerts")
    func sampleStreams() throws {
        let outcome = try CommandUnderTest.run(
            "evaluate",
            "sample-streams/labels",
            "--clips",
            "sample-streams",
            "--json"
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        let document = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
        #expect(document?["clips"] as? Int ?? 0 >= 12)
        #expect(document?["recall"] as? Double == 1)
        #expect(document?["false_alerts"] as? Int == 0)
        let kinds = try #require(document?["by_kind"] as? [String: Any]).keys.sorted()
        #expect(kinds == ["crowd", "intrusion", "line", "quiet", "stationary", "tamper"])
    }

    @Test("tune writes a profile that evaluate takes, and a page; a key that does not exist is refused")
    func tune() throws {
        let folder = NSTemporaryDirectory() + "gridwatch-tune-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let program = CommandUnderTest.products + "/gridwatch"
        let labels = ["quiet-caption", "gate-line"].map { "sample-streams/labels/\($0).json" }
        let words = ["--clips", "sample-streams", "--set", "sampling=5fps"]
        let outcome = try CommandUnderTest.run(
            program: program,
            ["tune"] + labels + words + [
                "--grid", "min_blob=0.0005,0.05", "--rounds", "1", "--out", folder + "/profile.json", "--report",
                folder + "/tune.html",
            ]
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        let page = try String(contentsOfFile: folder + "/tune.html", encoding: .utf8)
        #expect(page.contains("gate-line.mp4"))
        let scored = try CommandUnderTest.run(
            program: program,
            ["evaluate"] + labels + words + ["--profile", folder + "/profile.json"]
        )
        #expect(scored.status == 0, "\(scored.errors)")
        let refused = try CommandUnderTest.run(program: program, ["tune"] + labels + words + ["--keys", "min_blub"])
        #expect(refused.status != 0)
        #expect(refused.errors.contains("min_blub"))
    }

    @Test("replay keeps to its contract")
    func replay() throws {
        let why = NSTemporaryDirectory() + "gridwatch-why-\(UUID().uuidString).jsonl"
        defer { try? FileManager.default.removeItem(atPath: why) }
        let outcome = try CommandUnderTest.run(
            "replay",
            "sample-streams/river-day.mp4",
            "--rules",
            "sample-streams/labels/river-day.json",
            "--why",
            why,
            "--json"
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        let lines = try String(contentsOfFile: why, encoding: .utf8).split(separator: "\n")
        #expect(lines.count > 100)
        #expect(lines.contains { $0.contains(#""layer":"alert""#) })
        #expect(lines.contains { $0.contains(#""layer":"nothing""#) })
        let document = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
        #expect(document?["clip"] as? String == "river-day.mp4")
        #expect((document?["frames"] as? [String: Int])?["read"] ?? 0 > 100)
        let alerts = try #require(document?["alerts"] as? [[String: Any]])
        #expect(!alerts.isEmpty)
        for key in ["rule", "kind", "start", "end", "score", "box"] { #expect(alerts[0][key] != nil) }
    }

    @Test("peers prints one row for ours and each peer; scenarios names the conditions that it knows")
    func peers() throws {
        let peers = try CommandUnderTest.run(
            "peers",
            "sample-streams/labels/quiet-caption.json",
            "--clips",
            "sample-streams",
            "--set",
            "sampling=2fps",
            "--json"
        )
        #expect(peers.status == 0, "\(peers.errors)")
        for name in ["gridwatch", "frigate", "zoneminder", "motion", "kerberos", "mog2"] {
            #expect(peers.output.contains("\"\(name)\""))
        }
        let unknown = try CommandUnderTest.run("scenarios", "--only", "fog")
        #expect(unknown.status == 2 && unknown.errors.contains("infrared_switch"))
    }

    @Test("a configuration with a wrong key is refused with its line and the key that was meant")
    func configuration() throws {
        let path = NSTemporaryDirectory() + "gridwatch-\(UUID().uuidString).yaml"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try "web:\n  listen: 127.0.0.1:8080\n  sesion_days: 3\n".write(toFile: path, atomically: true, encoding: .utf8)
        let outcome = try CommandUnderTest.run("config", "check", path)
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("\(path):3"))
        #expect(outcome.errors.contains("session_days"))
    }

    @Test("the rule templates of the seeds are rules that this version runs")
    func templates() throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: CommandUnderTest.checkout + "/seeds/rule-templates.json"))
        let document = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        let templates = try #require(document?["templates"] as? [[String: Any]])
        #expect(!templates.isEmpty)
        for template in templates {
            let definition = try JSONSerialization.data(withJSONObject: try #require(template["definition"]))
            let rule = try JSONDecoder().decode(Rule.self, from: definition)
            #expect(throws: Never.self, "\(rule.id)") { try rule.validate() }
        }
    }
}

@Suite(.ownThread) struct UnitFileTests {
    private static let analyzer = "/usr/bin/systemd-analyze"
    private static let units = ["deploy/gridwatch.service", "deploy/gridwatch-ingest@.service"]

    @Test(
        "the systemd units stay below an exposure of 1.5",
        .enabled(if: FileManager.default.fileExists(atPath: analyzer)),
        arguments: units
    )
    func exposure(unit: String) throws {
        let outcome = try CommandUnderTest.run(
            program: Self.analyzer,
            ["security", "--offline=yes", "--threshold=15", unit]
        )
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    }

    @Test(
        "systemd knows every key of the units",
        .enabled(if: FileManager.default.fileExists(atPath: analyzer)),
        arguments: units
    )
    func keys(unit: String) throws {
        let outcome = try CommandUnderTest.run(
            program: Self.analyzer,
            ["verify", "--man=no", unit]
        )
        let complaints = (outcome.output + outcome.errors).split(separator: "\n")
            .filter { $0.contains("Unknown") || $0.contains("Failed to parse") || $0.contains("Invalid") }
        #expect(complaints.isEmpty, "\(complaints)")
    }
}

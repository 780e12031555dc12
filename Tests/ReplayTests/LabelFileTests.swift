import Detection
import Flow
import Foundation
import Testing

@testable import Replay

/// A folder of its own that is gone after the test.
final class ReplayFolder {
    let path = NSTemporaryDirectory() + "/gridwatch-replay-" + UUID().uuidString

    init() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ text: String) throws -> String {
        let file = path + "/" + name
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        return file
    }
}

@Suite struct LabelFileTests {
    @Test("a label file of the contract is read, keys that are not ours are left alone")
    func reads() throws {
        let folder = try ReplayFolder()
        let path = try folder.write(
            "a.json",
            """
            {"clip": "a.mp4", "width": 640, "height": 360, "duration": 20.5, "frames": 500, "licence": "none",
             "rules": [
              {"id": "bank", "kind": "intrusion", "polygon": [[0, 0], [1, 0], [0.5, 1]], "events": [[1, 2.5]],
               "ignore": [[3, 4]], "tolerance": 0.25, "note": "a man"},
              {"id": "drop", "kind": "stationary", "polygon": [[0, 0], [1, 0], [1, 1]], "min_seconds": 4,
               "events": [[5, 20.5]], "objects": [5]},
              {"id": "east", "kind": "line", "line": [[0.5, 0], [0.5, 1]], "direction": "right",
               "crossings": [0.25, 7]},
              {"id": "all", "kind": "quiet", "events": []}
             ]}
            """
        )
        let file = try LabelFile.read(path)
        #expect(file.clip == "a.mp4")
        #expect(file.width == 640)
        #expect(file.duration == 20.5)
        #expect(file.rules.map(\.rule.id) == ["bank", "drop", "east", "all"])
        #expect(file.rules[0].events == [TimeSpan(1, 2.5)])
        #expect(file.rules[0].ignore == [TimeSpan(3, 4)])
        #expect(file.rules[0].tolerance == 0.25)
        #expect(file.rules[0].rule.polygon?.count == 3)
        #expect(file.rules[1].rule.minSeconds == 4)
        #expect(file.rules[1].tolerance == 0.5)
        #expect(file.rules[2].rule.direction == .right)
        #expect(file.rules[2].crossings == [0.25, 7])
        #expect(file.rules[2].events == [TimeSpan(0, 0.75), TimeSpan(6.5, 7.5)])
        #expect(file.rules[3].rule.kind == .quiet)
    }

    private static let head = "\"clip\": \"a.mp4\", \"width\": 640, \"height\": 360, \"duration\": 20"

    @Test(
        "what is wrong with a label file is told with file and key",
        arguments: [
            ("{", "is not valid JSON"),
            ("[]", "must be of type"),
            ("{\"width\": 1, \"height\": 1, \"duration\": 1, \"rules\": []}", "'clip' is missing"),
            ("{\(head)}", "'rules' is missing"),
            ("{\(head), \"rules\": [{\"kind\": \"quiet\", \"events\": []}]}", "'rules[0].id' is missing"),
            ("{\(head), \"rules\": [{\"id\": \"a\", \"kind\": \"flood\", \"events\": []}]}", "rule 'a': kind 'flood'"),
            ("{\(head), \"rules\": [{\"id\": \"a\", \"kind\": \"quiet\"}]}", "'rules[0].events' is missing"),
            (
                "{\(head), \"rules\": [{\"id\": \"a\", \"kind\": \"quiet\", \"events\": [[1, 2]]}]}",
                "rule 'a': a quiet rule has none"
            ),
            (
                "{\(head), \"rules\": [{\"id\": \"a\", \"kind\": \"intrusion\", \"events\": [[0, 1], [3, 2]]}]}",
                "'rules[0].events[1]"
            ),
            (
                "{\(head), \"rules\": [{\"id\": \"a\", \"kind\": \"intrusion\", \"events\": [[1, 2, 3]]}]}",
                "is no [start, end]"
            ),
            (
                "{\(head), \"rules\": [{\"id\": \"a\", \"kind\": \"intrusion\", \"events\": \"none\"}]}",
                "'rules[0].events' must be of type"
            ),
            (
                "{\(head), \"rules\": [{\"id\": \"a\", \"kind\": \"stationary\", \"events\": []}]}",
                "'rules[0].min_seconds'"
            ),
            (
                "{\(head), \"rules\": [{\"id\": \"a\", \"kind\": \"line\", \"line\": [[0, 0], [1, 1]], "
                    + "\"crossings\": [1e300]}]}",
                "'rules[0].crossings'"
            ),
            (
                "{\(head), \"rules\": [{\"id\": \"a\", \"kind\": \"quiet\", \"events\": [], \"tolerance\": -1}]}",
                "'rules[0].tolerance'"
            ),
            (
                "{\(head), \"rules\": [{\"id\": \"a\", \"kind\": \"quiet\", \"events\": []}, "
                    + "{\"id\": \"a\", \"kind\": \"quiet\", \"events\": []}]}",
                "two rules have the same id"
            ),
            (
                "{\"clip\": \"../a.mp4\", \"width\": 1, \"height\": 1, \"duration\": 1, \"rules\": []}",
                "'clip' must be a file name"
            ),
            (
                "{\"clip\": \"a.mp4\", \"width\": 1, \"height\": 1, \"duration\": 0, \"rules\": []}",
                "'duration' must be more than 0"
            ),
        ]
    )
    func wrong(text: String, message: String) throws {
        let folder = try ReplayFolder()
        let path = try folder.write("broken.json", text)
        let error = try #require(throws: ReplayError.self) { try LabelFile.read(path) }
        #expect(error.code == .labelMalformed)
        #expect(error.message.hasPrefix("label file \(path): "))
        #expect(error.message.contains(message), "\(error)")
    }

    @Test("a label file that is not there is named")
    func missing() throws {
        let error = try #require(throws: ReplayError.self) { try LabelFile.read("/nowhere/a.json") }
        #expect(error.code == .labelUnreadable)
        #expect(error.message.contains("/nowhere/a.json"))
    }
}

import Flow
import Foundation
import Settings

/// The root of the checkout that the tests were built from.
let checkout: String = {
    let here = URL(fileURLWithPath: #filePath)
    return here.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
}()

extension DaemonSettings {
    /// The defaults, but for settings that are given by name, as a person gives them.
    static func with(_ values: [String: String]) throws -> DaemonSettings {
        let variables = values.map { ("GRIDWATCH_" + $0.key.replacing(".", with: "_").uppercased(), $0.value) }
        return try load(file: nil, environment: Dictionary(uniqueKeysWithValues: variables))
    }
}

/// A folder of the test's own, gone with it.
final class Folder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "gridwatch-pipeline-" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}

/// Waits for what other threads bring about; bounded, so that a broken pipeline fails instead of hanging.
func eventually(seconds: Double = 60, _ condition: () async throws -> Bool) async throws -> Bool {
    for _ in 0..<Int(seconds * 10) {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(100))
    }
    return false
}

/// The start of an alert, another one for each number.
func makeRecord(_ number: Int) -> AlertRecord {
    let start = MediaTime(seconds: 1_790_000_000 + Double(number))
    return AlertRecord(
        id: AlertID.make(camera: "cam", rule: "gate", start: start),
        camera: "cam",
        rule: "gate",
        kind: "intrusion",
        hazardType: "FNS-01",
        severity: 2,
        autoDispatch: true,
        phase: .start,
        startedAt: start,
        statedAt: start,
        endedAt: nil,
        score: 0.5,
        box: .full,
        evidence: nil,
        settingsVersion: "v"
    )
}

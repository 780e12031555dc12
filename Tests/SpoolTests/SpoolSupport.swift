import Flow
import Foundation
import Spool
import Synchronization

/// A folder of its own that is gone after the test.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "/gridwatch-spool-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// What a spool told the operator.
final class Notices: Sendable {
    private let lines = Mutex<[String]>([])

    func add(_ line: String) { lines.withLock { $0.append(line) } }
    var all: [String] { lines.withLock { $0 } }
}

/// The record number `number`; equal for equal numbers.
func record(_ number: Int, padding: Int = 0) -> AlertRecord {
    AlertRecord(
        id: AlertID.make(camera: "cam", rule: "r", start: MediaTime(microseconds: Int64(number) * 1000)),
        camera: "43058100001320000001",
        rule: "bank",
        kind: "intrusion",
        hazardType: "FNS-01",
        severity: 1,
        autoDispatch: true,
        phase: .start,
        startedAt: MediaTime(microseconds: Int64(number) * 1000),
        statedAt: MediaTime(microseconds: Int64(number) * 1000 + 1),
        endedAt: nil,
        score: 0.5,
        box: NormalizedRect(x: 0.25, y: 0.25, width: 0.5, height: 0.5),
        evidence: EvidenceRef(path: "2026/07/01/x.jpg", sha256: String(repeating: "a", count: 64), bytes: number),
        settingsVersion: "v" + String(repeating: "p", count: padding)
    )
}

func openSpool(
    _ folder: String,
    capacity: Int = 64 << 20,
    meter: Meter = Meter(),
    notices: Notices = Notices()
)
    throws -> AlertSpool
{
    try AlertSpool(directory: folder, capacityBytes: capacity, meter: meter) { notices.add($0) }
}

func databasePath(_ folder: String) -> String { folder + "/current/alerts.sqlite" }

/// Everything that waits, read in bites.
func drain(_ spool: AlertSpool, remove: Bool = false, bite size: Int = 100) throws -> [AlertRecord] {
    var found: [AlertRecord] = []
    var last: Int64 = 0
    while true {
        let bite = try spool.next(limit: size, after: last)
        guard let end = bite.last else { return found }
        found += bite.map(\.record)
        last = end.sequence
        if remove { try spool.remove(bite.map(\.sequence)) }
    }
}

/// A generator that gives the same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}

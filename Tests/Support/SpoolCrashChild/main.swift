// The victim of the crash test: appends and removes alerts in the spool of a folder until it is killed.
//
// Writes one line per step, unbuffered, so that what it said before the kill is what it knew:
//   ready            the spool is open
//   a ID             the alert ID was accepted
//   d ID             the alert ID is about to be removed
//   r ID             the alert ID was removed
// Arguments: folder, name that makes the ids of this run its own, seed.

import Flow
import Foundation
import Spool

func say(_ lines: [String]) {
    let text = lines.map { $0 + "\n" }.joined()
    _ = write(1, text, text.utf8.count)
}

func record(_ id: String, _ number: Int) -> AlertRecord {
    AlertRecord(
        id: id,
        camera: "43058100001320000001",
        rule: "bank",
        kind: "intrusion",
        hazardType: "FNS-01",
        severity: 1,
        autoDispatch: true,
        phase: .start,
        startedAt: MediaTime(microseconds: Int64(number)),
        statedAt: MediaTime(microseconds: Int64(number)),
        endedAt: nil,
        score: 0.75,
        box: NormalizedRect(x: 0.25, y: 0.25, width: 0.5, height: 0.5),
        evidence: nil,
        settingsVersion: "crash"
    )
}

let arguments = CommandLine.arguments
guard arguments.count == 4, var random = UInt64(arguments[3]) else { exit(2) }
do {
    let spool = try AlertSpool(directory: arguments[1], capacityBytes: 64 << 20) { say(["n " + $0]) }
    say(["ready"])
    var number = 0
    while true {
        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let group = (0...Int(random >> 33) % 5).map { offset in record("\(arguments[2])-\(number + offset)", number) }
        number += group.count
        try spool.append(group)
        say(group.map { "a \($0.id)" })
        guard (random >> 40) % 3 == 0 else { continue }
        let delivered = try spool.next(limit: 4)
        say(delivered.map { "d \($0.record.id)" })
        try spool.remove(delivered.map(\.sequence))
        say(delivered.map { "r \($0.record.id)" })
    }
} catch {
    say(["e \(error)"])
    exit(1)
}

import Flow
import Foundation
import Testing

@Suite struct ValueTests {
    @Test("times round to whole microseconds and subtract exactly")
    func time() {
        #expect(MediaTime(seconds: 1.0000005).microseconds == 1_000_001)
        #expect(MediaTime(seconds: 3.5).seconds(since: MediaTime(seconds: 1.25)) == 2.25)
        #expect(MediaTime.zero.advanced(bySeconds: -2) < .zero)
    }

    @Test("an alert record survives JSON unchanged")
    func record() throws {
        let record = AlertRecord(
            id: "x",
            camera: "c",
            rule: "r",
            kind: "intrusion",
            hazardType: "FNS-01",
            severity: 2,
            autoDispatch: true,
            phase: .end,
            startedAt: MediaTime(seconds: 1),
            statedAt: MediaTime(seconds: 2),
            endedAt: MediaTime(seconds: 2),
            score: 0.25,
            box: NormalizedRect(x: 0.1, y: 0.2, width: 0.3, height: 0.4),
            evidence: EvidenceRef(path: "a.jpg", sha256: "00", bytes: 3),
            settingsVersion: "v"
        )
        let data = try JSONEncoder().encode(record)
        #expect(try JSONDecoder().decode(AlertRecord.self, from: data) == record)
    }

    @Test("the union of rectangles holds both")
    func union() {
        let left = NormalizedRect(x: 0, y: 0.5, width: 0.25, height: 0.25)
        let right = NormalizedRect(x: 0.5, y: 0, width: 0.5, height: 0.5)
        #expect(left.union(right) == NormalizedRect(x: 0, y: 0, width: 1, height: 0.75))
    }

    @Test("the stable hash never changes: shards and workers depend on it")
    func hash() {
        #expect(StableHash.of("") == StableHash.of(""))
        #expect(StableHash.of("43058101001320000123") != StableHash.of("43058101001320000124"))
        #expect(StableHash.of("gridwatch") == 3_888_711_277_697_656_696)
    }
}

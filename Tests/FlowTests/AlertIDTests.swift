import Flow
import Testing

@Suite struct AlertIDTests {
    @Test("the same alert always has the same id, another camera, rule or start another one")
    func identity() {
        let start = MediaTime(microseconds: 1_790_000_000_123_456)
        let id = AlertID.make(camera: "cam-1", rule: "gate", start: start)
        #expect(id == AlertID.make(camera: "cam-1", rule: "gate", start: start))
        let others = [
            AlertID.make(camera: "cam-2", rule: "gate", start: start),
            AlertID.make(camera: "cam-1", rule: "yard", start: start),
            AlertID.make(camera: "cam-1", rule: "gate", start: MediaTime(microseconds: start.microseconds + 1)),
            AlertID.make(camera: "cam-1g", rule: "ate", start: start),
        ]
        #expect(Set(others + [id]).count == 5)
    }

    @Test("ids are UUID version 7: the time in front, version and variant in place")
    func form() {
        let id = AlertID.make(camera: "c", rule: "r", start: MediaTime(microseconds: 1_645_557_742_000_000))
        // The timestamp of RFC 9562's own example of a version 7 UUID.
        #expect(id.hasPrefix("017f22e2-79b0-7"))
        #expect(id.count == 36)
        let parts = id.split(separator: "-").map(String.init)
        #expect(parts.map(\.count) == [8, 4, 4, 4, 12])
        #expect("89ab".contains(parts[3].prefix(1)))
    }

    @Test("ids sort by start")
    func order() {
        let ids = (0..<50).map { AlertID.make(camera: "c\($0)", rule: "r", start: MediaTime(seconds: Double($0) * 7)) }
        #expect(ids == ids.sorted())
    }
}

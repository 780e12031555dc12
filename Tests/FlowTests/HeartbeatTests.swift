import Flow
import Testing

@Suite struct HeartbeatTests {
    @Test("a loop is silent after its limit, until it gives a sign")
    func silence() {
        let beat = Heartbeat(name: "loop", limit: 10, now: 100)
        #expect(!beat.isSilent(now: 109.9))
        #expect(beat.isSilent(now: 110.1))
        beat.touch(now: 111)
        #expect(!beat.isSilent(now: 112))
    }
}

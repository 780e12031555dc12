import Flow
import Testing

@testable import Ingest

@Suite struct StreamScheduleTests {
    private func sources(_ names: String...) -> [StreamSource] {
        names.map { StreamSource(camera: $0, url: "rtsp://host/\($0)") }
    }

    private func schedule(_ names: String...) -> StreamSchedule {
        var schedule = StreamSchedule(backoff: Backoff(base: 1, cap: 120))
        _ = schedule.replace(with: names.map { StreamSource(camera: $0, url: "rtsp://host/\($0)") }, now: 0)
        return schedule
    }

    private func camera(_ decision: StreamSchedule.Decision) -> String? {
        guard case .run(let source) = decision else { return nil }
        return source.camera
    }

    @Test("a camera is given to one thread only")
    func once() {
        var schedule = schedule("a", "b")
        #expect(camera(schedule.take(now: 0)) == "a")
        #expect(camera(schedule.take(now: 0)) == "b")
        #expect(camera(schedule.take(now: 0)) == nil)
    }

    @Test("class I goes first among cameras that are due at once")
    func classOrder() {
        var schedule = StreamSchedule(backoff: Backoff())
        let sources = [
            StreamSource(camera: "a", url: "a", pointClass: 3), StreamSource(camera: "b", url: "b", pointClass: 1),
            StreamSource(camera: "c", url: "c", pointClass: 2),
        ]
        _ = schedule.replace(with: sources, now: 0)
        #expect((0..<3).map { _ in camera(schedule.take(now: 0)) } == ["b", "c", "a"])
    }

    @Test("with one thread and three cameras each gets its turn before any gets a second one")
    func turns() {
        var schedule = schedule("a", "b", "c")
        var order: [String] = []
        for turn in 0..<9 {
            let now = Double(turn) * 10
            guard let name = camera(schedule.take(now: now)) else { break }
            order.append(name)
            #expect(schedule.hasWaiting(now: now))
            _ = schedule.ended(name, .turnOver, now: now + 10, random: 0)
        }
        #expect(order == ["a", "b", "c", "a", "b", "c", "a", "b", "c"])
    }

    @Test("failures wait longer and longer; a good connection begins anew")
    func backoff() {
        var schedule = schedule("a")
        var now = 0.0
        for expected in [1.0, 2, 4, 8] {
            #expect(camera(schedule.take(now: now)) == "a")
            #expect(schedule.ended("a", .failed(isRetriable: true), now: now, random: 1) == expected)
            #expect(schedule.take(now: now) == .wait(expected))
            now += expected
        }
        _ = schedule.take(now: now)
        schedule.delivered("a")
        #expect(schedule.ended("a", .failed(isRetriable: true), now: now, random: 1) == 1)
    }

    @Test("what needs a person is tried at the longest wait only")
    func refused() {
        var schedule = schedule("a")
        _ = schedule.take(now: 0)
        #expect(schedule.ended("a", .failed(isRetriable: false), now: 0, random: 0) == 120)
    }

    @Test("removed and changed cameras are interrupted, untouched ones are not")
    func replace() {
        var schedule = schedule("a", "b", "c")
        for _ in 0..<3 { _ = schedule.take(now: 0) }
        var next = sources("a", "b")
        next[1].url = "rtsp://elsewhere/b"
        #expect(schedule.replace(with: next, now: 5) == ["b", "c"])
        #expect(schedule.ended("c", .interrupted, now: 5, random: 0) == nil)
        #expect(camera(schedule.take(now: 5)) == nil)
        #expect(schedule.ended("b", .interrupted, now: 5, random: 0) == 0)
        #expect(schedule.take(now: 5) == .run(next[1]))
        #expect(schedule.count == 2)
    }
}

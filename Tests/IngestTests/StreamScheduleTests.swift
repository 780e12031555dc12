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
        #expect(schedule.replace(with: next, now: 5).interrupted == ["b", "c"])
        #expect(schedule.ended("c", .interrupted, now: 5, random: 0) == nil)
        #expect(camera(schedule.take(now: 5)) == nil)
        #expect(schedule.ended("b", .interrupted, now: 5, random: 0) == 0)
        #expect(schedule.take(now: 5) == .run(next[1]))
        #expect(schedule.count == 2)
    }

    @Test("a camera in quarantine is due when that ends, is told, and is not opened when its thread is taken away")
    func quarantine() {
        var schedule = StreamSchedule(backoff: Backoff())
        var source = StreamSource(camera: "a", url: "rtsp://host/a")
        _ = schedule.replace(with: [source], now: 0)
        #expect(camera(schedule.take(now: 0)) == "a")
        source.quarantinedUntil = MediaTime(seconds: 1100)
        let changes = schedule.replace(with: [source], now: 0, wall: MediaTime(seconds: 1000))
        #expect(changes.interrupted == ["a"] && changes.held.map(\.camera) == ["a"])
        _ = schedule.ended("a", .interrupted, now: 1, random: 0)
        #expect(camera(schedule.take(now: 99)) == nil)
        #expect(camera(schedule.take(now: 100)) == "a")
        _ = schedule.ended("a", .turnOver, now: 101, random: 0)
        source.quarantinedUntil = MediaTime(seconds: 5000)
        _ = schedule.replace(with: [source], now: 101, wall: MediaTime(seconds: 1101))
        #expect(camera(schedule.take(now: 200)) == nil)
        source.quarantinedUntil = nil
        #expect(schedule.replace(with: [source], now: 200, wall: MediaTime(seconds: 1200)).held.isEmpty)
        #expect(camera(schedule.take(now: 200)) == "a", "released before its time")
    }

    @Test("a platform gives only so many streams at once: its cameras take turns, those of others do not wait for them")
    func sessions() {
        var schedule = StreamSchedule(backoff: Backoff())
        let patrolled = ["a", "b", "c"].map { name in
            var source = StreamSource(camera: name, url: "rtsp://user:word@platform:554/\(name)", pointClass: 1)
            source.patrolSessions = 2
            source.interval = 60
            return source
        }
        _ = schedule.replace(with: patrolled + [StreamSource(camera: "d", url: "rtsp://other/d")], now: 0)
        #expect((0..<4).map { _ in camera(schedule.take(now: 0)) } == ["a", "b", "d", nil])
        #expect(!schedule.hasWaiting(now: 0), "nobody gives up a thread for one who may not have it")
        #expect(schedule.ended("a", .snapshot, now: 5, random: 0) == 60)
        #expect(camera(schedule.take(now: 5)) == "c")
        var changes = StreamSchedule.Changes()
        schedule.remove("b", &changes)
        #expect(changes.interrupted == ["b"])
        #expect(camera(schedule.take(now: 65)) == "a")
        #expect(schedule.ended("a", .failed(isRetriable: true), now: 75, random: 0) == 60, "others wait")
    }

    @Test("one camera comes and goes without the others hearing of it")
    func oneAlone() {
        var schedule = schedule("a", "b")
        #expect(camera(schedule.take(now: 0)) == "a")
        var changes = StreamSchedule.Changes()
        schedule.add(StreamSource(camera: "c", url: "rtsp://host/c"), now: 1, wall: .zero, &changes)
        schedule.add(StreamSource(camera: "a", url: "rtsp://host/a"), now: 1, wall: .zero, &changes)
        #expect(changes == StreamSchedule.Changes(), "nothing has changed for those that run")
        #expect(schedule.count == 3)
        schedule.remove("b", &changes)
        schedule.remove("b", &changes)
        #expect(camera(schedule.take(now: 1)) == "c" && schedule.count == 2)
    }
}

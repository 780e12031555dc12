import Foundation
import Testing

@testable import Flow

@Suite struct HangDetectorTests {
    private func work(_ steps: UInt64, _ activity: BreadcrumbActivity = .decoding) -> BreadcrumbReport.Work {
        BreadcrumbReport.Work(thread: 7, camera: "cam", activity: activity, steps: steps)
    }

    /// Looks once a second for so long; the second at which the thread is found, or nil, and for how long it was excused.
    private func look(
        _ seconds: Int,
        _ activity: BreadcrumbActivity = .decoding,
        usage: (Int) -> KernelUsage
    ) -> (found: Int?, excused: Int) {
        var watch = HangDetector()
        var excused = 0
        for second in 0..<seconds {
            let found = watch.look([work(1, activity)], now: Double(second)) { _ in usage(second) }
            if found.hung != nil { return (second, excused) }
            if found.busy == [7] { excused += 1 }
        }
        return (nil, excused)
    }

    @Test("a thread that works for twenty seconds of the CPU on one picture hangs")
    func spins() throws {
        let found = try #require(look(100) { KernelUsage(seconds: Double($0), isAsleep: false) }.found)
        #expect((20...22).contains(found))
        let reading = try #require(look(100, .reading) { KernelUsage(seconds: Double($0), isAsleep: false) }.found)
        #expect((60...62).contains(reading))
    }

    @Test("a thread that gets a twentieth of a core is slow, and excused while it works")
    func slow() {
        let (found, excused) = look(380) { KernelUsage(seconds: Double($0) / 20, isAsleep: false) }
        #expect(found == nil)
        #expect(excused == 300, "not for ever")
    }

    @Test("a thread that is kept from running, or in the kernel's hands, does not hang")
    func starved() {
        #expect(look(1000) { _ in KernelUsage(seconds: 3, isAsleep: false) }.found == nil)
    }

    @Test("a thread that waits for a minute for what never comes hangs, unless it reads a stream")
    func waits() throws {
        let found = try #require(look(100) { _ in KernelUsage(seconds: 3, isAsleep: true) }.found)
        #expect((60...62).contains(found))
        #expect(look(1000, .reading) { _ in KernelUsage(seconds: 3, isAsleep: true) }.found == nil)
        // It does something now and then.
        #expect(look(500) { KernelUsage(seconds: Double($0 / 50) / 100, isAsleep: true) }.found == nil)
    }

    @Test("who comes further never hangs, and the next piece counts anew")
    func movesOn() {
        var watch = HangDetector()
        for second in 0..<200 {
            let found = watch.look([work(UInt64(second / 15))], now: Double(second)) { _ in
                KernelUsage(seconds: Double(second), isAsleep: false)
            }
            #expect(found.hung == nil)
        }
        #expect(watch.look([], now: 200) { _ in nil } == HangDetector.Finding())
    }

    @Test("the time in which nobody looked does not count")
    func pausedWatch() {
        var watch = HangDetector()
        for second in [0.0, 1, 2, 103, 104, 105] {
            let found = watch.look([work(1)], now: second) { _ in KernelUsage(seconds: 3, isAsleep: true) }
            #expect(found.hung == nil)
        }
    }

    @Test("what the kernel says of this thread grows with its work")
    func kernel() throws {
        let own = try #require(KernelUsage(process: Int32(ProcessInfo.processInfo.processIdentifier)))
        var sum: UInt64 = 1
        var now = own
        for _ in 0..<10_000 where now.seconds - own.seconds < 0.05 {
            for number in 0..<100_000 { sum = sum &* 31 &+ UInt64(number) }
            now = try #require(KernelUsage(process: Int32(ProcessInfo.processInfo.processIdentifier)))
        }
        #expect(sum != 0 && now.seconds > own.seconds)
        #expect(KernelUsage(thread: 0) == nil)
    }
}

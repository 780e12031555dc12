internal import Glibc
internal import Synchronization

/// A switch, thrown from any thread, that makes a blocked `Demuxer` give up within about a tenth of a second.
///
/// It cannot be taken back: a stopped source is closed and opened anew with a new switch.
public final class Interrupter: Sendable {
    private let thrown = Atomic<Bool>(false)

    /// Makes a switch that has not been thrown.
    public init() {}

    /// True once `interrupt()` was called.
    public var isInterrupted: Bool { thrown.load(ordering: .relaxed) }

    /// Throws the switch; never blocks, may be called from any thread and more than once.
    public func interrupt() {
        thrown.store(true, ordering: .relaxed)
    }
}

/// What FFmpeg asks while it waits, whether it may go on.
final class IODeadline: Sendable {
    let interrupter: Interrupter
    private let deadline = Atomic<Int64>(.max)
    private let lookedAt = Atomic<Int64>(0)
    private let clock: @Sendable () -> Int64

    /// Longest time between two questions that counts, nanoseconds; while FFmpeg waits it asks every tenth of a second.
    private static let longestStep: Int64 = 500_000_000

    /// Makes a watch; `clock` gives nanoseconds that never go back.
    init(interrupter: Interrupter, clock: @escaping @Sendable () -> Int64 = IODeadline.now) {
        self.interrupter = interrupter
        self.clock = clock
    }

    /// Starts the time-out of the next call into FFmpeg.
    func allow(seconds: Double) {
        let bounded = min(max(seconds, 0), 1_000_000)
        let now = clock()
        lookedAt.store(now, ordering: .relaxed)
        deadline.store(now &+ Int64(bounded * 1_000_000_000), ordering: .relaxed)
    }

    /// True when the time of the current call is over.
    ///
    /// FFmpeg asks before it looks at the socket. When this process got no turn for a while, that time is its own
    /// lateness and no silence of the other side: the answer may lie unread, so the deadline moves by it. On the thread
    /// that calls FFmpeg.
    var isOverdue: Bool {
        let now = clock()
        let late = now &- lookedAt.load(ordering: .relaxed) &- Self.longestStep
        lookedAt.store(now, ordering: .relaxed)
        let end = deadline.load(ordering: .relaxed)
        guard late > 0, end < .max - late else { return now >= end }
        deadline.store(end + late, ordering: .relaxed)
        return now >= end + late
    }

    /// True when the current call must return.
    var mustStop: Bool { interrupter.isInterrupted || isOverdue }

    /// Nanoseconds on a clock that never goes back.
    static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

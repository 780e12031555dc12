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
final class IOWatch: Sendable {
    let interrupter: Interrupter
    private let deadline = Atomic<Int64>(.max)

    init(interrupter: Interrupter) {
        self.interrupter = interrupter
    }

    /// Starts the time-out of the next call into FFmpeg.
    func allow(seconds: Double) {
        let bounded = min(max(seconds, 0), 1_000_000)
        deadline.store(Self.now() &+ Int64(bounded * 1_000_000_000), ordering: .relaxed)
    }

    /// True when the time of the current call is over.
    var isOverdue: Bool { Self.now() >= deadline.load(ordering: .relaxed) }

    /// True when the current call must return.
    var mustStop: Bool { interrupter.isInterrupted || isOverdue }

    /// Nanoseconds on a clock that never goes back.
    static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

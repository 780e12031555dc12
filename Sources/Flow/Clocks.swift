import Foundation

/// The two clocks that stages with I/O may ask; tests give their own.
///
/// Wall time stamps what people see; durations, time-outs and back-off use monotonic time, which never jumps. What needs
/// both, an instant that means wall time and still only grows, is `steady`: pictures are stamped with it, and what
/// people see of them is moved by `shift` at the end.
public struct Clocks: Sendable {
    /// UTC now.
    public var wall: @Sendable () -> MediaTime
    /// Seconds since some fixed instant; never goes back.
    public var monotonic: @Sendable () -> Double
    /// Microseconds from the monotonic clock to the steady one.
    private let origin: Int64

    /// Smallest difference between the wall clock and the steady one that counts as moved, microseconds.
    private static let tolerance: Int64 = 1_000_000

    /// Makes a pair of clocks.
    public init(wall: @escaping @Sendable () -> MediaTime, monotonic: @escaping @Sendable () -> Double) {
        self.wall = wall
        self.monotonic = monotonic
        self.origin = wall().microseconds &- Self.microseconds(monotonic())
    }

    /// What the wall clock would show if nobody had moved it since the clocks were made: it never goes back or jumps.
    public func steady() -> MediaTime {
        MediaTime(microseconds: Self.microseconds(monotonic()) &+ origin)
    }

    /// Microseconds from the steady clock to the wall clock; 0 unless somebody moved that by a second and more.
    public func shift() -> Int64 {
        let difference = wall().microseconds &- steady().microseconds
        return abs(difference) < Self.tolerance ? 0 : difference
    }

    private static func microseconds(_ seconds: Double) -> Int64 {
        Int64((seconds * 1_000_000).rounded())
    }

    /// The clocks of this machine.
    public static let system = Clocks(
        wall: {
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            return MediaTime(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
        },
        monotonic: {
            var time = timespec()
            clock_gettime(CLOCK_MONOTONIC, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        }
    )
}

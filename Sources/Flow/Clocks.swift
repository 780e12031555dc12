import Foundation

/// The two clocks that stages with I/O may ask; tests give their own.
///
/// Wall time stamps what people see; durations, time-outs and back-off use monotonic time, which never jumps.
public struct Clocks: Sendable {
    /// UTC now.
    public var wall: @Sendable () -> MediaTime
    /// Seconds since some fixed instant; never goes back.
    public var monotonic: @Sendable () -> Double

    /// Makes a pair of clocks.
    public init(wall: @escaping @Sendable () -> MediaTime, monotonic: @escaping @Sendable () -> Double) {
        self.wall = wall
        self.monotonic = monotonic
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

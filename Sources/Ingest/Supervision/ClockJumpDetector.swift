/// Notices that the wall clock was moved, by comparing it with the monotonic one.
public struct ClockJumpDetector: Sendable {
    /// Smallest difference between two looks that counts as a jump, seconds.
    public let tolerance: Double
    private var offset: Double?

    /// Makes a watch that has not looked yet.
    public init(tolerance: Double = 5) {
        self.tolerance = max(0.001, tolerance)
    }

    /// Compares the clocks.
    ///
    /// - Parameters:
    ///   - wall: Wall time in seconds, of any origin.
    ///   - monotonic: Monotonic seconds, of the same moment.
    /// - Returns: By how many seconds the wall clock was moved since the last look; nil when it ran on, and at first.
    public mutating func look(wall: Double, monotonic: Double) -> Double? {
        let before = offset
        offset = wall - monotonic
        guard let before, abs(wall - monotonic - before) > tolerance else { return nil }
        return wall - monotonic - before
    }
}

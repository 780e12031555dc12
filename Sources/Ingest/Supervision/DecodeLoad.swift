/// What is asked of a decoder and what it can do, measured from the times of its queue alone.
struct DecodeLoad: Sendable {
    /// How often the shares are computed anew, seconds.
    private static let window = 1.0
    /// Weight of the newest window.
    private static let demandWeight = 0.3
    /// Weight of the newest sample's work.
    private static let workWeight = 1.0 / 32
    /// Part of the capacity that is given out: the rest lets the backlog shrink.
    private static let usable = 0.9
    /// Longest time that counts as work on one sample, seconds.
    private static let longestWork = 10.0

    /// How far the intervals of each class are stretched.
    private(set) var stretch = SIMD3<Double>(repeating: 1)

    private var demand = SIMD3<Double>(repeating: 0)
    private var offeredNow = SIMD3<Double>(repeating: 0)
    private var windowSince: Double?
    /// Seconds of work per sample.
    private var work: Double?
    private var takenAt: Double?

    /// Counts an offered sample; now and then works out the shares.
    mutating func offered(classIndex: Int, now: Double, limits: SIMD3<Double>) {
        offeredNow[classIndex] += 1
        guard let since = windowSince else {
            windowSince = now
            return
        }
        let elapsed = now - since
        guard elapsed >= Self.window else { return }
        let rate = offeredNow / elapsed
        demand = demand == SIMD3(repeating: 0) ? rate : demand + Self.demandWeight * (rate - demand)
        offeredNow = SIMD3(repeating: 0)
        windowSince = now
        guard let work, work > 0 else { return }
        stretch = ClassShares.stretch(demand: demand, capacity: Self.usable / work, limits: limits)
    }

    /// Counts a taken sample; between two of them lies the work on the first, if the second was already waiting.
    mutating func taken(now: Double, othersWait: Bool) {
        if let takenAt {
            let spent = min(max(0, now - takenAt), Self.longestWork)
            work = work.map { $0 + Self.workWeight * (spent - $0) } ?? spent
        }
        takenAt = othersWait ? now : nil
    }
}

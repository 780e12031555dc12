/// How many statements go to the database at once, and which wait because it does not take them now.
///
/// A batch that is refused, or takes too long, is halved until it passes or a single row is found to be held up. That row
/// steps aside, so that the others go on, and is tried alone from time to time, for as long as it takes: what holds it up
/// (a lock, a trigger, a slow disk) is not the row's fault, and passes. When nothing passes at all, the database is slow.
struct DeliveryPace: Sendable {
    /// What to do after a batch that was refused.
    enum Verdict: Sendable, Hashable {
        /// Try again at once, with fewer.
        case smaller
        /// The row waits aside; the others go on.
        case aside
        /// Nothing passes: wait.
        case slow
    }

    /// Seconds from one lone try of a row to the next; the last one again and again.
    static let waits = [10.0, 20, 40, 80, 160, 300]
    /// Rows that may wait aside; when more would, the database is at fault.
    static let asideLimit = 1000
    /// Rows that may fail one after the other before the database is held to be slow.
    private static let loneLimit = 3
    /// Times as long as a lone try took for which the others go on before the next one.
    private static let rest = 4.0

    private let batch: Int
    private var loneFailures = 0
    private var tries: [Int64: (count: Int, due: Double)] = [:]
    private var loneSince: Double?
    private var nextLone = -Double.infinity
    /// Statements of the next batch at most.
    private(set) var limit: Int

    init(batch: Int) {
        self.batch = max(1, batch)
        self.limit = self.batch
    }

    /// Rows that wait aside, by number.
    var aside: Set<Int64> { Set(tries.keys) }

    /// The row aside whose next try is due, to be tried alone; every second time at most, and for a fifth of the time at
    /// most, so that the others go on.
    mutating func takeDue(now: Double) -> Int64? {
        guard loneSince == nil, now >= nextLone,
            let due = tries.filter({ $0.value.due <= now }).min(by: { ($0.value.due, $0.key) < ($1.value.due, $1.key) }
            )?.key
        else {
            loneSince = nil
            return nil
        }
        loneSince = now
        return due
    }

    /// The row is not in the spool any more.
    mutating func isGone(_ sequence: Int64) {
        tries[sequence] = nil
    }

    /// The rows are in the database, or gone.
    mutating func wrote(_ sequences: [Int64]) {
        for sequence in sequences { tries[sequence] = nil }
        loneFailures = 0
        limit = min(batch, limit * 2)
    }

    /// The database did not take these rows, or needed too long for them.
    mutating func refused(_ sequences: [Int64], now: Double) -> Verdict {
        guard sequences.count == 1, let row = sequences.first else {
            limit = max(1, sequences.count / 2)
            return .smaller
        }
        if let loneSince { nextLone = now + Self.rest * (now - loneSince) }
        let before = tries[row]?.count ?? 0
        guard before > 0 || tries.count < Self.asideLimit else { return .slow }
        guard loneFailures < Self.loneLimit else {
            // Who comes first is not to blame, but must not stand before one that would pass either.
            tries[row] = (before, now + Self.waits[0])
            return .slow
        }
        loneFailures += 1
        tries[row] = (before + 1, now + Self.waits[min(before, Self.waits.count - 1)])
        return .aside
    }
}

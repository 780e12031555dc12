/// How many statements go to the database at once, and which wait because the database needs too long for them.
///
/// A batch that takes too long is halved until it passes or a single row is found to be at fault. That row steps aside,
/// so that the others go on, and is tried alone later, since what held it up may pass (somebody held its case); after
/// the last try it is given up. When nothing passes at all, the database is slow and no row is to blame.
struct DeliveryPace: Sendable {
    /// What to do after a batch that took too long.
    enum Verdict: Sendable, Hashable {
        /// Try again at once, with fewer.
        case smaller
        /// The row waits aside; the others go on.
        case aside
        /// The row had its last try: keep it where people see it.
        case giveUp
        /// Nothing passes: wait.
        case slow
    }

    /// Seconds from one lone try of a row to the next; after the last one it is given up.
    static let waits = [10.0, 20, 40, 80, 160]
    /// Rows that may wait aside; when more would, the database is at fault.
    static let asideLimit = 1000
    /// Rows that may fail one after the other before the database is held to be slow.
    private static let loneLimit = 3

    private let batch: Int
    private var loneFailures = 0
    private var tries: [Int64: (count: Int, due: Double)] = [:]
    private var wasLone = false
    /// Statements of the next batch at most.
    private(set) var limit: Int

    init(batch: Int) {
        self.batch = max(1, batch)
        self.limit = self.batch
    }

    /// Rows that wait aside, by number.
    var aside: Set<Int64> { Set(tries.keys) }

    /// The row aside whose next try is due, to be tried alone; every second time at most, so that the others go on.
    mutating func takeDue(now: Double) -> Int64? {
        guard !wasLone, let due = tries.filter({ $0.value.due <= now }).min(by: { $0.key < $1.key })?.key else {
            wasLone = false
            return nil
        }
        wasLone = true
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

    /// The database needed too long for these rows.
    mutating func timedOut(_ sequences: [Int64], now: Double) -> Verdict {
        guard sequences.count == 1, let row = sequences.first else {
            limit = max(1, sequences.count / 2)
            return .smaller
        }
        let before = tries[row]?.count ?? 0
        guard loneFailures < Self.loneLimit else {
            // Who comes first is not to blame, but must not stand before one that would pass either.
            if before > 0 || tries.count < Self.asideLimit { tries[row] = (before, now + Self.waits[0]) }
            return .slow
        }
        guard before > 0 || tries.count < Self.asideLimit else { return .slow }
        loneFailures += 1
        guard before < Self.waits.count else {
            tries[row] = nil
            return .giveUp
        }
        tries[row] = (before + 1, now + Self.waits[before])
        return .aside
    }
}

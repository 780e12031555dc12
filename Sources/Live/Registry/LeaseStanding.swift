import Synchronization

/// Whether this process can keep its lease: its holder says so, others go by it; any thread.
///
/// The health board shows the same to people; nothing is decided by what it shows.
final class LeaseStanding: Sendable {
    /// Why the lease does not hold.
    enum Trouble: Sendable, Hashable {
        /// It could not be renewed the last time: the database is away, or does not answer.
        case unrenewed(String)
        /// Another process has this one's name, so that this one watches nothing.
        case gaveWay(String)
    }

    private let state = Mutex<Trouble?>(nil)

    /// What is wrong with it; nil when it was renewed the last time, and before the first try.
    var trouble: Trouble? {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}

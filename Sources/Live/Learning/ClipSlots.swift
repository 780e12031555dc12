import Synchronization

/// How many clips of alerts are collected at once, each a megabyte at most.
///
/// Any thread; who gets a slot gives it back once.
final class ClipSlots: Sendable {
    private let limit: Int
    private let taken = Atomic<Int>(0)

    /// `limit`: 0 lets nobody collect.
    init(limit: Int) {
        self.limit = limit
    }

    /// Takes a slot; false when there is none.
    func take() -> Bool {
        guard limit > 0 else { return false }
        if taken.add(1, ordering: .relaxed).newValue <= limit { return true }
        release()
        return false
    }

    /// Gives a slot back.
    func release() {
        taken.subtract(1, ordering: .relaxed)
    }
}

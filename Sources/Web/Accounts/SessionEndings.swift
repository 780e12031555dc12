import Synchronization

/// Tells at once that sessions of an account have ended: what is open for it must not go on until somebody looks.
///
/// Only of this process; another one's live streams look every few seconds.
final class SessionEndings: Sendable {
    private let listener = Mutex<(@Sendable (Int) -> Void)?>(nil)

    /// Calls `body` with the account from now on; the last one who listens is told.
    func listen(_ body: @escaping @Sendable (Int) -> Void) {
        listener.withLock { $0 = body }
    }

    /// Sessions of the account have ended.
    func tell(_ account: Int) {
        listener.withLock { $0 }?(account)
    }
}

import Synchronization

/// Lets a few people log in at once, each address a part of them, and turns the rest away before they cost anything.
///
/// A hash takes 32 MiB and a third of a second: without a bound, a hundred logins a second would take the machine from
/// the cameras. It runs on a thread of its own that takes what others leave of the processor.
final class HashGate: Sendable {
    /// Bounds.
    struct Limits: Sendable, Hashable {
        /// Threads that hash.
        var threads = 1
        /// Logins under way at once.
        var logins = 24
        /// More of them for browsers that say they know the account: a flood of strangers leaves these.
        var knownLogins = 12
        /// Logins under way from one address.
        var perPeer = 8
    }

    private struct Places {
        var all = 0
        var byPeer: [String: Int] = [:]
    }

    private let limits: Limits
    private let threads: WorkThreads
    private let places = Mutex(Places())

    /// Starts the threads.
    init(_ limits: Limits = Limits()) {
        self.limits = limits
        // All who have a place may wait here, and a few changes of passwords beside them.
        let waiting = limits.logins + limits.knownLogins + 16
        self.threads = WorkThreads("hash", threads: limits.threads, waiting: waiting, niceness: 5)
    }

    /// Runs a whole login, from its first question to the database to the last, in one of the places.
    ///
    /// `seemsKnown`: the browser shows the mark of a device; `body` is told whether only that gave it the place, and must
    /// refuse when the mark is a wrong one.
    /// - Throws: `WebError` with `unavailable` or `tooMany` when there is no place; what `body` throws.
    func entering<Value>(
        from peer: String,
        seemsKnown: Bool,
        _ body: (_ isReserved: Bool) async throws -> Value
    ) async throws -> Value {
        let isReserved = try places.withLock { places in
            let isReserved = places.all >= limits.logins
            guard places.all < limits.logins + (seemsKnown ? limits.knownLogins : 0) else {
                throw WebError(.unavailable, .loginBusy, retryAfter: 5)
            }
            guard places.byPeer[peer, default: 0] < limits.perPeer else {
                throw WebError(.tooMany, .loginBusy, retryAfter: 5)
            }
            places.all += 1
            places.byPeer[peer, default: 0] += 1
            return isReserved
        }
        defer { leave(peer) }
        return try await body(isReserved)
    }

    /// Runs `work` on a thread for hashes.
    ///
    /// - Throws: `WebError` with `unavailable` when too many wait already; what `work` throws.
    func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        do {
            return try await threads.run(work)
        } catch is WorkThreads.Full {
            throw WebError(.unavailable, .loginBusy, retryAfter: 5)
        }
    }

    private func leave(_ peer: String) {
        places.withLock { places in
            places.all -= 1
            let left = places.byPeer[peer, default: 1] - 1
            places.byPeer[peer] = left > 0 ? left : nil
        }
    }
}

import Synchronization

/// Bounds how many files are in memory on their way in: each is whole there before it is looked at.
///
/// A phone sends its pictures one by one; whoever sends dozens at once is no phone, and must not take the memory of a
/// process that watches cameras.
final class UploadGate: Sendable {
    private struct Places {
        var all = 0
        var byAccount: [Int: Int] = [:]
    }

    private let total: Int
    private let perAccount: Int
    private let places = Mutex(Places())

    /// - Parameters:
    ///   - total: Files under way at most.
    ///   - perAccount: Those of one account.
    init(total: Int = 64, perAccount: Int = 4) {
        self.total = total
        self.perAccount = perAccount
    }

    /// Takes a place; give it back with `leave`.
    ///
    /// - Throws: `WebError`: `tooMany` when the account has all of its places, `unavailable` when there is none.
    func enter(_ account: Int) throws(WebError) {
        try places.withLock { (places) throws(WebError) in
            guard places.byAccount[account, default: 0] < perAccount else {
                throw WebError(.tooMany, .busy, retryAfter: 5)
            }
            guard places.all < total else { throw WebError(.unavailable, .busy, retryAfter: 5) }
            places.all += 1
            places.byAccount[account, default: 0] += 1
        }
    }

    /// Gives a place back.
    func leave(_ account: Int) {
        places.withLock { places in
            places.all -= 1
            let left = places.byAccount[account, default: 1] - 1
            places.byAccount[account] = left > 0 ? left : nil
        }
    }
}

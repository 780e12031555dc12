import Synchronization

/// Bounds how much of files is in memory on its way in: each is whole there before it is looked at.
///
/// A phone sends its pictures one by one, a few hundred kilobytes each, and on a bad network for minutes: so bytes are
/// counted, not files, and hundreds of slow phones do not keep each other out. Whoever sends dozens at once is no phone,
/// and must not take the memory of a process that watches cameras.
final class UploadGate: Sendable {
    private struct Held {
        var bytes = 0
        var files: [Int: Int] = [:]
    }

    private let total: Int
    private let perAccount: Int
    private let held = Mutex(Held())

    /// - Parameters:
    ///   - total: Bytes under way at most.
    ///   - perAccount: Files of one account at most.
    init(total: Int = 256 << 20, perAccount: Int = 4) {
        self.total = total
        self.perAccount = perAccount
    }

    /// Takes room for a file of so many bytes; give it back with `leave`.
    ///
    /// - Throws: `WebError`: `tooMany` when the account has as many files under way as it may, `unavailable` when there is
    ///   no room.
    func enter(_ account: Int, bytes: Int) throws(WebError) {
        try held.withLock { (held) throws(WebError) in
            guard held.files[account, default: 0] < perAccount else {
                throw WebError(.tooMany, .busy, retryAfter: 5)
            }
            guard held.bytes + bytes <= total else { throw WebError(.unavailable, .busy, retryAfter: 5) }
            held.bytes += bytes
            held.files[account, default: 0] += 1
        }
    }

    /// Gives the room of a file back.
    func leave(_ account: Int, bytes: Int) {
        held.withLock { held in
            held.bytes -= bytes
            let left = held.files[account, default: 1] - 1
            held.files[account] = left > 0 ? left : nil
        }
    }
}

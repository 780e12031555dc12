import Flow
import Logging
import NIOCore
import RTSP

/// What all connections of a farm share.
struct FarmContext: Sendable {
    let catalogue: FarmCatalogue
    let session: ServerSession.Options
    let account: Authenticator.Account?
    let counters: FarmCounters
    let logger: Logger
    /// When the farm started, on the clock that only grows.
    let start: NIODeadline
    /// The same instant since the Unix epoch.
    let startedAt: MediaTime

    /// Time since the start of the farm.
    func elapsed(at now: NIODeadline = .now()) -> MediaTime {
        MediaTime(microseconds: (now - start).nanoseconds / 1000)
    }

    /// The state machine of a new connection, with a name and nonce that nobody can guess.
    func makeSession() -> ServerSession {
        let authenticator = account.map { Authenticator(account: $0, nonce: Self.randomText()) }
        return ServerSession(options: session, authenticator: authenticator, id: Self.randomText(), now: elapsed())
    }

    /// 128 random bits in hexadecimal digits.
    private static func randomText() -> String {
        (0..<4).map { _ in String(UInt32.random(in: 0x1000_0000...(.max)), radix: 16) }.joined()
    }
}

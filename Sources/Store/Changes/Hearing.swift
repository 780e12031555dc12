import FoundationEssentials
public import Postgres
import Synchronization

/// Hears channels of the database with a session of its own, and makes sure that it does hear them.
///
/// A pooler in transaction mode between us and the database takes `LISTEN` without a word and gives the session to
/// somebody else: nothing is ever heard, and nothing says so. Therefore something is announced from another session now
/// and then, and has to come back.
public struct Hearing: Sendable {
    /// Times of a hearing.
    public struct Settings: Sendable, Hashable {
        /// From one check to the next.
        public var interval: Duration = .seconds(30)
        /// Longest time until an announcement is heard.
        public var patience: Duration = .seconds(5)
        /// Checks in a row that must fail.
        public var checks = 2

        /// The defaults.
        public init() {}
    }

    /// The session does not hear what is announced.
    public struct Deaf: Error, Sendable, CustomStringConvertible {
        /// What is wrong, and what to do.
        public var description: String {
            "the database does not pass on notifications: is there a pooler in transaction mode before it (PgBouncer)? "
                + "Until that is changed (session mode, or a direct connection), changes are asked for every few seconds"
        }
    }

    /// The newest of its own announcements that the session has heard.
    private final class Last: Sendable {
        private let session = UUID().uuidString
        private let state = Mutex(0)

        var number: Int { state.withLock { $0 } }

        func text(_ number: Int) -> String { "\(session)/\(number)" }

        /// Others use the same channel: through a pooler, one for each session would stay behind for ever.
        func hear(_ text: String) {
            guard text.hasPrefix(session), let number = Int(text.dropFirst(session.count + 1)) else { return }
            state.withLock { $0 = max($0, number) }
        }
    }

    /// The channel of the announcements that are to come back.
    private static let channel = "gridwatch_heard"

    private let pool: PostgresPool
    private let channels: [String]
    private let settings: Settings
    private let announce: @Sendable (_ channel: String, _ text: String) async throws -> Void

    /// Makes a hearing of `channels`; needs two sessions of the pool, one of them all the time.
    public init(pool: PostgresPool, channels: [String], settings: Settings = Settings()) {
        self.init(pool: pool, channels: channels, settings: settings) { channel, text in
            try await pool.query("SELECT pg_notify($1, $2)", [.text(channel), .text(text)])
        }
    }

    init(
        pool: PostgresPool,
        channels: [String],
        settings: Settings,
        announce: @escaping @Sendable (_ channel: String, _ text: String) async throws -> Void
    ) {
        self.pool = pool
        self.channels = channels
        self.settings = settings
        self.announce = announce
    }

    /// Listens until the session ends or the task is cancelled.
    ///
    /// - Parameters:
    ///   - began: Called when listening has begun: what was announced before is not known.
    ///   - heard: Called with each notification.
    /// - Throws: `Deaf` when nothing is heard; `PostgresError` when the session could not be opened.
    public func run(
        began: @escaping @Sendable () -> Void,
        heard: @escaping @Sendable (PostgresNotification) -> Void
    ) async throws {
        let last = Last()
        try await pool.withConnection { connection in
            for channel in channels + [Self.channel] { try await connection.listen(channel) }
            began()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await notification in connection.notifications {
                        guard notification.channel == Self.channel else {
                            heard(notification)
                            continue
                        }
                        last.hear(notification.payload)
                    }
                }
                group.addTask { try await check(last) }
                // The session is over, or deaf.
                defer { group.cancelAll() }
                try await group.next()
            }
        }
    }

    /// Announces something every so often; ends by throwing, when it does not come back.
    private func check(_ last: Last) async throws {
        var missed = 0
        var number = 0
        while true {
            number += 1
            // That an announcement cannot be made says nothing about the hearing.
            if (try? await announce(Self.channel, last.text(number))) != nil {
                missed = try await comes(number, last) ? 0 : missed + 1
                if missed >= settings.checks { throw Deaf() }
            }
            if missed == 0 { try await Task.sleep(for: settings.interval) }
            try Task.checkCancellation()
        }
    }

    private func comes(_ number: Int, _ last: Last) async throws -> Bool {
        let end = ContinuousClock.now + settings.patience
        while last.number < number {
            guard ContinuousClock.now < end else { return false }
            try await Task.sleep(for: .milliseconds(50))
        }
        return true
    }
}

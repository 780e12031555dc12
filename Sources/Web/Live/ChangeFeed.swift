import Flow
import Foundation
import Logging
import Postgres
import Store
import Synchronization

/// Hears what changes in the database and tells every browser that may know.
///
/// One database session listens; where the database's announcements do not arrive, changes are asked for every few seconds
/// instead (`Hearing`, `ChangePoll`). Changes are gathered for a quarter of a second, their audience is found with one
/// statement, and each stream gets its own through a bounded buffer; a stream that falls behind is told to load anew.
final class ChangeFeed: Sendable {
    /// What a stream says.
    enum Message: Sendable, Hashable {
        /// These changed.
        case changes([ChangeKey])
        /// Too much changed, or some of it was missed: load anew.
        case reload
        /// The feed itself lives or has lost the database.
        case beat(isLive: Bool)
    }

    /// Changes gathered at most; beyond them everybody loads anew.
    static let gatherLimit = 500
    /// Messages that a stream may lag behind.
    static let bufferLimit = 32
    /// Seconds from one question for changes to the next, where nothing is heard.
    private static let pollInterval = 5.0
    /// Questions until listening is tried again.
    private static let polls = 24

    private struct Listener {
        let rights: ChangeListener
        let account: Int
        let continuation: AsyncStream<Message>.Continuation
        var hasMissed = false
    }

    private struct State {
        var listeners: [Int: Listener] = [:]
        var nextKey = 0
        var gathered: Set<ChangeKey> = []
        var hasOverflowed = false
        var isLive = false
        var isClosed = false
    }

    private let pool: PostgresPool
    private let hearing: Hearing
    private let reader: ChangeReader
    private let logger: Logger
    private let perAccount: Int
    private let state = Mutex(State())
    private let streams: Metric
    private let dropped: Metric

    init(pool: PostgresPool, settings: WebSettings, meter: Meter, logger: Logger, hearing: Hearing? = nil) {
        self.pool = pool
        self.hearing = hearing ?? Hearing(pool: pool, channels: [ChangeReader.channel])
        self.reader = ChangeReader(pool: pool)
        self.logger = logger
        self.perAccount = settings.maximumStreamsPerAccount
        self.streams = meter.gauge("gridwatch_web_streams", "Live streams that browsers hold.")
        self.dropped = meter.counter(
            "gridwatch_web_stream_messages_dropped_total",
            "Live messages that a slow browser did not get; it loads the page anew instead."
        )
    }

    /// A stream that is open as long as somebody holds this.
    ///
    /// A browser may be gone before the first byte of its answer is written, and a HEAD has no body at all: then nobody
    /// reads the messages, and what would have closed the stream afterwards never runs.
    final class Subscription: Sendable {
        let messages: AsyncStream<Message>
        private let key: Int
        private let feed: ChangeFeed

        fileprivate init(messages: AsyncStream<Message>, key: Int, feed: ChangeFeed) {
            self.messages = messages
            self.key = key
            self.feed = feed
        }

        deinit { end() }

        /// Ends the messages; more than once is once.
        func end() {
            feed.unsubscribe(key)
        }
    }

    /// Opens a stream for an account.
    ///
    /// - Throws: `WebError`: `tooMany` when the account holds too many, `unavailable` while shutting down.
    func subscribe(_ account: Account) async throws -> Subscription {
        let rights = try await reader.listener(account.access)
        let (stream, continuation) = AsyncStream.makeStream(
            of: Message.self,
            bufferingPolicy: .bufferingOldest(Self.bufferLimit)
        )
        let key = try state.withLock { state in
            guard !state.isClosed else { throw WebError(.unavailable, retryAfter: 5) }
            let held = state.listeners.values.count { $0.account == account.id }
            guard held < perAccount else { throw WebError(.tooMany, retryAfter: 30) }
            state.nextKey += 1
            state.listeners[state.nextKey] = Listener(rights: rights, account: account.id, continuation: continuation)
            streams.set(state.listeners.count)
            continuation.yield(.beat(isLive: state.isLive))
            return state.nextKey
        }
        return Subscription(messages: stream, key: key, feed: self)
    }

    private func unsubscribe(_ key: Int) {
        let listener = state.withLock { state in
            let gone = state.listeners.removeValue(forKey: key)
            streams.set(state.listeners.count)
            return gone
        }
        listener?.continuation.finish()
    }

    /// Ends every stream and refuses new ones.
    func close() {
        let all = state.withLock { state in
            state.isClosed = true
            defer { state.listeners = [:] }
            return state.listeners.values.map(\.continuation)
        }
        for continuation in all { continuation.finish() }
    }

    /// Listens until cancelled; comes back by itself when the database was away.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.listenForEver() }
            group.addTask { await self.flushForEver() }
            group.addTask { await self.beatForEver() }
            await group.waitForAll()
        }
        close()
    }

    private func listenForEver() async {
        var pause = 1.0
        var poll: ChangePoll?
        while !Task.isCancelled {
            do {
                try await hearing.run(
                    // Whatever changed while nobody listened is unknown: let everybody look again.
                    began: { self.setLive(true) },
                    heard: { self.gather($0.payload) }
                )
                pause = 1
                poll = nil
            } catch is CancellationError {
                return
            } catch let deaf as Hearing.Deaf {
                if poll == nil {
                    logger.warning("\(deaf)")
                    tell { _ in .reload }
                }
                // Listening is tried again after a while; what happens meanwhile the next question finds.
                poll = await ask(poll ?? ChangePoll(pool: pool))
                continue
            } catch {
                logger.warning("live changes are away, trying again", metadata: ["error": "\(error)"])
            }
            guard !Task.isCancelled else { return }
            setLive(false)
            try? await Task.sleep(for: .seconds(pause))
            pause = min(pause * 2, 15)
        }
    }

    /// Asks for changes, for some minutes.
    private func ask(_ before: ChangePoll) async -> ChangePoll {
        var poll = before
        for _ in 0..<Self.polls where !Task.isCancelled {
            do {
                if let keys = try await poll.next() {
                    for key in keys { gather(key) }
                } else {
                    tell { _ in .reload }
                }
                setLive(true)
            } catch {
                setLive(false)
            }
            try? await Task.sleep(for: .seconds(Self.pollInterval))
        }
        return poll
    }

    private func gather(_ payload: String) {
        if let key = ChangeKey(payload: payload) { gather(key) }
    }

    private func gather(_ key: ChangeKey) {
        state.withLock { state in
            if state.gathered.count < Self.gatherLimit {
                state.gathered.insert(key)
            } else if !state.gathered.contains(key) {
                state.hasOverflowed = true
            }
        }
    }

    private func flushForEver() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(250))
            let (keys, hasOverflowed) = state.withLock { state in
                defer {
                    state.gathered = []
                    state.hasOverflowed = false
                }
                return (Array(state.gathered), state.hasOverflowed)
            }
            if hasOverflowed {
                tell { _ in .reload }
            } else if !keys.isEmpty {
                await tell(about: keys)
            }
        }
    }

    private func tell(about keys: [ChangeKey]) async {
        do {
            let audiences = try await reader.audiences(of: keys)
            tell { listener in
                let heard = audiences.filter(listener.mayHear).map(\.key)
                return heard.isEmpty
                    ? nil : .changes(heard.sorted { ($0.kind.rawValue, $0.id) < ($1.kind.rawValue, $1.id) })
            }
        } catch {
            // What changed is known, but not who may know: an empty hint gives nothing away.
            tell { _ in .reload }
        }
    }

    private func beatForEver() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(15))
            let isLive = state.withLock { $0.isLive }
            tell { _ in .beat(isLive: isLive) }
        }
    }

    /// Lets the streams of an account see now whether their sessions still live.
    func look(at account: Int) {
        state.withLock { state in
            for listener in state.listeners.values where listener.account == account {
                _ = listener.continuation.yield(.beat(isLive: state.isLive))
            }
        }
    }

    private func setLive(_ isLive: Bool) {
        let changed = state.withLock { state in
            defer { state.isLive = isLive }
            return state.isLive != isLive
        }
        guard changed else { return }
        tell { _ in .beat(isLive: isLive) }
        if isLive { tell { _ in .reload } }
    }

    private func tell(_ message: (ChangeListener) -> Message?) {
        state.withLock { state in
            for (key, listener) in state.listeners {
                guard let message = message(listener.rights) else { continue }
                // A stream that lost something is told to load anew as soon as it has room again.
                let text = listener.hasMissed ? Message.reload : message
                if case .dropped = listener.continuation.yield(text) {
                    state.listeners[key]?.hasMissed = true
                    dropped.add()
                } else {
                    state.listeners[key]?.hasMissed = false
                }
            }
        }
    }
}

public import Logging
public import Postgres
import Synchronization

/// Says that workers should look again: at the registry, or at who owns which shard.
///
/// Each iteration listens with a session of its own until it ends. What comes close together is said once; whenever
/// listening begins, at first and after the database was away, everything is said, since nobody knows what was missed.
/// Where the database's announcements do not arrive (`Hearing`), everything is said every few seconds.
public struct RegistryChanges: AsyncSequence, Sendable {
    /// What changed.
    public enum Change: Sendable, Hashable, CaseIterable {
        /// Cameras, rules, platforms, sampling or quarantine: read the fleet anew.
        case registry
        /// Shards became free: renew the lease and claim.
        case shards

        /// The channel that the database announces it on.
        var channel: String {
            switch self {
            case .registry: "gridwatch_registry"
            case .shards: ShardLeases.channel
            }
        }
    }

    /// Longest wait between tries to listen again, seconds.
    private static let longestWait = 15.0

    /// Seconds from one time that everything is said to the next, where nothing is heard.
    private static let pollInterval = 10.0
    /// Times that everything is said so until listening is tried again.
    private static let polls = 12

    private let hearing: Hearing
    private let pause: Duration
    private let logger: Logger

    /// Makes the sequence; nothing is listened to before it is iterated.
    ///
    /// `pause`: how long changes are gathered before they are said.
    public init(
        pool: PostgresPool,
        pause: Duration = .milliseconds(250),
        logger: Logger = Logger(label: "gridwatch.registry")
    ) {
        self.init(
            hearing: Hearing(pool: pool, channels: Change.allCases.map(\.channel)),
            pause: pause,
            logger: logger
        )
    }

    init(hearing: Hearing, pause: Duration, logger: Logger) {
        self.hearing = hearing
        self.pause = pause
        self.logger = logger
    }

    /// One listener; stops listening when it is dropped or its task cancelled.
    public struct Iterator: AsyncIteratorProtocol {
        private var signals: AsyncStream<Void>.Iterator
        private let gathered: GatheredChanges
        private let pause: Duration

        fileprivate init(signals: AsyncStream<Void>, gathered: GatheredChanges, pause: Duration) {
            self.signals = signals.makeAsyncIterator()
            self.gathered = gathered
            self.pause = pause
        }

        /// Waits for the next changes; nil when the task was cancelled.
        public mutating func next() async -> Set<Change>? {
            while await signals.next() != nil {
                try? await Task.sleep(for: pause)
                let changes = gathered.take()
                if !changes.isEmpty { return Task.isCancelled ? nil : changes }
            }
            return nil
        }
    }

    /// Begins to listen.
    public func makeAsyncIterator() -> Iterator {
        let gathered = GatheredChanges()
        let (signals, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let task = Task {
            await listen { changes in
                gathered.add(changes)
                continuation.yield()
            }
        }
        continuation.onTermination = { _ in task.cancel() }
        return Iterator(signals: signals, gathered: gathered, pause: pause)
    }

    private func listen(_ tell: @escaping @Sendable (Set<Change>) -> Void) async {
        var wait = 1.0
        while !Task.isCancelled {
            do {
                try await hearing.run(
                    began: { tell(Set(Change.allCases)) },
                    heard: { notification in tell(Set(Change.allCases.filter { $0.channel == notification.channel })) }
                )
                wait = 1
            } catch is CancellationError {
                return
            } catch let deaf as Hearing.Deaf {
                logger.warning("\(deaf)")
                for _ in 0..<Self.polls where !Task.isCancelled {
                    tell(Set(Change.allCases))
                    try? await Task.sleep(for: .seconds(Self.pollInterval))
                }
            } catch {
                logger.warning("changes of the registry are not heard", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: .seconds(wait))
            wait = Swift.min(wait * 2, Self.longestWait)
        }
    }
}

/// Changes that were not said yet.
private final class GatheredChanges: Sendable {
    private let changes = Mutex<Set<RegistryChanges.Change>>([])

    func add(_ more: Set<RegistryChanges.Change>) { changes.withLock { $0.formUnion(more) } }

    func take() -> Set<RegistryChanges.Change> {
        changes.withLock { changes in
            defer { changes = [] }
            return changes
        }
    }
}

import Flow
import Logging
import Store
import Synchronization

/// Holds this worker's lease and decides, with the others, which shards of cameras are its own.
///
/// Renews every few seconds, takes what nobody has, gives up what others should have. While the database is away it
/// keeps what it has: cameras are watched on and alerts are spooled, and only what the database confirms has
/// consequences for people. See docs/adr/0012-leases.md.
final class LeaseHolder: Sendable {
    /// What the worker owns, as far as it knows.
    struct Holding: Sendable, Equatable {
        /// Epoch of each shard, by number.
        var epochs: [Int: Int] = [:]
        /// Cameras that no live worker has room for.
        var unassignedCameras = 0
        /// Workers whose leases hold.
        var workers = 1
        /// This worker's place among them, in order of name.
        var rank = 0
        /// Whether workers of other machines are among them.
        var hasOthers = false
        /// Whether the database has said so to this process; else it is what an earlier one knew.
        var isConfirmed = false
    }

    /// Seconds between tries while the database is away.
    private static let retryInterval = 2.0

    /// Rung when shards became free.
    let signal = WakeSignal()
    private let leases: ShardLeases
    private let worker: WorkerIdentity
    private let host: String
    private let capacity: Int
    private let version: String
    private let instance: String
    private let loops: LoopMonitor
    private let health: HealthBoard
    private let logger: Logger
    private let shards: Metric
    private let state = Mutex(Holding())
    private let standing: LeaseStanding
    private let clock = Mutex(LeaseClock())
    private let clocks: Clocks
    private let stats: @Sendable () -> String

    /// Makes a holder; `run` starts it.
    ///
    /// - Parameters:
    ///   - leases: The database's side.
    ///   - worker: Who this process is.
    ///   - host: Machine that it runs on.
    ///   - capacity: Cameras that it can hold.
    ///   - version: Version of the program.
    ///   - instance: The installation, which tells machines of one node name apart; empty for none.
    ///   - stats: What the worker says of itself, a JSON object.
    ///   - standing: Where it says whether the lease holds.
    ///   - loops: Hears that it goes round.
    ///   - meter: Where it counts.
    ///   - health: Where it says what is wrong.
    ///   - logger: For the operator.
    ///   - clocks: Time.
    init(
        leases: ShardLeases,
        worker: WorkerIdentity,
        host: String,
        capacity: Int,
        version: String,
        instance: String,
        stats: @escaping @Sendable () -> String,
        standing: LeaseStanding,
        loops: LoopMonitor,
        meter: Meter,
        health: HealthBoard,
        logger: Logger,
        clocks: Clocks = .system
    ) {
        self.clocks = clocks
        self.leases = leases
        self.worker = worker
        self.host = host
        self.capacity = capacity
        self.version = version
        self.instance = instance
        self.stats = stats
        self.standing = standing
        self.loops = loops
        self.health = health
        self.logger = logger
        self.shards = meter.gauge("gridwatch_shards", "Shards of cameras that this worker owns, of 256.")
    }

    /// What the worker owns now, as far as it knows.
    var holding: Holding { state.withLock { $0 } }

    /// What the worker may say that it owns; the database checks it.
    var authority: Authority { Authority(worker: worker, epochs: holding.epochs) }

    /// Why the lease could not be renewed the last time; nil when it could, or before the first try.
    var problem: String? {
        if case .unrenewed(let why) = standing.trouble { why } else { nil }
    }

    /// Name of the worker.
    var name: String { worker.id }

    /// Takes what an earlier process of this name knew, until the database says what is so; nothing when it has.
    ///
    /// The epochs stay unknown: what follows from alerts for people waits until this process has joined.
    func assume(_ copy: RegistryCopy) -> Holding {
        state.withLock { state in
            guard !state.isConfirmed else { return state }
            state = Holding(
                epochs: Dictionary(copy.shards.map { ($0, 0) }) { first, _ in first },
                workers: max(1, copy.workers),
                rank: copy.rank
            )
            return state
        }
    }

    /// Keeps the lease until the task is cancelled.
    ///
    /// `changed` is called with the shards that the worker owns whenever they change, and returns once the cameras of
    /// shards that are gone are closed. When another machine has this worker's name, this one watches nothing, says so,
    /// and asks again until the other is gone.
    func run(changed: @Sendable (Set<Int>) async -> Void) async {
        var hasJoined = false
        while !Task.isCancelled {
            var wait = LeaseTrust.renewalInterval
            do {
                if !hasJoined {
                    try await join()
                    hasJoined = true
                }
                try await renew(changed)
                standing.trouble = nil
                health.report("lease", problem: nil)
            } catch let error as StoreError where error.code == .conflict {
                hasJoined = false
                wait = Self.retryInterval
                await giveWay(error, changed)
            } catch is CancellationError {
                break
            } catch {
                wait = Self.retryInterval
                standing.trouble = .unrenewed("\(error)")
                health.report("lease", problem: "the lease of worker \(worker.id) cannot be renewed: \(error)")
            }
            // Whether it succeeded is told above, under the lease's own name.
            loops.turned(.lease)
            await signal.wait(atMost: wait)
        }
    }

    /// Gives everything up, so that others take it at once; after the cameras are closed.
    ///
    /// - Returns: True when workers of other machines may have the cameras now.
    func resign() async -> Bool {
        let isTold = (try? await leases.resign(worker)) != nil
        let before = state.withLock { state in
            defer { state = Holding() }
            return state
        }
        return isTold && before.hasOthers
    }

    /// Name of the machine of a worker, which is the name of the worker without its number.
    private static func node(_ name: String) -> Substring {
        name.prefix(upTo: name.lastIndex(of: "-") ?? name.endIndex)
    }

    /// Another process has the name: what this one watches as well would be told twice.
    private func giveWay(_ error: StoreError, _ changed: @Sendable (Set<Int>) async -> Void) async {
        if case .gaveWay = standing.trouble {
        } else {
            logger.error("this process watches nothing", metadata: ["why": "\(error)"])
        }
        standing.trouble = .gaveWay("\(error)")
        health.report("lease", problem: "this process watches nothing: \(error)")
        let before = state.withLock { state in
            // The database has said so: what an earlier process knew does not count.
            defer { state = Holding(isConfirmed: true) }
            return state
        }
        shards.set(0)
        if !before.epochs.isEmpty { await changed([]) }
    }

    /// What to claim of what the plan says: while leases may look over only because the database's clock was set forward,
    /// the shards of those who seem dead are left to them.
    ///
    /// `asked`: monotonic seconds before the view was asked for.
    func claims(_ plan: ShardPlan, _ view: LeaseView, asked: Double) -> [Int] {
        let now = clocks.monotonic()
        let isInDoubt = clock.withLock { clock in
            if let time = view.time { clock.renewed(database: time, asked: asked, answered: now) }
            return clock.isInDoubt(at: now)
        }
        guard isInDoubt else { return plan.claim }
        let free = view.ownerless
        let left = plan.claim.filter { !free.contains($0) }
        if !left.isEmpty {
            logger.notice(
                "the database's clock was set forward: shards of others are left to them for now",
                metadata: ["shards": "\(left.count)"]
            )
        }
        return plan.claim.filter(free.contains)
    }

    private func join() async throws {
        let epochs = try await leases.join(
            worker,
            host: host,
            capacity: capacity,
            version: version,
            instance: instance
        )
        logger.info("joined", metadata: ["worker": "\(worker.id)", "shards": "\(epochs.count)"])
    }

    /// One round: renew, take what is free, give up what others should have.
    private func renew(_ changed: @Sendable (Set<Int>) async -> Void) async throws {
        let asked = clocks.monotonic()
        let view = try await leases.renew(worker, stats: stats())
        let plan = ShardPlan(view)
        var epochs = view.owned
        epochs.merge(try await leases.claim(claims(plan, view, asked: asked), by: worker)) { $1 }
        let leaving = Set(plan.release).intersection(epochs.keys)
        for shard in leaving { epochs[shard] = nil }
        let names = view.workers.map(\.id)
        let next = Holding(
            epochs: epochs,
            unassignedCameras: plan.unassignedCameras,
            workers: max(1, names.count),
            rank: names.firstIndex(of: worker.id) ?? 0,
            hasOthers: names.contains { Self.node($0) != Self.node(worker.id) },
            isConfirmed: true
        )
        let before = state.withLock { state in
            defer { state = next }
            return state
        }
        shards.set(epochs.count)
        report(next)
        if Set(before.epochs.keys) != Set(epochs.keys) || !before.isConfirmed {
            logger.info("shards", metadata: ["owned": "\(epochs.count)", "given_up": "\(leaving.count)"])
            await changed(Set(epochs.keys))
        }
        try await leases.release(Array(leaving), by: worker)
    }

    private func report(_ holding: Holding) {
        health.report(
            "capacity",
            problem: holding.unassignedCameras == 0
                ? nil
                : "\(holding.unassignedCameras) cameras are watched by nobody: the \(holding.workers) ingest processes "
                    + "have no room; raise ingest.processes or ingest.max_cameras, or start a node with --role ingest"
        )
    }
}

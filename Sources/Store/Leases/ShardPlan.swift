import Flow

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// What a worker should claim and release, from what it saw at a renewal.
///
/// Weighted rendezvous hashing gives every shard a target among the live workers, in proportion to their capacity and
/// level to about one shard; every worker computes the same. Shards without a live owner go to their targets at once.
/// Shards with one move only when the loads are uneven, a few per round, and stop as soon as they are even enough.
/// Nobody gets more cameras than its capacity: what nobody has room for is left, and said.
public struct ShardPlan: Sendable, Hashable {
    /// How eagerly shards move.
    public struct Limits: Sendable, Hashable {
        /// Shards that change hands per round at most when loads are levelled.
        public var movesPerRound = 16
        /// Share of its fair load by which a worker may be above or below without anything being moved.
        public var tolerance = 0.15

        /// The defaults.
        public init() {}
    }

    /// Shards to claim now, by number.
    public let claim: [Int]
    /// Shards to release now, by number.
    public let release: [Int]
    /// Shards that no live worker has room for, by number; the same at every worker.
    public let unassigned: [Int]
    /// Cameras in these.
    public let unassignedCameras: Int

    /// Plans for the worker of the view; a worker that is not among the live ones does nothing.
    public init(_ view: LeaseView, limits: Limits = Limits()) {
        var balance = ShardBalance(view)
        let me = view.workers.firstIndex { $0.id == view.worker }
        let placed = balance.placeFree()
        var release = me.map { balance.overflow(of: $0) } ?? []
        if placed.isEmpty, release.isEmpty {
            release = balance.moves(limits).filter { $0.from == me }.map(\.shard)
        }
        self.claim = placed.filter { $0.worker == me }.map(\.shard)
        self.release = release.sorted()
        self.unassigned = balance.homeless
        self.unassignedCameras = balance.homeless.reduce(0) { $0 + balance.cameras[$1] }
    }
}

/// The loads of the live workers while shards are placed and moved.
struct ShardBalance {
    /// Cameras of each shard.
    let cameras: [Int]
    /// Shards that nobody has room for.
    private(set) var homeless: [Int] = []

    private let capacity: [Int]
    /// Fair load of each worker, cameras.
    private let share: [Double]
    /// Workers of each shard, the one it hashes to first.
    private let ranks: [[Int]]
    /// Where each shard belongs; nil when nobody has room.
    private let targets: [Int?]
    /// Live owner of each shard.
    private var owners: [Int?]
    private var load: [Int]
    private let largest: Int

    init(_ view: LeaseView) {
        let workers = view.workers
        let index = Dictionary(workers.enumerated().map { ($1.id, $0) }) { first, _ in first }
        var cameras = [Int](repeating: 0, count: LeaseView.shardCount)
        var owners = [Int?](repeating: nil, count: LeaseView.shardCount)
        for shard in view.shards where cameras.indices.contains(shard.number) {
            cameras[shard.number] = max(0, shard.cameras)
            owners[shard.number] = shard.owner.flatMap { index[$0] }
        }
        var load = workers.map { _ in 0 }
        for (shard, owner) in owners.enumerated() { if let owner { load[owner] += cameras[shard] } }
        let capacity = workers.map { max(0, $0.capacity) }
        let total = Double(cameras.reduce(0, +))
        let room = Double(capacity.reduce(0, +))
        self.share = capacity.map { room > 0 ? min(Double($0), total * Double($0) / room) : 0 }
        self.capacity = capacity
        self.largest = cameras.max() ?? 0
        self.ranks = cameras.indices.map { Self.rank($0, workers) }
        self.targets = Self.targets(cameras, capacity, share, ranks)
        self.cameras = cameras
        self.owners = owners
        self.load = load
    }

    /// Live workers with a capacity in the order in which a shard prefers them, the larger ones more often first.
    private static func rank(_ shard: Int, _ workers: [LeaseView.Worker]) -> [Int] {
        workers.enumerated().filter { $1.capacity > 0 }
            .map { index, worker in
                let hash = StableHash.of("\(worker.id)/\(shard)")
                let share = (Double(hash >> 11) + 0.5) / Double(1 << 53)
                return (index: index, score: -Double(worker.capacity) / log(share))
            }
            .sorted { ($0.score, $1.index) > ($1.score, $0.index) }.map(\.index)
    }

    /// The worker of each shard if all were given out now: its favourite that is not above its fair load.
    private static func targets(
        _ cameras: [Int],
        _ capacity: [Int],
        _ share: [Double],
        _ ranks: [[Int]]
    ) -> [Int?] {
        var load = capacity.map { _ in 0 }
        return cameras.indices.map { shard in
            func fits(_ worker: Int) -> Bool { load[worker] + cameras[shard] <= capacity[worker] }
            let fair = ranks[shard].first {
                fits($0) && Double(load[$0]) + Double(cameras[shard]) / 2 <= share[$0]
            }
            let target =
                fair
                ?? ranks[shard].filter(fits).min {
                    Double(load[$0]) * Double(capacity[$1]) < Double(load[$1]) * Double(capacity[$0])
                }
            if let target { load[target] += cameras[shard] }
            return target
        }
    }

    private func hasRoom(_ worker: Int, for shard: Int) -> Bool {
        load[worker] + cameras[shard] <= capacity[worker]
    }

    /// Gives every shard without a live owner to its target, or else to the next that has room.
    mutating func placeFree() -> [(shard: Int, worker: Int)] {
        var placed: [(shard: Int, worker: Int)] = []
        for shard in owners.indices where owners[shard] == nil {
            let wanted = [targets[shard]].compactMap(\.self) + ranks[shard]
            guard let worker = wanted.first(where: { hasRoom($0, for: shard) }) else {
                homeless.append(shard)
                continue
            }
            load[worker] += cameras[shard]
            owners[shard] = worker
            placed.append((shard, worker))
        }
        return placed
    }

    /// Shards that a worker must give up because it has more cameras than it can hold, those of others first.
    mutating func overflow(of worker: Int) -> [Int] {
        var given: [Int] = []
        let own = owners.indices.filter { owners[$0] == worker && cameras[$0] > 0 }
        let order = own.filter { targets[$0] != worker } + own.filter { targets[$0] == worker }
        for shard in order where load[worker] > capacity[worker] {
            load[worker] -= cameras[shard]
            given.append(shard)
        }
        return given
    }

    /// Moves that make uneven loads even enough: from those with too much to those with too little.
    mutating func moves(_ limits: ShardPlan.Limits) -> [(shard: Int, from: Int, to: Int)] {
        var moves: [(shard: Int, from: Int, to: Int)] = []
        let away = owners.indices.compactMap { shard -> (shard: Int, from: Int, to: Int)? in
            guard let from = owners[shard], let to = targets[shard], from != to, cameras[shard] > 0 else { return nil }
            return (shard, from, to)
        }
        let before = load
        let order = away.sorted {
            (ratio($0.to, before), -ratio($0.from, before), $0.shard)
                < (ratio($1.to, before), -ratio($1.from, before), $1.shard)
        }
        for move in order {
            guard moves.count < limits.movesPerRound, isUneven(limits.tolerance) else { break }
            var after = load
            after[move.from] -= cameras[move.shard]
            after[move.to] += cameras[move.shard]
            guard after[move.to] <= capacity[move.to], ratio(move.to, after) <= ratio(move.from, load) else { continue }
            load = after
            moves.append(move)
        }
        return moves
    }

    private func ratio(_ worker: Int, _ load: [Int]) -> Double {
        share[worker] > 0 ? Double(load[worker]) / share[worker] : load[worker] > 0 ? .infinity : 1
    }

    private func isUneven(_ tolerance: Double) -> Bool {
        load.indices.contains {
            abs(Double(load[$0]) - share[$0]) > max(tolerance * share[$0], Double(largest))
        }
    }
}

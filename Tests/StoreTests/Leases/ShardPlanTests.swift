import Store
import Testing

@Suite struct ShardPlanTests {
    /// Workers that apply their plans round by round, as they would through the database.
    struct Town {
        var workers: [String: Int]
        var owners = [String?](repeating: nil, count: LeaseView.shardCount)
        var cameras = (0..<LeaseView.shardCount).map { 105 + ($0 * 37) % 41 }

        func view(_ worker: String) -> LeaseView {
            LeaseView(
                worker: worker,
                workers: workers.map { LeaseView.Worker(id: $0, capacity: $1, leaseLeft: 10) },
                shards: owners.indices.map {
                    LeaseView.Shard(number: $0, owner: owners[$0], epoch: 1, cameras: cameras[$0])
                }
            )
        }

        func load(_ worker: String) -> Int {
            owners.indices.reduce(0) { $0 + (owners[$1] == worker ? cameras[$1] : 0) }
        }

        /// Every worker plans from the same view, then all of it is done.
        ///
        /// - Returns: Shards released, per worker at most; shards claimed.
        mutating func round() -> (mostReleased: Int, claimed: Int) {
            let plans = workers.keys.sorted().map { ($0, ShardPlan(view($0))) }
            for (worker, plan) in plans {
                for shard in plan.claim {
                    #expect(owners[shard].map { workers[$0] == nil } ?? true, "\(shard) has an owner")
                    owners[shard] = worker
                }
                for shard in plan.release {
                    #expect(owners[shard] == worker)
                    owners[shard] = nil
                }
            }
            return (plans.map(\.1.release.count).max() ?? 0, plans.reduce(0) { $0 + $1.1.claim.count })
        }

        /// Rounds until nothing changes.
        mutating func settle() -> (rounds: Int, mostReleased: Int) {
            var most = 0
            for count in 0..<100 {
                let before = owners
                most = max(most, round().mostReleased)
                for (worker, capacity) in workers { #expect(load(worker) <= capacity, "\(worker)") }
                if owners == before { return (count, most) }
            }
            Issue.record("the plans do not come to rest")
            return (100, most)
        }

        var total: Int { cameras.reduce(0, +) }
    }

    @Test("free shards are claimed at once, each by one worker, in proportion to the capacities", arguments: 1...12)
    func start(count: Int) {
        var town = Town(workers: [:])
        for number in 1...count { town.workers["host-\(number)"] = number.isMultiple(of: 3) ? 20_000 : 10_000 }
        town.cameras = town.cameras.map { min($0, 35 * count) }
        let room = town.workers.values.reduce(0, +)
        let first = town.round()
        #expect(first.claimed == LeaseView.shardCount)
        for (worker, capacity) in town.workers {
            let fair = Double(town.total) * Double(capacity) / Double(room)
            #expect(abs(Double(town.load(worker)) - fair) <= max(fair * 0.15, 145), "\(worker)")
        }
        #expect(town.settle().rounds == 0)
    }

    @Test("the shards of a dead worker go to all others at once, and nothing else moves")
    func death() {
        var town = Town(workers: ["a": 12_000, "b": 12_000, "c": 12_000, "d": 12_000])
        _ = town.settle()
        let before = town.owners
        let dead = before.count { $0 == "b" }
        town.workers["b"] = nil
        #expect(town.round().claimed == dead)
        for shard in before.indices where before[shard] != "b" { #expect(town.owners[shard] == before[shard]) }
        for worker in ["a", "c", "d"] { #expect(town.load(worker) > 32_000 / 3 * 8 / 10) }
    }

    @Test("a worker that joins gets its share a few shards at a time, then all is at rest")
    func growth() {
        var town = Town(workers: ["a": 12_000, "b": 12_000, "c": 12_000])
        _ = town.settle()
        let before = town.owners
        town.workers["d"] = 12_000
        let (rounds, most) = town.settle()
        #expect(most <= 16)
        #expect(rounds > 2)
        #expect(town.load("d") >= town.total / 4 * 84 / 100)
        for shard in before.indices where town.owners[shard] != "d" { #expect(town.owners[shard] == before[shard]) }
    }

    @Test("loads within 15 percent are left as they are")
    func tolerance() {
        var town = Town(workers: ["a": 30_000, "b": 30_000])
        town.cameras = [Int](repeating: 100, count: LeaseView.shardCount)
        for shard in town.owners.indices { town.owners[shard] = shard < 147 ? "a" : "b" }
        let even = town.owners
        _ = town.round()
        #expect(town.owners == even)
        for shard in 147..<150 { town.owners[shard] = "a" }
        #expect(town.round().mostReleased > 0)
    }

    @Test("nobody gets more cameras than it can hold; the rest is left and said alike by all")
    func capacity() {
        var town = Town(workers: ["a": 5000, "b": 3000, "idle": 0])
        _ = town.settle()
        #expect(town.load("idle") == 0)
        let plans = town.workers.keys.map { ShardPlan(town.view($0)) }
        let left = town.owners.indices.filter { town.owners[$0] == nil }
        #expect(!left.isEmpty)
        #expect(plans.allSatisfy { $0.unassigned == left })
        #expect(plans[0].unassignedCameras == town.total - town.load("a") - town.load("b"))
        #expect(8000 - town.load("a") - town.load("b") < 300)
    }

    @Test("a worker whose cameras have become too many gives up as many as it must")
    func overflow() {
        var town = Town(workers: ["a": 16_000, "b": 40_000])
        _ = town.settle()
        town.workers["a"] = 5000
        let plan = ShardPlan(town.view("a"))
        #expect(plan.claim.isEmpty)
        let kept = town.load("a") - plan.release.reduce(0) { $0 + town.cameras[$1] }
        #expect((4500...5000).contains(kept))
    }

    @Test("a worker that is not alive does nothing, and so does one in a town without cameras or workers")
    func edges() {
        let stranger = ShardPlan(Town(workers: ["a": 1000]).view("b"))
        #expect(stranger.claim.isEmpty && stranger.release.isEmpty)
        var empty = Town(workers: ["a": 10, "b": 10])
        empty.cameras = empty.cameras.map { _ in 0 }
        #expect(empty.round().claimed == LeaseView.shardCount)
        #expect(empty.settle().rounds == 0)
        let nobody = ShardPlan(LeaseView(worker: "a", workers: [], shards: []))
        #expect(nobody.claim.isEmpty && nobody.unassigned.count == LeaseView.shardCount)
    }
}

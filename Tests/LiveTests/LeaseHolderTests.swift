import Flow
import Foundation
import Logging
import Postgres
import Settings
import Store
import Synchronization
import TestSupport
import Testing

@testable import Live

@Suite struct LeaseHolderTests {
    @Test("when the database's clock is set forward, shards of those whose leases look over are left alone for a while")
    func clockSetForward() throws {
        let folder = try Folder()
        let now = Mutex(0.0)
        let lease = LeaseHolder(
            leases: ShardLeases(pool: PostgresPool(conninfo: "host=\(folder.path) dbname=none", size: 1)),
            worker: WorkerIdentity(id: "a"),
            host: "box",
            capacity: 1000,
            version: "0",
            instance: "",
            stats: { "{}" },
            standing: LeaseStanding(),
            loops: LoopMonitor(meter: Meter(), health: HealthBoard()),
            meter: Meter(),
            health: HealthBoard(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            clocks: Clocks(wall: { .zero }, monotonic: { now.withLock { $0 } })
        )
        /// What is claimed when only this worker's lease seems to hold: shards 0 to 9 are free, the others of `b`.
        func claims(at monotonic: Double, database: Double) -> Set<Int> {
            now.withLock { $0 = monotonic }
            let view = LeaseView(
                worker: "a",
                workers: [.init(id: "a", capacity: 1000, leaseLeft: 15)],
                shards: (0..<LeaseView.shardCount).map {
                    .init(number: $0, owner: $0 < 10 ? nil : "b", epoch: 1, cameras: 1)
                },
                time: database
            )
            return Set(lease.claims(ShardPlan(view), view, asked: monotonic))
        }
        #expect(claims(at: 0, database: 1000).count == LeaseView.shardCount, "whoever is gone is gone")
        #expect(claims(at: 5, database: 1005).count == LeaseView.shardCount)
        #expect(claims(at: 10, database: 4610) == Set(0..<10), "an hour has passed in five seconds")
        #expect(claims(at: 24, database: 4624) == Set(0..<10))
        #expect(claims(at: 26, database: 4626).count == LeaseView.shardCount, "by now all who live have renewed")
    }
}

import Flow
import Foundation
import Logging
import Postgres
import Settings
import Spool
import Store
import Synchronization
import TestSupport
import Testing

@testable import Live

/// Settings of the way of the alerts into the database, each with two values beside each other.
@Suite(.enabled(if: TestDatabase.server != nil, "set GRIDWATCH_TEST_DATABASE"))
struct DeliverySettingsTests {
    /// The seconds that each line of a delivery says it will wait.
    private final class Waits: Sendable {
        let seconds = Mutex<[Int]>([])

        struct Handler: LogHandler {
            let waits: Waits
            var metadata: Logger.Metadata = [:]
            var logLevel = Logger.Level.trace

            subscript(metadataKey key: String) -> Logger.Metadata.Value? {
                get { metadata[key] }
                set { metadata[key] = newValue }
            }

            func log(event: LogEvent) {
                guard let text = event.metadata?["again_in_s"].map({ "\($0)" }), let wait = Int(text) else { return }
                waits.seconds.withLock { $0.append(wait) }
            }
        }
    }

    private struct Bench {
        let folder: Folder
        let spool: AlertSpool
        let task: Task<Void, Never>

        func stop() async {
            task.cancel()
            await task.value
        }
    }

    /// A delivery that runs with these settings, from a spool with so many alerts.
    private func start(
        _ values: [String: String],
        alerts: Int,
        into pool: PostgresPool,
        waits: Waits = Waits()
    ) throws -> Bench {
        let folder = try Folder()
        let spool = try AlertSpool(directory: folder.path + "/spool", capacityBytes: 16 << 20)
        try spool.append((0..<alerts).map(makeRecord))
        let delivery = Delivery(
            spool: spool,
            writer: AlertWriter(pool: pool),
            authority: { Authority(worker: WorkerIdentity(id: "w"), epochs: [:]) },
            settings: Delivery.Settings(try DaemonSettings.with(values).delivery),
            meter: Meter(),
            health: HealthBoard(),
            logger: Logger(label: "test") { _ in Waits.Handler(waits: waits) }
        )
        return Bench(folder: folder, spool: spool, task: Task { await delivery.run() })
    }

    private func withDatabase(_ body: (PostgresPool) async throws -> Void) async throws {
        let database = try await TestDatabase.make()
        let pool = PostgresPool(conninfo: database.conninfo, size: 4)
        try await Migrations(pool: pool).migrate()
        try await pool.withConnection {
            try await $0.script(
                """
                INSERT INTO hazard_type (code, code_scheme, theme, name_zh, name_en, severity, handle_minutes)
                VALUES ('FNS-01', 'LOCAL', 'FNS', '水域', 'Water', 1, 60);
                INSERT INTO camera (id, name) VALUES ('cam', 'cam');
                """
            )
        }
        try await body(pool)
        await pool.close()
        try await database.drop()
    }

    @Test("delivery.batch: alerts in one transaction", arguments: [(10, 4), (500, 1)])
    func batch(size: Int, transactions: Int) async throws {
        try await withDatabase { pool in
            let bench = try start(["delivery.batch": "\(size)"], alerts: 40, into: pool)
            #expect(try await eventually { bench.spool.count == 0 })
            await bench.stop()
            let row = try await pool.query(
                "SELECT count(DISTINCT received_at)::int AS n, count(*)::int AS alerts FROM alert"
            ).rows[0]
            #expect(try row.requireInt("alerts") == 40)
            #expect(try row.requireInt("n") == transactions, "one transaction has one time")
        }
    }

    @Test("delivery.interval_ms: an empty spool is looked at again after so long")
    func interval() async throws {
        try await withDatabase { pool in
            let quick = try start(["delivery.interval_ms": "10"], alerts: 1, into: pool)
            let slow = try start(["delivery.interval_ms": "60000"], alerts: 1, into: pool)
            // Both have done their first work, and wait from now on.
            #expect(try await eventually { quick.spool.count == 0 && slow.spool.count == 0 })
            try quick.spool.append([makeRecord(7)])
            try slow.spool.append([makeRecord(8)])
            #expect(try await eventually { quick.spool.count == 0 })
            #expect(slow.spool.count == 1)
            await quick.stop()
            await slow.stop()
        }
    }

    @Test("delivery.retry_base_s, delivery.retry_cap_s: waits while the database is away")
    func retries() async throws {
        let away = PostgresPool(conninfo: "host=/nonexistent dbname=none", size: 2)
        let waits = (base: Waits(), slow: Waits(), cap: Waits())
        let base = ["delivery.retry_base_s": "0.1", "delivery.retry_cap_s": "3600"]
        let slow = ["delivery.retry_base_s": "60", "delivery.retry_cap_s": "3600"]
        let cap = ["delivery.retry_base_s": "0.1", "delivery.retry_cap_s": "1"]
        let running = [
            try start(base, alerts: 1, into: away, waits: waits.base),
            try start(slow, alerts: 1, into: away, waits: waits.slow),
            try start(cap, alerts: 1, into: away, waits: waits.cap),
        ]
        #expect(try await eventually { waits.base.seconds.withLock { $0.contains { $0 >= 2 } } })
        #expect(try await eventually { waits.cap.seconds.withLock(\.count) >= 6 })
        #expect(waits.cap.seconds.withLock { $0.allSatisfy { $0 <= 1 } })
        #expect(waits.slow.seconds.withLock { $0.count == 1 && $0[0] >= 30 })
        for bench in running { await bench.stop() }
        await away.close()
    }
}

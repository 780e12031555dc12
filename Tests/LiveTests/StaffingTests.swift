import Flow
import Foundation
import Logging
import Postgres
import Spool
import Store
import TestSupport
import Testing

@testable import Live

@Suite(.enabled(if: TestDatabase.server != nil, "set GRIDWATCH_TEST_DATABASE"))
struct StaffingTests {
    @Test("a case that nobody could take becomes a task by itself once its post has somebody")
    func staffed() async throws {
        let database = try await TestDatabase.make()
        let pool = PostgresPool(conninfo: database.conninfo, size: 3)
        try await Migrations(pool: pool).migrate()
        let worker = WorkerIdentity(id: "w")
        try await pool.withConnection {
            try await $0.script(
                """
                INSERT INTO hazard_type (code, code_scheme, theme, name_zh, name_en, severity, handle_minutes)
                VALUES ('FNS-01', 'LOCAL', 'FNS', '水域', 'Water', 1, 60);
                INSERT INTO grid (code, name, level, geom)
                VALUES ('430581001', '街道', 1, ST_Multi (ST_MakeEnvelope (110, 26, 110.1, 26.1, 4326)));
                INSERT INTO post (code, title, kind, grid_id) SELECT 'P', '网格长', 'grid_leader', id FROM grid;
                INSERT INTO camera (id, name, grid_id, mapping_method) SELECT 'cam', 'cam', id, 'explicit' FROM grid;
                INSERT INTO ingest_worker (id, boot, epoch, lease_until, capacity, version, host)
                VALUES ('w', '\(worker.boot.uuidString)', 1, '2100-01-01', 1000, '1', 'h');
                UPDATE ingest_shard SET worker_id = 'w', epoch = 1;
                """
            )
        }
        let authority = Authority(
            worker: worker,
            epochs: Dictionary(uniqueKeysWithValues: (0..<LeaseView.shardCount).map { ($0, 1) })
        )
        let writer = AlertWriter(pool: pool)
        #expect(try await writer.write([makeRecord(1)], authority: authority).casesWithoutPost == 1)
        let folder = try Folder()
        let adoption = Adoption(
            spool: try AlertSpool(directory: folder.path + "/spool", capacityBytes: 16 << 20),
            writer: writer,
            authority: { authority },
            loops: LoopMonitor(meter: Meter(), health: HealthBoard()),
            meter: Meter(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        var progress = Adoption.Progress()
        func tasks() async throws -> Int { try await pool.query("SELECT id FROM task WHERE state = 'open'").rows.count }
        try await adoption.turn(&progress)
        #expect(try await tasks() == 0)
        try await pool.query(
            """
            INSERT INTO account (login, display_name, role, post_id, password_hash)
            SELECT 'li', '李', 'worker', id, 'x' FROM post
            """
        )
        try await adoption.turn(&progress)
        #expect(try await tasks() == 1)
        await pool.close()
        try await database.drop()
    }
}

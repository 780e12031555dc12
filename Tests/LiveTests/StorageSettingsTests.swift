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

/// Settings of what is kept on disk, each with two values that make a difference.
@Suite struct StorageSettingsTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func storage(_ folder: Folder, _ values: [String: String] = [:]) throws -> DaemonSettings.Storage {
        try DaemonSettings.with(values.merging(["storage.directory": folder.path]) { $1 }).storage
    }

    @Test("storage.directory: where spool and evidence lie")
    func directory() throws {
        let (one, other) = (try Folder(), try Folder())
        try storage(one).makeFolders(slot: 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: one.path).sorted() == ["evidence", "spool"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: other.path).isEmpty)
    }

    @Test("storage.spool_max_mb: a spool takes so much", arguments: [("16", true), ("64", false)])
    func spool(value: String, isFull: Bool) throws {
        let folder = try Folder()
        let settings = try storage(folder, ["storage.spool_max_mb": value])
        let spool = try AlertSpool(settings, slot: 0, meter: Meter()) { _ in }
        var refusal: SpoolError?
        for number in 0..<200 where refusal == nil {
            var record = makeRecord(number)
            record.settingsVersion = String(repeating: "v", count: 100_000)
            do throws(SpoolError) { try spool.append([record]) } catch { refusal = error }
        }
        #expect((refusal?.code == .full) == isFull, "\(String(describing: refusal))")
        spool.close()
    }

    @Test("storage.evidence_min_free_mb: with less free than that no picture is kept")
    func evidenceRoom() throws {
        let folder = try Folder()
        var facts = statvfs()
        try #require(statvfs(folder.path, &facts) == 0)
        let free = Int(facts.f_bavail) * Int(facts.f_frsize) >> 20
        try #require(free < 1_048_576, "the disk has more room than the setting can ask for")
        for (value, isKept) in [("0", true), ("1048576", false)] {
            let settings = try storage(folder, ["storage.evidence_min_free_mb": value])
            try settings.makeFolders(slot: 0)
            let kept = try? EvidenceStore(settings).keep([1], alert: "a", at: MediaTime(seconds: 1_790_000_000))
            #expect((kept != nil) == isKept)
        }
    }

    @Test("storage.alert_clips_max_mb: with 0 no clips of alerts are kept", arguments: [("0", false), ("1", true)])
    func clips(value: String, isKept: Bool) throws {
        let folder = try Folder()
        let settings = try storage(folder, ["storage.alert_clips_max_mb": value])
        let clips = AlertClips(settings, meter: Meter(), logger: logger)
        #expect(clips.slots.take() == isKept)
        clips.drain()
    }
}

/// Settings of what is kept, of how alerts are delivered and of what becomes of them, on a database.
@Suite(.enabled(if: TestDatabase.server != nil, "set GRIDWATCH_TEST_DATABASE"))
struct KeptSettingsTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Runs `body` with a migrated database that knows three cameras in a micro-grid with a post and its worker, and with
    /// the authority over all of them.
    private func withTown(_ body: (PostgresPool, Authority) async throws -> Void) async throws {
        let database = try await TestDatabase.make()
        let pool = PostgresPool(conninfo: database.conninfo, size: 6)
        try await Migrations(pool: pool).migrate()
        try await pool.withConnection { try await $0.script(Self.town) }
        let leases = ShardLeases(pool: pool, timeToLive: 600)
        let worker = WorkerIdentity(id: "town")
        _ = try await leases.join(worker, host: "box", capacity: 100, version: "1")
        let epochs = try await leases.claim(Array(0..<LeaseView.shardCount), by: worker)
        try await body(pool, Authority(worker: worker, epochs: epochs))
        await pool.close()
        try await database.drop()
    }

    private static let town = """
        INSERT INTO grid (code, name, level, geom)
        VALUES ('430581001', '街道', 1, ST_Multi(ST_MakeEnvelope(110.6, 26.7, 110.7, 26.8, 4326)));
        INSERT INTO grid (code, name, level, parent_id, geom)
        SELECT '430581001001', '社区', 2, id, geom FROM grid WHERE level = 1;
        INSERT INTO grid (code, name, level, parent_id, geom)
        SELECT '430581001001001', '小网格', 3, id, geom FROM grid WHERE level = 2;
        INSERT INTO grid (code, name, level, parent_id, geom)
        SELECT '430581001001001001', '微网格', 4, id, geom FROM grid WHERE level = 3;
        INSERT INTO post (code, title, kind, grid_id)
        SELECT 'P1', '微网格长', 'micro_grid_leader', id FROM grid WHERE level = 4;
        INSERT INTO account (login, display_name, role, post_id, password_hash)
        SELECT 'leader', '网格长', 'worker', id, '-' FROM post;
        INSERT INTO hazard_type (code, code_scheme, theme, name_zh, name_en, severity, handle_minutes)
        VALUES ('FNS-01', 'LOCAL', 'FNS', '危险水域人员进入', 'Person at dangerous water', 2, 60);
        INSERT INTO camera (id, name, stream_url, geom, grid_id, mapping_method, enabled)
        SELECT 'cam-' || n, '河边', 'rtsp://10.0.0.1/' || n, ST_SetSRID(ST_Point(110.65, 26.75), 4326), g.id, 'point', true
        FROM generate_series(0, 2) n, grid g WHERE g.level = 4;
        """

    private func ground(_ settings: DaemonSettings, _ node: String, _ pool: PostgresPool) -> Ground {
        Ground(settings, ProcessPlace(node: node, slot: 0, version: "0"), pool, Meter(), logger)
    }

    /// An alert of its own case.
    private func alert(_ number: Int, severity: Int, dispatches: Bool) -> AlertRecord {
        var record = makeRecord(number * 10_000)
        record.camera = "cam-\(number % 3)"
        record.rule = "rule-\(number)"
        record.id = AlertID.make(camera: record.camera, rule: record.rule, start: record.startedAt)
        record.severity = severity
        record.autoDispatch = dispatches
        return record
    }

    @Test("storage.evidence_days, storage.evidence_loose_hours: how long pictures stay")
    func evidence() async throws {
        try await withTown { pool, _ in
            let folder = try Folder()
            func write(_ path: String, days: Double) throws {
                let url = URL(filePath: folder.path + "/evidence/" + path)
                try FileManager.default.createDirectory(
                    at: url.deletingLastPathComponent(),
                    withIntermediateDirectories: true
                )
                try Data([1]).write(to: url)
                let then = Date(timeIntervalSinceNow: -days * 86_400)
                try FileManager.default.setAttributes([.modificationDate: then], ofItemAtPath: url.path)
            }
            let stated = Int64((Date().timeIntervalSince1970 - 100 * 86_400) * 1e6)
            try write("2026/01/01/\(UUID().uuidString.lowercased())-\(stated).jpg", days: 100)
            try write("2026/01/02/x.jpg.part", days: 3)
            func removed(_ name: String, _ value: String) async throws -> [String: Int] {
                let settings = try DaemonSettings.with(["storage.directory": folder.path, name: value]).storage
                let sweeper = EvidenceSweeper(
                    settings,
                    database: pool,
                    meter: Meter(),
                    health: HealthBoard(),
                    logger: logger
                )
                return try await sweeper.sweep(isTrial: true).removed
            }
            #expect(try await removed("storage.evidence_days", "90") == ["unknown": 1, "unfinished": 1])
            #expect(try await removed("storage.evidence_days", "120") == ["unfinished": 1])
            #expect(try await removed("storage.evidence_days", "0") == ["unfinished": 1])
            #expect(try await removed("storage.evidence_loose_hours", "100") == ["unknown": 1])
        }
    }

    @Test("storage.score_days: how long scores stay; after somebody moved the clock none are removed")
    func scores() async throws {
        try await withTown { pool, _ in
            let hour = Int64((Date().timeIntervalSince1970 - 5 * 86_400) * 1e6)
            let archive = ScoreArchive(pool: pool)
            let score = ScoreRecord(camera: "cam-0", rule: "r", hour: hour, basis: "v", threshold: 1, cells: [1, 2, 3])
            try await archive.add([score], [])
            func left(_ days: String, clocks: Clocks = .system) async throws -> Int {
                let ground = ground(try .with(["storage.score_days": days]), "w", pool)
                try await ScoreReporter(ground, clocks: clocks).prune()
                return try await archive.scores(of: "cam-0", since: 0).count
            }
            #expect(try await left("8") == 1)
            #expect(try await left("3", clocks: .moved(by: 86_400)) == 1)
            #expect(try await left("3") == 0)
        }
    }

    @Test("cases.tasks_per_grid: tasks that cameras give by themselves in a day", arguments: [("1", 1), ("0", 3)])
    func tasks(value: String, count: Int) async throws {
        try await withTown { pool, authority in
            let writer = AlertWriter(try DaemonSettings.with(["cases.tasks_per_grid": value]).cases, database: pool)
            let alerts = (0..<3).map { alert($0, severity: 3, dispatches: true) }
            let report = try await writer.write(alerts, authority: authority)
            #expect(report.casesOpened == 3 && report.tasksOpened == count)
        }
    }

    @Test(
        "cases.triage_minutes_1, cases.triage_minutes_2, cases.triage_minutes_3, cases.triage_minutes_4: time to decide"
    )
    func triage() async throws {
        try await withTown { pool, authority in
            for severity in 1...4 {
                let name = "cases.triage_minutes_\(severity)"
                for (index, values) in [[:], [name: "5000"]].enumerated() {
                    let writer = AlertWriter(try DaemonSettings.with(values).cases, database: pool)
                    let alert = alert(severity * 10 + index, severity: severity, dispatches: false)
                    _ = try await writer.write([alert], authority: authority)
                    let sql = """
                        SELECT round(extract(epoch FROM triage_due_at - now()) / 60)::int AS minutes FROM hazard_case
                        WHERE rule_id = $1
                        """
                    let row = try await pool.query(sql, [.text(alert.rule)]).rows.first
                    let minutes = try #require(try row?.int("minutes"))
                    #expect((minutes > 4900) == (index == 1), "\(name): \(minutes)")
                }
            }
        }
    }

    @Test("ingest.max_cameras: a process takes so many, the others are left to the next")
    func capacity() async throws {
        try await withTown { pool, _ in
            try await pool.query("UPDATE ingest_shard SET worker_id = NULL")
            try await pool.query("DELETE FROM ingest_worker")
            let folder = try Folder()
            func lease(_ node: String, _ value: String) throws -> LeaseHolder {
                let settings = try DaemonSettings.with(["ingest.max_cameras": value, "storage.directory": folder.path])
                return try LeaseHolder(ground(settings, node, pool))
            }
            func cameras(_ node: String) async throws -> Int {
                try await pool.query(
                    "SELECT count(*)::int AS n FROM camera c JOIN ingest_shard s ON s.shard = c.shard WHERE s.worker_id = $1",
                    [.text(node + "-0")]
                ).rows[0].requireInt("n")
            }
            let (small, large) = (try lease("small", "1"), try lease("large", "1000"))
            let first = Task { await small.run { _ in } }
            #expect(try await eventually { small.holding.isConfirmed && !small.holding.epochs.isEmpty })
            #expect(try await cameras("small") <= 1)
            #expect(small.holding.unassignedCameras >= 2)
            let second = Task { await large.run { _ in } }
            #expect(try await eventually { try await cameras("large") + cameras("small") == 3 })
            for task in [first, second] {
                task.cancel()
                await task.value
            }
        }
    }
}

private final class Shift: Sendable {
    let seconds = Mutex(0.0)
}

extension Clocks {
    /// Clocks whose wall time was moved after they were made.
    static func moved(by seconds: Double) -> Clocks {
        let shift = Shift()
        let clocks = Clocks(
            wall: { MediaTime(seconds: 1_790_000_000 + shift.seconds.withLock { $0 }) },
            monotonic: { 0 }
        )
        shift.seconds.withLock { $0 = seconds }
        return clocks
    }
}

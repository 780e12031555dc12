import Cases
import Flow
import Foundation
import Postgres
import Store

/// A migrated database of its own with a small town in it: four levels of grid, posts, people and cameras.
struct StoreDatabase {
    let pool: PostgresPool
    let conninfo: String

    static let server = ProcessInfo.processInfo.environment["GRIDWATCH_TEST_DATABASE"] ?? ""
    static var isAvailable: Bool { !server.isEmpty }

    /// Makes the database, runs `body`, and drops it again.
    static func with<R>(isMigrated: Bool = true, _ body: (StoreDatabase) async throws -> R) async throws -> R {
        let template = try await TownTemplate.shared.enter()
        let name = "gridwatch_store_" + TownTemplate.suffix()
        let database = StoreDatabase(
            pool: PostgresPool(conninfo: "\(server) dbname=\(name)", size: 6),
            conninfo: "\(server) dbname=\(name)"
        )
        let result: Result<R, any Error>
        do {
            try await TownTemplate.server("CREATE DATABASE \(name) TEMPLATE \(isMigrated ? template : "template1")")
            result = .success(try await body(database))
        } catch {
            result = .failure(error)
        }
        await database.pool.close()
        try await TownTemplate.server("DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
        try await TownTemplate.shared.leave()
        return try result.get()
    }

    /// Fills an empty database.
    static func fill(_ conninfo: String) async throws {
        let pool = PostgresPool(conninfo: conninfo, size: 1)
        try await Migrations(pool: pool).migrate()
        try await pool.withConnection { try await $0.script(town) }
        await pool.close()
    }

    /// The first column of the first row.
    func value(_ sql: String, _ parameters: [PostgresValue] = []) async throws -> String? {
        try await pool.query("SELECT (\(sql))::text AS value", parameters).rows.first?["value"]
    }

    func caseID(_ camera: String) async throws -> Int {
        try await pool.query("SELECT max(id) AS id FROM hazard_case WHERE camera_id = $1", [.text(camera)]).rows[0]
            .requireInt("id")
    }

    func person(_ login: String) async throws -> CaseActor {
        let row = try await pool.query("SELECT * FROM account WHERE login = $1", [.text(login)]).rows[0]
        return CaseActor(
            accountID: try row.requireInt("id"),
            displayName: try row.requireText("display_name"),
            role: CaseRole(rawValue: try row.requireText("role")) ?? .viewer,
            postID: try row.int("post_id")
        )
    }

    /// Micro 1 and 2 lie in small 1, micro 3 in small 2, all in medium 1; medium 1 has no post, small 2 neither.
    private static let town = """
        INSERT INTO grid (code, name, level, parent_id, geom)
        SELECT code, name, level, NULL, ST_Multi (ST_MakeEnvelope (110 + west, 26, 110 + east, 26.01, 4326))
        FROM (VALUES ('430581001', '辕门口', 1, 0, 0.03)) AS v (code, name, level, west, east);
        INSERT INTO grid (code, name, level, parent_id, geom)
        SELECT '430581001001', '社区', 2, id, geom FROM grid WHERE level = 1;
        INSERT INTO grid (code, name, level, parent_id, geom)
        SELECT v.code, v.code, 3, g.id, ST_Multi (ST_MakeEnvelope (110 + west, 26, 110 + east, 26.01, 4326))
        FROM (VALUES ('430581001001001', 0, 0.02), ('430581001001002', 0.02, 0.03)) AS v (code, west, east), grid g
        WHERE g.level = 2;
        INSERT INTO grid (code, name, level, parent_id, geom)
        SELECT v.code, v.code, 4, g.id, ST_Multi (ST_MakeEnvelope (110 + west, 26, 110 + east, 26.01, 4326))
        FROM (VALUES ('430581001001001001', 0, 0.01), ('430581001001001002', 0.01, 0.02),
            ('430581001001002003', 0.02, 0.03)) AS v (code, west, east) JOIN grid g ON g.code = left (v.code, 15);
        INSERT INTO post (code, title, kind, grid_id)
        SELECT v.code, v.title, v.kind, g.id FROM (VALUES
            ('M1', '微网格长一', 'micro_grid_leader', '430581001001001001'),
            ('X1', '网格长', 'grid_leader', '430581001001001001'), ('S1', '小网格长', 'grid_leader', '430581001001001'),
            ('L1', '街道网格长', 'grid_leader', '430581001'), ('R1', '监控维护一部', 'maintenance', NULL))
            AS v (code, title, kind, grid) LEFT JOIN grid g ON g.code = v.grid;
        INSERT INTO hazard_type VALUES
            ('FNS-01', 'GBT47678.5-2026', 'FNS', '靠近水域', 'Near water', 2, 60, false),
            ('DLJT-01', 'GBT47678.5-2026', 'DLJT', '违停', 'Stopped car', 3, 30, false),
            ('SBGZ-01', 'LOCAL', 'SBGZ', '镜头遮挡', 'Covered lens', 3, 120, false);
        INSERT INTO camera (id, name, geom, maintenance_unit, tags, enabled, stream_url, sub_stream_url)
        SELECT id, '相机 ' || id, ST_SetSRID (ST_MakePoint (110 + x, 26.005), 4326), '监控维护一部', ARRAY['water'], true,
            'rtsp://10.0.0.1/' || id, NULL
        FROM (VALUES ('a', 0.0098), ('b', 0.002), ('c', 0.0101), ('d', 0.025), ('far', 0.019)) AS v (id, x);
        UPDATE camera c SET mapping_method = 'point', grid_id = g.id FROM grid g
        WHERE g.level = 4 AND ST_Covers (g.geom, c.geom);
        INSERT INTO camera (id, name) VALUES ('lost', '未落图');
        INSERT INTO account (login, display_name, role, post_id, password_hash)
        SELECT v.login, v.name, v.role, p.id, 'x' FROM (VALUES
            ('admin', '管理员', 'admin', NULL), ('clerk', '值班员', 'operator', NULL), ('boss', '值班长', 'operator', 'M1'),
            ('worker', '微网格员', 'worker', 'M1'), ('colleague', '同岗', 'worker', 'M1'),
            ('stranger', '邻岗', 'worker', 'S1'), ('street', '街道岗', 'worker', 'L1'),
            ('repair', '维修工', 'worker', 'R1'), ('viewer', '领导', 'viewer', NULL))
            AS v (login, name, role, post) LEFT JOIN post p ON p.code = v.post;
        INSERT INTO ingest_worker (id, boot, epoch, lease_until, capacity, version, host)
        VALUES ('town', '\(WorkerIdentity.town.boot.uuidString)', 1, '2100-01-01', 1000, '1', 'town');
        UPDATE ingest_shard SET worker_id = 'town', epoch = 1;
        """
}

extension WorkerIdentity {
    /// The worker that owns every shard of the test town.
    static let town = WorkerIdentity(id: "town")
}

extension Authority {
    /// What that worker believes, and rightly.
    static let town = Authority(
        worker: .town,
        epochs: Dictionary(uniqueKeysWithValues: (0..<LeaseView.shardCount).map { ($0, 1) })
    )
}

extension AlertWriter {
    /// Writes as the owner of every shard.
    func write(_ batch: [AlertRecord]) async throws -> WriteReport {
        try await write(batch, authority: .town)
    }
}

/// The database that those of the tests are copied from, because making one with PostGIS takes a second.
///
/// It lives from the first test that needs it to the last, and lets few tests in at once: the server has 120 connections.
actor TownTemplate {
    static let shared = TownTemplate()
    private static let limit = 6

    /// Makes the template and gives its name; each one has a name of its own, because the last may still be dropped.
    private var making: Task<String, any Error>?
    private var interested = 0
    private var inside = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []

    static func suffix() -> String { UUID().uuidString.lowercased().filter { $0 != "-" } }

    static func server(_ sql: String) async throws {
        let connection = try await PostgresConnection.connect(StoreDatabase.server)
        try await connection.query(sql)
        await connection.close()
    }

    func enter() async throws -> String {
        interested += 1
        if inside < Self.limit {
            inside += 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
        let task =
            making
            ?? Task {
                let name = "gridwatch_template_" + Self.suffix()
                try await Self.server("CREATE DATABASE \(name)")
                try await StoreDatabase.fill("\(StoreDatabase.server) dbname=\(name)")
                return name
            }
        making = task
        do {
            return try await task.value
        } catch {
            try? await leave()
            throw error
        }
    }

    func leave() async throws {
        interested -= 1
        if waiting.isEmpty { inside -= 1 } else { waiting.removeFirst().resume() }
        guard interested == 0, let made = making else { return }
        making = nil
        guard let name = try? await made.value else { return }
        try await Self.server("DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
    }
}

/// A statement about an alert of the test town.
func statement(
    _ camera: String,
    rule: String = "bank",
    hazard: String = "FNS-01",
    minutes: Double = 0,
    stated: Double? = nil,
    ended: Double? = nil,
    score: Double = 0.5,
    box: NormalizedRect = NormalizedRect(x: 0.1, y: 0.2, width: 0.3, height: 0.4),
    picture: String? = nil,
    auto: Bool = false,
    severity: Int = 2
) -> AlertRecord {
    let noon = 1_785_816_000.0
    let start = MediaTime(seconds: noon + minutes * 60)
    return AlertRecord(
        id: AlertID.make(camera: camera, rule: rule, start: start),
        camera: camera,
        rule: rule,
        kind: "intrusion",
        hazardType: hazard,
        severity: severity,
        autoDispatch: auto,
        phase: ended == nil ? .start : .end,
        startedAt: start,
        statedAt: MediaTime(seconds: noon + (stated ?? ended ?? minutes) * 60),
        endedAt: ended.map { MediaTime(seconds: noon + $0 * 60) },
        score: score,
        box: box,
        evidence: picture.map {
            EvidenceRef(path: "2026/08/04/x.jpg", sha256: String(repeating: $0, count: 64), bytes: 1000)
        },
        settingsVersion: "1"
    )
}

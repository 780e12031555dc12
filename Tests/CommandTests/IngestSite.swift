import Foundation
import Postgres
import Store
import TestSupport
import Testing

/// A site of its own for a test: a database on the private server, a farm of cameras, and ingest nodes as processes.
final class IngestSite {
    static let server = ProcessInfo.processInfo.environment["GRIDWATCH_TEST_DATABASE"]

    let folder: String
    let pool: PostgresPool
    private let database: String
    private let conninfo: String
    private var processes: [Process] = []

    /// Makes the database with a small grid and its post, and starts a farm of `cameras` that are watched with one rule
    /// over the whole picture.
    init(cameras: Int, clips: [String]) async throws {
        let server = try #require(Self.server)
        database = "ingest_" + UUID().uuidString.lowercased().replacing("-", with: "").prefix(12)
        folder = NSTemporaryDirectory() + database
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let admin = PostgresPool(conninfo: server, size: 1)
        _ = try await admin.query("CREATE DATABASE \(database)")
        await admin.close()
        let name = database
        conninfo = server.split(separator: " ").map { $0.hasPrefix("dbname=") ? "dbname=\(name)" : String($0) }
            .joined(separator: " ")
        try conninfo.write(toFile: folder + "/conninfo", atomically: true, encoding: .utf8)
        pool = PostgresPool(conninfo: conninfo, size: 4)
        try await fill(urls: try startFarm(cameras, clips))
    }

    /// Ends everything.
    func close() async throws {
        for process in processes {
            kill(process.processIdentifier, SIGCONT)
            kill(process.processIdentifier, SIGTERM)
        }
        try await Task.sleep(for: .seconds(4))
        for process in processes { kill(process.processIdentifier, SIGKILL) }
        await pool.close()
        let admin = PostgresPool(conninfo: try #require(Self.server), size: 1)
        _ = try await admin.query("DROP DATABASE \(database) WITH (FORCE)")
        await admin.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Starts an ingest node of one process; returns the supervisor's process id.
    func startNode(_ node: String, decode: String, environment: [String: String] = [:]) throws -> Int32 {
        let settings = """
            database:
              url_file: \(folder)/conninfo
            storage:
              directory: \(folder)/\(node)
              evidence_min_free_mb: 1
            ingest:
              node: \(node)
              decode: \(decode)
              max_cameras: 100
              io_threads: 2
            """
        try FileManager.default.createDirectory(atPath: "\(folder)/\(node)", withIntermediateDirectories: true)
        let file = "\(folder)/\(node).yaml"
        try settings.write(toFile: file, atomically: true, encoding: .utf8)
        return try start(["serve", "--role", "ingest", "--config", file], log: "\(node).log", environment)
    }

    /// The worker process of a node, a child of its supervisor; nil while there is none.
    func worker(of supervisor: Int32) -> Int32? {
        let path = "/proc/\(supervisor)/task/\(supervisor)/children"
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(supervisor)/task")) ?? []
        let lists = ([path] + all.map { "/proc/\(supervisor)/task/\($0)/children" })
            .compactMap { try? String(contentsOfFile: $0, encoding: .utf8) }
        return lists.flatMap { $0.split(separator: " ") }.compactMap { Int32($0) }.first
    }

    /// What a node has logged.
    func log(_ node: String) -> String {
        (try? String(contentsOfFile: "\(folder)/\(node).log", encoding: .utf8)) ?? ""
    }

    /// The number in the first row of a query.
    func number(_ sql: String) async throws -> Int {
        try await pool.query("SELECT (\(sql))::int AS n").rows.first?.int("n") ?? 0
    }

    /// Waits until a query that counts gives what is wanted; false after so many seconds.
    func eventually(_ seconds: Double, _ sql: String, is wanted: (Int) -> Bool) async throws -> Bool {
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            if wanted(try await number(sql)) { return true }
            try await Task.sleep(for: .milliseconds(250))
        }
        return false
    }

    private func startFarm(_ cameras: Int, _ clips: [String]) throws -> [String] {
        let port = Int.random(in: 20_000...29_999)
        let listen = "127.0.0.1:\(port)"
        _ = try start(
            ["simulate", "--cameras", "\(cameras)", "--listen", listen] + clips.flatMap { ["--clips", $0] },
            log: "farm.log"
        )
        return (1...cameras).map { index in
            let digits = String(index)
            return "rtsp://\(listen)/cam/" + String(repeating: "0", count: 4 - digits.count) + digits
        }
    }

    private func start(_ arguments: [String], log: String, _ environment: [String: String] = [:]) throws -> Int32 {
        let process = Process()
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.executableURL = URL(fileURLWithPath: CommandUnderTest.products + "/gridwatch")
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: CommandUnderTest.checkout)
        process.standardInput = FileHandle.nullDevice
        let path = "\(folder)/\(log)"
        if !FileManager.default.fileExists(atPath: path) {
            _ = FileManager.default.createFile(atPath: path, contents: nil)
        }
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.seekToEnd()
        process.standardOutput = file
        process.standardError = file
        try process.runGuarded()
        processes.append(process)
        return process.processIdentifier
    }

    private func fill(urls: [String]) async throws {
        _ = try await Migrations(pool: pool).migrate()
        let square = "ST_Multi(ST_MakeEnvelope(110.6, 26.7, 110.7, 26.8, 4326))"
        var parent = "NULL"
        for (level, code) in ["430581001", "430581001001", "430581001001001", "430581001001001001"].enumerated() {
            _ = try await pool.query(
                """
                INSERT INTO grid (code, name, level, parent_id, geom)
                VALUES ('\(code)', '网格\(level + 1)', \(level + 1), \(parent), \(square))
                """
            )
            parent = "(SELECT id FROM grid WHERE code = '\(code)')"
        }
        _ = try await pool.query(
            "INSERT INTO post (code, title, kind, grid_id) VALUES ('P1', '微网格长', 'micro_grid_leader', \(parent))"
        )
        _ = try await pool.query(
            """
            INSERT INTO hazard_type (code, code_scheme, theme, name_zh, name_en, severity, handle_minutes) VALUES
            ('FNS-01', 'LOCAL', 'FNS', '危险水域人员进入', 'Person at dangerous water', 1, 60),
            ('01050', 'GBT47678.5-2026', 'SBGZ', '监控电子眼设施异常', 'Camera out of order', 3, 1440)
            """
        )
        for (index, url) in urls.enumerated() {
            _ = try await pool.query(
                """
                INSERT INTO camera (id, name, stream_url, geom, grid_id, mapping_method, enabled) VALUES
                ($1, '河边', $2, ST_SetSRID(ST_Point(110.65, 26.75), 4326), \(parent), 'point', true)
                """,
                [.text("cam-\(index)"), .text(url)]
            )
            _ = try await pool.query(
                """
                INSERT INTO camera_rule VALUES ($1, 'all', 'FNS-01', '{"id": "all", "kind": "intrusion",
                    "polygon": [[0, 0], [1, 0], [1, 1], [0, 1]], "dispatch": "auto"}')
                """,
                [.text("cam-\(index)")]
            )
        }
    }
}

import Flow
import Foundation
import Logging
import Postgres
import Spool
import Store
import Testing

@testable import Pipeline

@Suite struct DeliveryPaceTests {
    @Test("a batch that takes too long is halved down to the row at fault, which steps aside, and grows again")
    func halving() {
        var pace = DeliveryPace(batch: 8)
        var sizes: [Int] = []
        while pace.limit > 1 {
            #expect(pace.timedOut((1...Int64(pace.limit)).map { $0 }, now: 0) == .smaller)
            sizes.append(pace.limit)
        }
        #expect(sizes == [4, 2, 1])
        #expect(pace.timedOut([1], now: 0) == .aside)
        #expect(pace.aside == [1])
        for wanted in [2, 4, 8, 8] {
            pace.wrote([2])
            #expect(pace.limit == wanted)
        }
    }

    @Test("a row aside is tried alone with growing waits, between the others, and given up after the last try")
    func lastTry() {
        var pace = DeliveryPace(batch: 1)
        var now = 0.0
        #expect(pace.timedOut([7], now: now) == .aside)
        for (index, wait) in DeliveryPace.waits.enumerated() {
            #expect(pace.takeDue(now: now + wait - 1) == nil)
            now += wait
            #expect(pace.takeDue(now: now) == 7)
            #expect(pace.timedOut([7], now: now) == (index + 1 < DeliveryPace.waits.count ? .aside : .giveUp))
            #expect(pace.takeDue(now: now + 1000) == nil, "the others come first")
            pace.wrote([8])
        }
        #expect(pace.aside.isEmpty)
    }

    @Test(
        "when nothing passes the database is slow: no row is given up for it, and the first ones do not stay in front"
    )
    func slow() {
        var pace = DeliveryPace(batch: 1)
        for row in 1...3 { #expect(pace.timedOut([Int64(row)], now: 0) == .aside) }
        for round in 1...50 {
            #expect(pace.timedOut([4], now: Double(round) * 1000) == .slow)
        }
        #expect(pace.aside == [1, 2, 3, 4])
        pace.wrote([5])
        #expect(pace.timedOut([4], now: 60_000) == .aside)
    }

    @Test("a row that left the spool is forgotten")
    func gone() {
        var pace = DeliveryPace(batch: 1)
        #expect(pace.timedOut([1], now: 0) == .aside)
        pace.isGone(1)
        #expect(pace.aside.isEmpty)
    }
}

@Suite(.enabled(if: ProcessInfo.processInfo.environment["GRIDWATCH_TEST_DATABASE"] != nil))
struct DeliveryTests {
    @Test("a row that the database needs too long for does not hold up the others")
    func poison() async throws {
        let server = try #require(ProcessInfo.processInfo.environment["GRIDWATCH_TEST_DATABASE"])
        let name = "delivery_" + UUID().uuidString.lowercased().replacing("-", with: "").prefix(12)
        let admin = PostgresPool(conninfo: server, size: 1)
        try await admin.query("CREATE DATABASE \(name)")
        let pool = PostgresPool(conninfo: "\(server) dbname=\(name)", size: 3)
        try await Migrations(pool: pool).migrate()
        let poison = makeRecord(37)
        try await pool.withConnection {
            try await $0.script(
                """
                INSERT INTO hazard_type (code, code_scheme, theme, name_zh, name_en, severity, handle_minutes)
                VALUES ('FNS-01', 'LOCAL', 'FNS', '水域', 'Water', 1, 60);
                INSERT INTO camera (id, name) VALUES ('cam', 'cam');
                CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    IF NEW.id = '\(poison.id)' THEN PERFORM pg_sleep(60); END IF;
                    RETURN NEW;
                END $$;
                CREATE TRIGGER dawdle BEFORE INSERT ON alert FOR EACH ROW EXECUTE FUNCTION dawdle();
                """
            )
        }
        let folder = try Folder()
        let spool = try AlertSpool(directory: folder.path + "/spool", capacityBytes: 16 << 20)
        try spool.append((0..<100).map(makeRecord))
        let hasty = PostgresPool(conninfo: "\(server) dbname=\(name)", size: 1, statementTimeout: .milliseconds(400))
        let (health, meter) = (HealthBoard(), Meter())
        let delivery = Delivery(
            spool: spool,
            writer: AlertWriter(pool: hasty),
            authority: { Authority(worker: WorkerIdentity(id: "w"), epochs: [:]) },
            settings: Delivery.Settings(),
            meter: meter,
            health: health,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let running = Task { await delivery.run() }
        #expect(try await eventually { spool.count == 1 })
        #expect(try spool.next(limit: 2).map(\.record.id) == [poison.id])
        let rows = try await pool.query("SELECT count(*)::int AS n FROM alert").rows[0].requireInt("n")
        #expect(rows == 99)
        #expect(try await eventually { health.current["delivery"]?.contains("1 alerts wait") == true })
        #expect(meter.counter("gridwatch_delivery_timeouts_total", "").value > 1)
        // What held it up is gone: it is delivered by itself.
        try await pool.query("DROP TRIGGER dawdle ON alert")
        #expect(try await eventually { spool.count == 0 })
        #expect(try await eventually { health.current["delivery"] == nil })
        running.cancel()
        await running.value
        await hasty.close()
        await pool.close()
        try await admin.query("DROP DATABASE \(name) WITH (FORCE)")
        await admin.close()
    }
}

@Suite struct InstallationTests {
    @Test("an installation is itself over restarts, another folder or another start of the machine is not")
    func identity() throws {
        let (one, other) = (try Folder(), try Folder())
        let first = try Installation.identity(directory: one.path)
        #expect(try Installation.identity(directory: one.path) == first)
        #expect(try Installation.identity(directory: other.path) != first)
        let boot = other.path + "/boot"
        try "another start\n".write(toFile: boot, atomically: true, encoding: .utf8)
        let copied = try Installation.identity(directory: one.path, bootFile: boot)
        #expect(copied != first)
        #expect(copied.hasSuffix("/another start"))
    }

    @Test("processes that start together agree, and a damaged number is replaced")
    func together() async throws {
        let folder = try Folder()
        let path = folder.path
        let found = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<8 { group.addTask { try Installation.identity(directory: path) } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(found.count == 1)
        try "x".write(toFile: path + "/installation", atomically: true, encoding: .utf8)
        let replaced = try Installation.identity(directory: path)
        #expect(try Installation.identity(directory: path) == replaced)
        #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["installation"])
    }
}

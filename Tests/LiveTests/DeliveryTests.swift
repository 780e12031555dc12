import Flow
import Foundation
import Logging
import Postgres
import Spool
import Store
import Synchronization
import TestSupport
import Testing

@testable import Live

@Suite struct DeliveryPaceTests {
    @Test("a batch that takes too long is halved down to the row at fault, which steps aside, and grows again")
    func halving() {
        var pace = DeliveryPace(batch: 8)
        var sizes: [Int] = []
        while pace.limit > 1 {
            #expect(pace.refused((1...Int64(pace.limit)).map { $0 }, now: 0) == .smaller)
            sizes.append(pace.limit)
        }
        #expect(sizes == [4, 2, 1])
        #expect(pace.refused([1], now: 0) == .aside)
        #expect(pace.aside == [1])
        for wanted in [2, 4, 8, 8] {
            pace.wrote([2])
            #expect(pace.limit == wanted)
        }
    }

    @Test("a row aside is tried alone with growing waits, between the others, and never given up")
    func lastTry() {
        var pace = DeliveryPace(batch: 1)
        var now = 0.0
        #expect(pace.refused([7], now: now) == .aside)
        for round in 0..<100 {
            let wait = DeliveryPace.waits[min(round, DeliveryPace.waits.count - 1)]
            #expect(pace.takeDue(now: now + wait - 1) == nil)
            now += wait
            #expect(pace.takeDue(now: now) == 7)
            #expect(pace.refused([7], now: now) == .aside)
            #expect(pace.takeDue(now: now + 1000) == nil, "the others come first")
            pace.wrote([8])
        }
        #expect(pace.aside == [7])
        #expect(pace.takeDue(now: now + 300) == 7)
        pace.wrote([7])
        #expect(pace.aside.isEmpty)
    }

    @Test("rows aside that take long are tried for a fifth of the time at most")
    func share() {
        var pace = DeliveryPace(batch: 1)
        for row in 1...3 { #expect(pace.refused([Int64(row)], now: 0) == .aside) }
        pace.wrote([9])
        #expect(pace.takeDue(now: 100) == 1)
        #expect(pace.refused([1], now: 105) == .aside)
        pace.wrote([10])
        #expect(pace.takeDue(now: 106) == nil)
        #expect(pace.takeDue(now: 124) == nil)
        #expect(pace.takeDue(now: 126) == 2)
    }

    @Test(
        "when nothing passes the database is slow: no row is given up for it, and the first ones do not stay in front"
    )
    func slow() {
        var pace = DeliveryPace(batch: 1)
        for row in 1...3 { #expect(pace.refused([Int64(row)], now: 0) == .aside) }
        for round in 1...50 {
            #expect(pace.refused([4], now: Double(round) * 1000) == .slow)
        }
        #expect(pace.aside == [1, 2, 3, 4])
        pace.wrote([5])
        #expect(pace.refused([4], now: 60_000) == .aside)
    }

    @Test("a row that left the spool is forgotten")
    func gone() {
        var pace = DeliveryPace(batch: 1)
        #expect(pace.refused([1], now: 0) == .aside)
        pace.isGone(1)
        #expect(pace.aside.isEmpty)
    }
}

@Suite(.enabled(if: TestDatabase.server != nil, "set GRIDWATCH_TEST_DATABASE"))
struct DeliveryTests {
    /// A database with a camera, a spool, and what brings one into the other.
    private struct Site {
        let database: TestDatabase
        let pool: PostgresPool
        /// With a short time for each statement.
        let hasty: PostgresPool
        let folder: Folder
        let spool: AlertSpool
        let health = HealthBoard()
        let meter = Meter()

        init() async throws {
            database = try await TestDatabase.make()
            pool = PostgresPool(conninfo: database.conninfo, size: 3)
            hasty = PostgresPool(conninfo: database.conninfo, size: 3, statementTimeout: .milliseconds(400))
            folder = try Folder()
            spool = try AlertSpool(directory: folder.path + "/spool", capacityBytes: 16 << 20)
            try await Migrations(pool: pool).migrate()
            try await pool.withConnection {
                try await $0.script(
                    """
                    INSERT INTO hazard_type (code, code_scheme, theme, name_zh, name_en, severity, handle_minutes)
                    VALUES ('FNS-01', 'LOCAL', 'FNS', '水域', 'Water', 1, 60);
                    INSERT INTO camera (id, name) VALUES ('cam', 'cam'), ('bad', 'bad');
                    """
                )
            }
        }

        func delivery(_ settings: Delivery.Settings = Delivery.Settings()) -> Delivery {
            Delivery(
                spool: spool,
                writer: AlertWriter(pool: hasty),
                authority: { Authority(worker: WorkerIdentity(id: "w"), epochs: [:]) },
                settings: settings,
                meter: meter,
                health: health,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
        }

        /// Makes the database do something before it takes the alert of `id`.
        func trap(_ id: String, _ body: String) async throws {
            try await pool.withConnection {
                try await $0.script(
                    """
                    CREATE OR REPLACE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                        IF NEW.id = '\(id)' THEN \(body); END IF;
                        RETURN NEW;
                    END $$;
                    DROP TRIGGER IF EXISTS trap ON alert;
                    CREATE TRIGGER trap BEFORE INSERT ON alert FOR EACH ROW EXECUTE FUNCTION trap();
                    """
                )
            }
        }

        func count(_ table: String) async throws -> Int {
            try await pool.query("SELECT count(*)::int AS n FROM \(table)").rows[0].requireInt("n")
        }

        func close() async throws {
            await hasty.close()
            await pool.close()
            try await database.drop()
        }
    }

    @Test("a row that the database needs too long for does not hold up the others")
    func poison() async throws {
        let site = try await Site()
        let poison = makeRecord(37)
        try await site.trap(poison.id, "PERFORM pg_sleep(60)")
        try site.spool.append((0..<100).map(makeRecord))
        let delivery = site.delivery()
        let running = Task { await delivery.run() }
        #expect(try await eventually { site.spool.count == 1 })
        #expect(try site.spool.next(limit: 2).map(\.record.id) == [poison.id])
        #expect(try await site.count("alert") == 99)
        #expect(try await eventually { site.health.current["delivery"]?.contains("1 alerts wait") == true })
        #expect(site.meter.counter("gridwatch_delivery_timeouts_total", "").value > 1)
        // What held it up is gone: it is delivered by itself.
        try await site.pool.query("DROP TRIGGER trap ON alert")
        #expect(try await eventually { site.spool.count == 0 })
        #expect(try await eventually { site.health.current["delivery"] == nil })
        #expect(try await site.count("alert_quarantine") == 0)
        running.cancel()
        await running.value
        try await site.close()
    }

    /// What becomes of a row that the database refuses with a code.
    enum Fate: Sendable {
        /// The others are delivered, it is set aside in the database.
        case setAside
        /// The others are delivered, it waits in the spool.
        case waits
        /// All wait in the spool.
        case allWait
    }

    static let fates: [(String, Fate)] = [
        ("22003", .setAside), ("22021", .setAside), ("23502", .setAside), ("23514", .setAside), ("54000", .setAside),
        ("57014", .waits), ("55P03", .waits), ("40001", .waits), ("40P01", .waits), ("42501", .waits),
        ("42703", .waits), ("P0001", .waits), ("XX000", .waits), ("XX001", .waits), ("21000", .waits),
        ("53100", .allWait), ("53300", .allWait), ("57P01", .allWait), ("57P03", .allWait), ("58030", .allWait),
        ("08006", .allWait), ("25006", .allWait),
    ]

    @Test("a row is set aside only for what it holds; for nothing else is one given up, or does it hold up the others")
    func sqlStates() async throws {
        let site = try await Site()
        var settings = Delivery.Settings()
        (settings.retryBase, settings.retryCap) = (0.01, 0.02)
        for (index, (state, fate)) in Self.fates.enumerated() {
            let records = (index * 100..<index * 100 + 12).map(makeRecord)
            try await site.pool.query("TRUNCATE alert, alert_quarantine CASCADE")
            try await site.trap(records[5].id, "RAISE EXCEPTION 'no' USING ERRCODE = '\(state)'")
            try site.spool.append(records)
            let delivery = site.delivery(settings)
            let running = Task { await delivery.run() }
            switch fate {
            case .setAside:
                #expect(try await eventually { site.spool.count == 0 }, "\(state)")
                #expect(try await site.count("alert_quarantine") == 1, "\(state)")
                #expect(try await site.count("alert") == 11, "\(state)")
            case .waits:
                #expect(try await eventually { site.spool.count == 1 }, "\(state)")
                #expect(try site.spool.next(limit: 2).map(\.record) == [records[5]], "\(state)")
                #expect(try await site.count("alert") == 11, "\(state)")
            case .allWait:
                #expect(try await eventually { site.health.current["delivery"]?.contains(state) == true }, "\(state)")
                #expect(site.spool.count == 12, "\(state)")
            }
            if fate != .setAside { #expect(try await site.count("alert_quarantine") == 0, "\(state)") }
            running.cancel()
            await running.value
            try await site.pool.query("DROP TRIGGER trap ON alert")
            #expect(
                await site.delivery().flush(deadline: .now + .seconds(30)),
                "\(state): delivered once nothing is odd"
            )
        }
        let setAside = Self.fates.count { if case .setAside = $0.1 { true } else { false } }
        #expect(site.meter.counter("gridwatch_alerts_set_aside_total", "").value == setAside)
        try await site.close()
    }

    @Test("an alert of another process that the database refuses does not hold up the others, and is tried again")
    func adoption() async throws {
        let site = try await Site()
        let worker = WorkerIdentity(id: "w")
        let late = AlertWriter(pool: site.pool)
        let records = (0..<5).map { number in
            var record = makeRecord(number)
            if number == 1 { record.camera = "bad" }
            record.id = AlertID.make(camera: record.camera, rule: record.rule, start: record.startedAt)
            return record
        }
        _ = try await late.write(records, authority: Authority(worker: worker, epochs: [:]))
        try await site.pool.withConnection {
            try await $0.script(
                """
                INSERT INTO ingest_worker (id, boot, epoch, lease_until, capacity, version, host)
                VALUES ('w', '\(worker.boot.uuidString)', 1, '2100-01-01', 1000, '1', 'w');
                UPDATE ingest_shard SET worker_id = 'w', epoch = 1;
                CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    IF NEW.camera_id = 'bad' THEN RAISE EXCEPTION 'no'; END IF;
                    RETURN NEW;
                END $$;
                CREATE TRIGGER trap BEFORE INSERT ON hazard_case FOR EACH ROW EXECUTE FUNCTION trap();
                """
            )
        }
        let epochs = Dictionary(uniqueKeysWithValues: (0..<256).map { ($0, 1) })
        let now = Hands()
        let adoption = Adoption(
            spool: site.spool,
            writer: AlertWriter(pool: site.pool),
            authority: { Authority(worker: worker, epochs: epochs) },
            loops: LoopMonitor(meter: site.meter, health: site.health),
            meter: site.meter,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            clocks: now.clocks
        )
        var progress = Adoption.Progress()
        for _ in 0..<8 { try await adoption.turn(&progress) }
        #expect(Set(progress.passedOver.keys) == [records[1].id])
        #expect(try await site.count("alert WHERE orphan") == 1)
        #expect(try await site.count("alert WHERE case_id IS NOT NULL") == 4)
        try await site.pool.query("DROP TRIGGER trap ON hazard_case")
        try await adoption.turn(&progress)
        #expect(try await site.count("alert WHERE orphan") == 1, "it is left alone for some minutes")
        now.seconds.withLock { $0 += 301 }
        try await adoption.turn(&progress)
        #expect(try await site.count("alert WHERE orphan") == 0 && progress.passedOver.isEmpty)
        try await site.close()
    }

    private final class Hands: Sendable {
        let seconds = Mutex(0.0)
        var clocks: Clocks { Clocks(wall: { .zero }, monotonic: { [self] in seconds.withLock { $0 } }) }
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

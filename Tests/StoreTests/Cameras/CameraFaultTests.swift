import Flow
import Postgres
import Store
import Testing

@Suite(.enabled(if: StoreDatabase.isAvailable, "set GRIDWATCH_TEST_DATABASE"))
struct CameraFaultTests {
    private func fault(_ camera: String, minutes: Double = 0, ended: Double? = nil) -> AlertRecord {
        var record = statement(
            camera,
            rule: CameraFault.rule,
            hazard: CameraFault.hazardType,
            minutes: minutes,
            ended: ended,
            auto: true,
            severity: 3
        )
        record.kind = CameraFault.kind
        return record
    }

    private func prepare(_ database: StoreDatabase) async throws {
        try await database.pool.query(
            """
            INSERT INTO hazard_type VALUES ('01050', 'GBT47678.5-2026', 'SBGZ', '监控电子眼设施异常', 'Camera out of order', 3,
                1440, false)
            """
        )
    }

    private func history(_ database: StoreDatabase) async throws -> [String?] {
        try await database.pool.query("SELECT kind FROM case_event ORDER BY id").rows.map { $0["kind"] }
    }

    @Test("a fault becomes a case with a task for the unit that repairs the camera; its end is history, the case stays")
    func wayOfAFault() async throws {
        try await StoreDatabase.with { (database) async throws in
            try await prepare(database)
            let writer = AlertWriter(pool: database.pool)
            let listener = try await PostgresConnection.connect(database.conninfo)
            let report = try await writer.write([fault("a")])
            #expect((report.casesOpened, report.tasksOpened, report.quarantined) == (1, 1, 0))
            let task = "SELECT p.code || ' ' || t.state FROM task t JOIN post p ON p.id = t.post_id"
            #expect(try await database.value(task) == "R1 open")
            try await listener.listen("gridwatch_change")
            for _ in 0..<2 { _ = try await writer.write([fault("a", ended: 30)]) }
            try await database.pool.query("SELECT pg_notify('gridwatch_change', 'end')")
            var heard: [String] = []
            for await notification in listener.notifications {
                if notification.payload == "end" { break }
                heard.append(notification.payload)
            }
            #expect(heard == ["case 1"])
            #expect(try await history(database) == ["opened", "reported", "dispatched", "recovered"])
            #expect(
                try await database.value("SELECT data ->> 'camera' FROM case_event ORDER BY id DESC LIMIT 1") == "a"
            )
            #expect(try await database.value("SELECT stage FROM hazard_case WHERE outcome IS NULL") == "dispatch")
            #expect(try await database.value(task) == "R1 open")
            _ = try await writer.write([fault("a", minutes: 60), fault("a", minutes: 60, ended: 61)])
            #expect(try await history(database).suffix(2) == ["alert", "recovered"])
            await listener.close()
        }
    }

    @Test("case and task say why, as the newest statement does; what is no word is not kept")
    func reason() async throws {
        try await StoreDatabase.with { (database) async throws in
            try await prepare(database)
            let writer = AlertWriter(pool: database.pool)
            func say(_ word: String?, minutes: Double, ended: Double? = nil) async throws {
                var record = fault("a", ended: ended)
                record.statedAt = record.startedAt.advanced(bySeconds: minutes * 60)
                record.reason = word
                _ = try await writer.write([record])
            }
            func told() async throws -> String? {
                let id = try await database.caseID("a")
                let detail = try await CaseReader(pool: database.pool).detail(id: id, access: .everything)
                let task = try #require(detail?.tasks.first)
                #expect(task.faultReason == detail?.faultReason)
                return detail?.faultReason
            }
            try await say("timed_out", minutes: 0)
            #expect(try await told() == "timed_out")
            try await say("unauthorized", minutes: 20)
            #expect(try await told() == "unauthorized")
            try await say("closed", minutes: 10)
            #expect(try await told() == "unauthorized", "an older statement that comes late changes nothing")
            try await say("damaged 640", minutes: 30, ended: 30)
            #expect(try await told() == "damaged 640")
            for (index, word) in ["Not a word", "<b>", String(repeating: "x", count: 61)].enumerated() {
                try await say(word, minutes: 40 + 2 * Double(index))
                #expect(try await told() == nil)
                try await say("damaged", minutes: 41 + 2 * Double(index))
                #expect(try await told() == "damaged")
            }
            #expect(try await database.value("SELECT count(*) FROM alert_quarantine") == "0")
        }
    }

    @Test("a fault of the next camera is a case of its own, and does not join other device faults")
    func neighbours() async throws {
        try await StoreDatabase.with { (database) async throws in
            try await prepare(database)
            let writer = AlertWriter(pool: database.pool)
            let report = try await writer.write([fault("a"), fault("b", minutes: 1), fault("c", minutes: 2)])
            #expect(report.casesOpened == 3)
            let covered = statement("a", hazard: CameraFault.hazardType, minutes: 3)
            #expect(try await writer.write([covered]).casesOpened == 1)
        }
    }

    @Test("a fault that was over before its case was opened, and an end that came late, are told by the owner")
    func late() async throws {
        try await StoreDatabase.with { (database) async throws in
            try await prepare(database)
            let writer = AlertWriter(pool: database.pool)
            let nobody = Authority(worker: WorkerIdentity(id: "gone"), epochs: Authority.town.epochs)
            _ = try await writer.write([fault("a"), fault("a", ended: 5)], authority: nobody)
            #expect(try await history(database).isEmpty)
            #expect(try await writer.adopt(.town).tasksOpened == 1)
            #expect(try await history(database) == ["opened", "reported", "dispatched", "recovered"])
            _ = try await writer.write([fault("d")])
            _ = try await writer.write([fault("d", ended: 5)], authority: nobody)
            #expect(try await history(database).count == 7)
            _ = try await writer.adopt(.town)
            #expect(try await history(database).suffix(1) == ["recovered"])
            _ = try await writer.write([fault("d", ended: 5)], authority: nobody)
            #expect(try await database.value("SELECT count(*) FROM alert WHERE orphan") == "0")
        }
    }
}

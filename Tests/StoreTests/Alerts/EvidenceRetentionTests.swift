import Cases
import Flow
import Foundation
import Postgres
import Testing

@testable import Store

@Suite(.enabled(if: StoreDatabase.isAvailable, "set GRIDWATCH_TEST_DATABASE"))
struct EvidenceRetentionTests {
    /// A statement with a picture, `stated` minutes after noon of 2026-08-04.
    static func pictured(_ camera: String, at minutes: Double, stated: Double, hash: String = "a") -> AlertRecord {
        var record = statement(camera, minutes: minutes, stated: stated, picture: hash)
        record.evidence?.path = "2026/08/04/\(record.id)-\(record.statedAt.microseconds).jpg"
        return record
    }

    private func file(_ record: AlertRecord, _ path: String? = nil) -> EvidenceRetention.File {
        let modified = Date(timeIntervalSince1970: record.statedAt.seconds)
        return EvidenceRetention.File(path: path ?? record.evidence?.path ?? "", modifiedAt: modified)
    }

    private func judge(
        _ database: StoreDatabase,
        _ files: [EvidenceRetention.File],
        afterDays days: Double,
        policy: EvidencePolicy = EvidencePolicy(days: 90, looseHours: 48),
        isTrial: Bool = false
    ) async throws -> [String] {
        let now = Date(timeIntervalSince1970: 1_785_816_000 + days * 86_400)
        return try await EvidenceRetention(pool: database.pool, policy: policy)
            .judge(files, now: now, isTrial: isTrial).map { "\($0.0.path) \($0.1.rawValue)" }.sorted()
    }

    @Test("the first and the newest picture of an alert stay, those between go once no open page can show them")
    func superseded() async throws {
        try await StoreDatabase.with { (database) async throws in
            let records = [0.0, 10, 20, 30].map { Self.pictured("a", at: 0, stated: $0) }
            _ = try await AlertWriter(pool: database.pool).write([records[2], records[0]], authority: .town)
            _ = try await AlertWriter(pool: database.pool).write([records[1]], authority: .town)
            // The last one still waits in a spool.
            let files = records.map { file($0) }
            #expect(try await judge(database, files, afterDays: 1).isEmpty)
            #expect(try await judge(database, files, afterDays: 3) == ["\(files[1].path) superseded"])
            #expect(try await judge(database, files, afterDays: 1000) == ["\(files[1].path) superseded"])
            let row = try await database.pool.query("SELECT * FROM alert").rows[0]
            #expect(row["first_evidence_path"] == records[0].evidence?.path)
            #expect(row["evidence_path"] == records[2].evidence?.path)
        }
    }

    @Test(
        "what an open case points to stays at any age; after its end it goes when its time is over, and the row says so"
    )
    func expired() async throws {
        try await StoreDatabase.with { (database) async throws in
            let record = Self.pictured("a", at: 0, stated: 0)
            _ = try await AlertWriter(pool: database.pool).write([record], authority: .town)
            let files = [file(record)]
            #expect(try await judge(database, files, afterDays: 4000).isEmpty)
            try await database.pool.query(
                "UPDATE hazard_case SET outcome = 'false_alarm', closed_at = '2026-08-24 12:00:00+08'"
            )
            #expect(try await judge(database, files, afterDays: 100).isEmpty, "80 days after its end")
            let policy = EvidencePolicy(days: 0, looseHours: 48)
            #expect(try await judge(database, files, afterDays: 4000, policy: policy).isEmpty, "kept for ever")
            #expect(try await judge(database, files, afterDays: 120).isEmpty, "the database got it just now")
            try await database.pool.query("UPDATE alert SET received_at = stated_at")
            #expect(try await judge(database, files, afterDays: 120, isTrial: true) == ["\(files[0].path) expired"])
            #expect(try await database.value("SELECT count(*) FROM alert WHERE evidence_removed_at IS NULL") == "1")
            let access = Access.everything
            let catalog = CatalogReader(pool: database.pool)
            #expect(try await catalog.evidenceTag(path: files[0].path, access: access) != nil)
            #expect(try await judge(database, files, afterDays: 120) == ["\(files[0].path) expired"])
            #expect(try await database.value("SELECT count(*) FROM alert WHERE evidence_removed_at IS NULL") == "0")
            var filter = CaseFilter()
            filter.state = .all
            let shown = try #require(try await CaseReader(pool: database.pool).list(filter, access: access).items.first)
            #expect(shown.picture == nil && shown.pictureRemovedAt != nil)
        }
    }

    @Test("a picture that would be the first one of its alert stays while its statement has not come")
    func firstWaits() async throws {
        try await StoreDatabase.with { (database) async throws in
            let records = [0.0, 10, 20, 30].map { Self.pictured("a", at: 0, stated: $0) }
            _ = try await AlertWriter(pool: database.pool).write(Array(records[1...]), authority: .town)
            let files = records.map { file($0) }
            #expect(try await judge(database, files, afterDays: 1000) == ["\(files[2].path) superseded"])
            _ = try await AlertWriter(pool: database.pool).write([records[0]], authority: .town)
            let row = try await database.pool.query("SELECT first_evidence_path FROM alert").rows[0]
            #expect(row["first_evidence_path"] == files[0].path)
            let later = try await judge(database, files, afterDays: 1000)
            #expect(later == ["\(files[1].path) superseded", "\(files[2].path) superseded"])
        }
    }

    @Test("an alert that somebody else is writing is passed over, and nobody waits")
    func passesOver() async throws {
        try await StoreDatabase.with { (database) async throws in
            let records = ["a", "b"].map { Self.pictured($0, at: 0, stated: 0) }
            _ = try await AlertWriter(pool: database.pool).write(records, authority: .town)
            try await database.pool.query("UPDATE hazard_case SET outcome = 'false_alarm', closed_at = opened_at")
            try await database.pool.query("UPDATE alert SET received_at = stated_at")
            try await database.pool.query("UPDATE hazard_case SET closed_at = '2026-08-04 12:00:00+08'")
            let hasty = PostgresPool(conninfo: database.conninfo, size: 1, statementTimeout: .seconds(2))
            let retention = EvidenceRetention(pool: hasty, policy: EvidencePolicy(days: 90, looseHours: 48))
            let now = Date(timeIntervalSince1970: 1_785_816_000 + 200 * 86_400)
            let files = records.map { file($0) }
            try await database.pool.transaction { connection in
                try await connection.query("SELECT FROM alert WHERE camera_id = 'a' FOR UPDATE")
                let going = try await retention.judge(files, now: now, isTrial: false)
                #expect(going.map(\.0) == [files[1]])
                // What it has looked at and marked is nobody's to wait for.
                try await connection.query("SET LOCAL lock_timeout = '1s'")
                try await connection.query("SELECT FROM alert FOR UPDATE")
            }
            let marked = "SELECT count(*) FROM alert WHERE evidence_removed_at IS NOT NULL"
            #expect(try await database.value(marked) == "1")
            #expect(try await retention.judge(files, now: now, isTrial: false).count == 2)
            #expect(try await database.value(marked) == "2")
            await hasty.close()
        }
    }

    @Test("a picture whose statement was set aside stays: a person may try it again")
    func setAside() async throws {
        try await StoreDatabase.with { (database) async throws in
            let record = Self.pictured("nobody", at: 0, stated: 0)
            let report = try await AlertWriter(pool: database.pool).write([record], authority: .town)
            #expect(report.quarantined == 1)
            #expect(try await judge(database, [file(record)], afterDays: 1000).isEmpty)
            try await database.pool.query("DELETE FROM alert_quarantine")
            #expect(try await judge(database, [file(record)], afterDays: 1000).count == 1)
        }
    }

    @Test("a picture of an alert that the database does not have yet stays until pictures of its age are not kept")
    func unknown() async throws {
        try await StoreDatabase.with { (database) async throws in
            let files = [file(Self.pictured("a", at: 0, stated: 0))]
            #expect(try await judge(database, files, afterDays: 80).isEmpty)
            #expect(try await judge(database, files, afterDays: 91) == ["\(files[0].path) unknown"])
        }
    }

    @Test(
        "photos that were not sent go with their task, half-written files after a while, and what is something else stays"
    )
    func others() async throws {
        try await StoreDatabase.with { (database) async throws in
            var record = Self.pictured("a", at: 0, stated: 0)
            record.autoDispatch = true
            _ = try await AlertWriter(pool: database.pool).write([record], authority: .town)
            let task = try #require(try await database.value("SELECT id FROM task").flatMap { Int($0) })
            let hash = String(repeating: "b", count: 64)
            try await database.pool.query(
                "INSERT INTO task_photo (task_id, path, sha256, bytes) VALUES ($1, $2, $3, 1)",
                [.int(task), .text("tasks/\(task)/sent.jpg"), .text(hash)]
            )
            let files = [
                "tasks/\(task)/sent.jpg", "tasks/\(task)/draft.jpg", "tasks/999999/gone.png", "2026/08/04/x.jpg.part",
                "tasks/\(task)/.ABC", "notes.txt", "2026/08/04/other.jpg",
            ].map { file(record, $0) }
            #expect(try await judge(database, files, afterDays: 1).isEmpty)
            let open = [
                "2026/08/04/x.jpg.part unfinished", "tasks/\(task)/.ABC unfinished", "tasks/999999/gone.png unsent",
            ]
            #expect(try await judge(database, files, afterDays: 3) == open)
            try await database.pool.query("UPDATE task SET state = 'cancelled'")
            #expect(
                try await judge(database, files, afterDays: 3) == (open + ["tasks/\(task)/draft.jpg unsent"]).sorted()
            )
        }
    }

    @Test("a picture that an alert had before is seen by those who may see the alert, and by nobody else")
    func earlierPicture() async throws {
        try await StoreDatabase.with { (database) async throws in
            let records = [0.0, 10, 20].map { Self.pictured("d", at: 0, stated: $0, hash: "\(Int($0) / 10)") }
            _ = try await AlertWriter(pool: database.pool).write(records, authority: .town)
            let catalog = CatalogReader(pool: database.pool)
            func tag(_ record: AlertRecord, _ access: Access) async throws -> String? {
                try await catalog.evidenceTag(path: record.evidence?.path ?? "", access: access)
            }
            let admin = Access.everything
            #expect(try await tag(records[0], admin) == String(repeating: "0", count: 64))
            #expect(try await tag(records[1], admin) == records[1].evidence?.path)
            #expect(try await tag(records[2], admin) == String(repeating: "2", count: 64))
            let other = try await database.person("stranger")
            let stranger = Access.post(try #require(other.postID))
            for record in records { #expect(try await tag(record, stranger) == nil) }
        }
    }
}

@Suite(.enabled(if: StoreDatabase.isAvailable, "set GRIDWATCH_TEST_DATABASE"))
struct CaseEventFoldTests {
    @Test("alerts that repeat themselves are one line with their number and the last time; the ledger keeps each")
    func folds() async throws {
        try await StoreDatabase.with { (database) async throws in
            let writer = AlertWriter(pool: database.pool)
            for minute in 0..<7 {
                _ = try await writer.write([statement("a", minutes: Double(minute))], authority: .town)
                if minute > 2 {
                    _ = try await writer.write([statement("b", minutes: Double(minute) + 0.5)], authority: .town)
                }
            }
            let id = try await database.caseID("a")
            try await database.pool.query(
                "INSERT INTO case_event (case_id, kind, actor) VALUES ($1, 'reported', 'x'), ($1, 'reported', 'x')",
                [.int(id)]
            )
            _ = try await writer.write([statement("a", minutes: 8)], authority: .town)
            let access = Access.everything
            let events = try #require(try await CaseReader(pool: database.pool).detail(id: id, access: access)).events
            #expect(
                events.map { "\($0.kind) \($0.times)" } == [
                    "opened 1", "alert 6", "merged 4", "reported 1", "reported 1", "alert 1",
                ]
            )
            #expect(events.allSatisfy { $0.lastAt >= $0.at })
            #expect(events[1].lastAt > events[1].at)
            #expect(try await database.value("SELECT count(*) FROM case_event") == "14")
        }
    }
}

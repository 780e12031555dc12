import Cases
import FoundationEssentials
import Postgres

/// The append-only history of cases.
struct CaseHistory {
    let connection: PostgresConnection

    /// One event.
    struct Entry: Sendable {
        var caseID: Int
        var kind: CaseEventKind
        var stageFrom: CaseStage?
        var stageTo: CaseStage?
        var actor: CaseActor
        var note: String?
        var data = Details()
    }

    /// What an event may tell beside its note; fields that are nil are not written.
    struct Details: Sendable, Encodable {
        /// Alert that was added.
        var alert: String?
        /// Its camera.
        var camera: String?
        /// Its rule.
        var rule: String?
        /// Why it was added: identity, grid, distance.
        var by: String?
        /// Task that was given, taken or finished.
        var task: Int?
        /// Post of that task.
        var post: Int?
        /// Titles of the posts that would have come first and have nobody.
        var vacant: [String]?
        /// Why it is a false alarm.
        var reason: String?
        /// Pictures that were sent.
        var photos: Int?

        var json: String {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
        }
    }

    /// What was done with a case last; nil when nobody did anything.
    func newestAct(ofCase id: Int) async throws -> CaseAct? {
        try await connection.query("SELECT * FROM \(CaseAct.newest(ofCase: "$1")) act", [.int(id)]).rows.first
            .flatMap(CaseAct.init)
    }

    /// What took a task away; nil for one that was not taken back.
    func withdrawal(ofTask id: Int) async throws -> CaseAct? {
        try await connection.query(
            "SELECT act.* FROM task t, LATERAL \(CaseAct.withdrawal(ofTask: "t")) act WHERE t.id = $1",
            [.int(id)]
        )
        .rows.first.flatMap(CaseAct.init)
    }

    func add(_ entries: [Entry]) async throws {
        guard !entries.isEmpty else { return }
        try await connection.query(
            """
            INSERT INTO case_event (case_id, kind, stage_from, stage_to, account_id, actor, note, data)
            SELECT case_id, kind, stage_from, stage_to, account_id, actor, note, data
            FROM unnest ($1::bigint[], $2::text[], $3::text[], $4::text[], $5::int[], $6::text[], $7::text[],
                    $8::jsonb[]) WITH ORDINALITY
                AS u (case_id, kind, stage_from, stage_to, account_id, actor, note, data, place)
            ORDER BY place
            """,
            [
                .intArray(entries.map(\.caseID)),
                .textArray(entries.map(\.kind.rawValue)),
                .textArray(entries.map { $0.stageFrom?.rawValue }),
                .textArray(entries.map { $0.stageTo?.rawValue }),
                .intArray(entries.map(\.actor.accountID)),
                .textArray(entries.map(\.actor.displayName)),
                .textArray(entries.map(\.note)),
                .textArray(entries.map(\.data.json)),
            ]
        )
    }
}

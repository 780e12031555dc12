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
        /// Version of the case that a person did it to.
        var version: Int?

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

    /// What a person asks for.
    struct Request: Sendable {
        var caseID: Int
        var kind: CaseEventKind
        var accountID: Int
        /// Version of the case that he saw; nil when he names none.
        var seen: Int?
        /// Nil for any.
        var post: Int?
        var note: String?
        var reason: FalseAlarmReason?
    }

    /// Whether the same person has done exactly this before.
    ///
    /// To the same version of the case, or, when he names none, as the last thing that was done with it; that the post took
    /// the task since makes no difference.
    func holds(_ request: Request) async throws -> Bool {
        let others = CaseAct.kinds.filter { $0 != .accepted }
        return try await connection.query(
            """
            SELECT EXISTS (
                SELECT FROM case_event e
                WHERE e.case_id = $1 AND \(CaseEventFold.isSingle) AND e.kind = $2 AND e.account_id = $3
                    AND e.note IS NOT DISTINCT FROM $4::text
                    AND e.data ->> 'reason' IS NOT DISTINCT FROM $5::text
                    AND ($6::int IS NULL OR (e.data ->> 'post')::int = $6::int)
                    AND CASE WHEN $7::int IS NOT NULL THEN (e.data ->> 'version')::int = $7::int
                        ELSE e.id = (
                            SELECT e.id FROM case_event e
                            WHERE e.case_id = $1 AND \(CaseEventFold.isSingle) AND e.kind IN (\(CaseAct.list(others)))
                            ORDER BY e.id DESC LIMIT 1) END) AS holds
            """,
            [
                .int(request.caseID), .text(request.kind.rawValue), .int(request.accountID),
                PostgresValue(request.note), PostgresValue(request.reason?.rawValue), PostgresValue(request.post),
                PostgresValue(request.seen),
            ]
        ).rows[0].requireBool("holds")
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

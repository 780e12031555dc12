import Cases
import Postgres

/// Puts new cases into the database, each with its number.
struct CaseOpening {
    let connection: PostgresConnection
    let policy: MergePolicy
    let triage: TriageLimits

    /// Inserts the cases that have no key yet, and gives them one.
    ///
    /// The number is of the day on which the first alert started. The counter of the day is locked until the end of the
    /// transaction, so numbers have no gaps.
    ///
    /// - Returns: How many alerts got no case because their day has no numbers left; their cases are taken off the list.
    func open(_ cases: inout [CaseAttachment.Open]) async throws -> Int {
        let fresh = cases.indices.filter { cases[$0].id == nil }
        guard !fresh.isEmpty else { return 0 }
        var numbers: [Int: CaseNumber] = [:]
        let byDay = Dictionary(grouping: fresh) {
            CaseDay(microsecondsSinceEpoch: cases[$0].candidate.first.startedAt)
        }
        for (day, indices) in byDay.sorted(by: { $0.key < $1.key }) {
            for (index, number) in zip(indices, try await take(indices.count, of: day)) { numbers[index] = number }
        }
        try await insert(&cases, numbers)
        let unnumbered = cases.filter { $0.id == nil }.reduce(0) { $0 + $1.arrivals.count }
        cases.removeAll { $0.id == nil }
        return unnumbered
    }

    private func take(_ count: Int, of day: CaseDay) async throws -> [CaseNumber] {
        // The row must exist before it can be locked, and its first value cannot be zero.
        let row = try await connection.query(
            """
            INSERT INTO case_counter AS c (day, last) VALUES ($1::date, 1)
            ON CONFLICT (day) DO UPDATE SET last = c.last RETURNING last, xmax = 0 AS is_new
            """,
            [.text(day.description)]
        ).rows[0]
        let last = try row.requireBool("is_new") ? 0 : row.requireInt("last")
        let numbers = (last..<min(last + count, CaseNumber.maximumSequence))
            .compactMap { CaseNumber(day: day, sequence: $0 + 1) }
        try await connection.query(
            "UPDATE case_counter SET last = $2 WHERE day = $1::date",
            [.text(day.description), .int(max(1, last + numbers.count))]
        )
        return numbers
    }

    private func insert(_ cases: inout [CaseAttachment.Open], _ numbers: [Int: CaseNumber]) async throws {
        let indices = numbers.keys.sorted()
        let alerts = indices.compactMap { cases[$0].arrivals.first?.alert }
        let rows = try await connection.query(
            """
            INSERT INTO hazard_case (
                number, hazard_type, severity, stage, camera_id, rule_id, grid_id, geom, alert_count, opened_at,
                last_alert_at, triage_due_at, recurs_case_id)
            SELECT u.number, u.hazard_type, u.severity, 'inspection', u.camera_id, u.rule_id, c.grid_id, c.geom, 0,
                u.started_at, u.started_at, now () + ($8::int[])[u.severity] * interval '1 min', (
                    SELECT o.id FROM hazard_case o
                    WHERE o.camera_id = u.camera_id AND o.rule_id = u.rule_id AND o.outcome IS NOT NULL
                        AND o.closed_at > u.started_at - $7 * interval '1 s'
                    ORDER BY o.closed_at DESC LIMIT 1)
            FROM unnest ($1::text[], $2::text[], $3::int[], $4::text[], $5::text[], $6::timestamptz[]) WITH ORDINALITY
                AS u (number, hazard_type, severity, camera_id, rule_id, started_at, place)
            JOIN camera c ON c.id = u.camera_id
            ORDER BY u.place
            RETURNING id, number
            """,
            [
                .textArray(indices.map { numbers[$0]?.description }),
                .textArray(alerts.map(\.facts.hazardType)),
                .intArray(alerts.map(\.severity)),
                .textArray(alerts.map(\.facts.camera)),
                .textArray(alerts.map(\.facts.rule)),
                .timestampArray(alerts.map(\.facts.startedAt)),
                .double(policy.recurrence),
                .intArray(triage.minutes),
            ]
        ).rows
        var keys: [String: Int] = [:]
        for row in rows { keys[try row.requireText("number")] = try row.requireInt("id") }
        for index in indices { cases[index].id = numbers[index].flatMap { keys[$0.description] } }
    }
}

import Cases
import Postgres

/// Gives every alert that has none its case: the open one that it belongs to, or a new one.
struct CaseAttachment {
    let connection: PostgresConnection
    let policy: MergePolicy
    let budget: TaskBudget
    let triage: TriageLimits

    /// An alert without a case.
    struct Unattached: Sendable {
        let id: String
        let facts: MergePolicy.Alert
        let severity: Int
        let isAutomatic: Bool
        let gridID: Int?
    }

    /// An open case that an alert may join: one of the database, or one that this batch opens.
    struct Open: Sendable {
        /// Key; nil until the case is in the database.
        var id: Int?
        var candidate: MergePolicy.Candidate
        var isInInspection: Bool
        /// What this batch brings, in order of the alerts' starts.
        var arrivals: [Arrival] = []

        var wantsDispatch: Bool { isInInspection && arrivals.contains { $0.alert.isAutomatic } }
    }

    struct Arrival: Sendable {
        let alert: Unattached
        /// Nil for the alert that opens the case.
        let reason: MergePolicy.Reason?
    }

    func attach(_ alerts: [String], _ report: inout WriteReport) async throws {
        let waiting = try await unattached(alerts)
        guard !waiting.isEmpty else { return }
        var cases = assign(waiting, to: try await openCases(near: alerts))
        let unnumbered = try await CaseOpening(connection: connection, policy: policy, triage: triage).open(&cases)
        try await extend(cases)
        try await record(cases)
        report.alertsWithoutNumber = unnumbered
        report.casesOpened = cases.count { $0.arrivals.first?.reason == nil }
        report.alertsAttached = cases.reduce(0) { $0 + $1.arrivals.count } - report.casesOpened
        try await dispatch(cases.filter(\.wantsDispatch).compactMap(\.id).sorted(), &report)
    }

    /// Makes tasks of cases in inspection, as far as the budget and the posts go; the others wait, and their history says
    /// why.
    func dispatch(_ waiting: [Int], _ report: inout WriteReport) async throws {
        guard !waiting.isEmpty else { return }
        let admitted = try await TaskAllowance(connection: connection, budget: budget).admit(waiting)
        report.casesHeldBack = waiting.count - admitted.count
        report.tasksOpened = try await AutomaticDispatch(connection: connection).dispatch(admitted)
        report.casesWithoutPost = admitted.count - report.tasksOpened
    }

    /// Chooses the case of each alert by the policy; an alert that fits none opens one that the next may join.
    ///
    /// - Returns: The cases that got an alert.
    private func assign(_ alerts: [Unattached], to known: [Open]) -> [Open] {
        struct Identity: Hashable {
            let camera: String
            let rule: String
        }
        var cases = known
        var byIdentity: [Identity: Int] = [:]
        var byHazard: [String: [Int]] = [:]
        func list(_ index: Int) {
            let first = cases[index].candidate.first
            byIdentity[Identity(camera: first.camera, rule: first.rule)] = index
            byHazard[first.hazardType, default: []].append(index)
        }
        for index in cases.indices { list(index) }
        for alert in alerts {
            let facts = alert.facts
            var choice = byIdentity[Identity(camera: facts.camera, rule: facts.rule)]
                .map { (index: $0, reason: MergePolicy.Reason.identity) }
            if choice == nil {
                let indices = byHazard[facts.hazardType] ?? []
                choice = policy.choose(for: facts, among: indices.map { cases[$0].candidate })
                    .map { (indices[$0.index], $0.reason) }
            }
            if let choice {
                cases[choice.index].arrivals.append(Arrival(alert: alert, reason: choice.reason))
                let last = cases[choice.index].candidate.lastAlertAt
                cases[choice.index].candidate.lastAlertAt = max(last, facts.startedAt)
            } else {
                let candidate = MergePolicy.Candidate(first: facts, lastAlertAt: facts.startedAt)
                let arrival = Arrival(alert: alert, reason: nil)
                cases.append(Open(id: nil, candidate: candidate, isInInspection: true, arrivals: [arrival]))
                list(cases.count - 1)
            }
        }
        return cases.filter { !$0.arrivals.isEmpty }
    }

    private func unattached(_ ids: [String]) async throws -> [Unattached] {
        let rows = try await connection.query(
            """
            SELECT a.id, a.camera_id, a.rule_id, a.hazard_type, a.severity, a.auto_dispatch, a.started_at, c.grid_id,
                   CASE WHEN g.level = 4 THEN g.id END AS micro_grid, ST_X (c.geom) AS x, ST_Y (c.geom) AS y
            FROM alert a JOIN camera c ON c.id = a.camera_id LEFT JOIN grid g ON g.id = c.grid_id
            WHERE a.id = ANY ($1::uuid[]) AND a.case_id IS NULL
            ORDER BY a.started_at, a.id
            """,
            [.textArray(ids)]
        ).rows
        return try rows.map { row in
            Unattached(
                id: try row.requireText("id"),
                facts: try facts(row, startedAt: "started_at"),
                severity: try row.requireInt("severity"),
                isAutomatic: try row.requireBool("auto_dispatch"),
                gridID: try row.int("grid_id")
            )
        }
    }

    /// The open cases that any of the alerts could join, locked so that they stay open; found generously, the policy
    /// decides.
    private func openCases(near alerts: [String]) async throws -> [Open] {
        let rows = try await connection.query(
            """
            WITH loose AS (
                SELECT a.camera_id, a.rule_id, a.hazard_type, a.started_at, c.grid_id, c.geom
                FROM alert a JOIN camera c ON c.id = a.camera_id
                WHERE a.id = ANY ($1::uuid[]) AND a.case_id IS NULL)
            SELECT h.id, h.stage, h.camera_id, h.rule_id, h.hazard_type, h.opened_at, h.last_alert_at,
                   CASE WHEN g.level = 4 THEN g.id END AS micro_grid, ST_X (h.geom) AS x, ST_Y (h.geom) AS y
            FROM hazard_case h LEFT JOIN grid g ON g.id = h.grid_id
            WHERE h.outcome IS NULL AND h.id IN (
                SELECT o.id FROM loose l JOIN hazard_case o ON o.camera_id = l.camera_id AND o.rule_id = l.rule_id
                WHERE o.outcome IS NULL
                UNION ALL
                SELECT o.id FROM loose l JOIN hazard_case o ON o.hazard_type = l.hazard_type AND o.grid_id = l.grid_id
                WHERE o.outcome IS NULL
                    AND l.started_at BETWEEN o.opened_at - $2 * interval '1 s' AND o.last_alert_at + $2 * interval '1 s'
                UNION ALL
                SELECT o.id FROM loose l JOIN hazard_case o
                    ON o.geom && ST_Expand (l.geom, $3::float8 / 100000 / cos (radians (ST_Y (l.geom))))
                    AND ST_DWithin (o.geom::geography, l.geom::geography, $3::float8 * 1.01)
                WHERE o.outcome IS NULL AND o.hazard_type = l.hazard_type
                    AND l.started_at BETWEEN o.opened_at - $2 * interval '1 s' AND o.last_alert_at + $2 * interval '1 s')
            ORDER BY h.id FOR UPDATE OF h
            """,
            [.textArray(alerts), .double(policy.window), .double(policy.distance)]
        ).rows
        return try rows.map { row in
            Open(
                id: try row.requireInt("id"),
                candidate: MergePolicy.Candidate(
                    first: try facts(row, startedAt: "opened_at"),
                    lastAlertAt: try row.requireTimestamp("last_alert_at")
                ),
                isInInspection: try row.requireText("stage") == CaseStage.inspection.rawValue
            )
        }
    }

    private func facts(_ row: PostgresRow, startedAt: String) throws -> MergePolicy.Alert {
        var place: MergePolicy.Place?
        if let x = try row.double("x"), let y = try row.double("y") {
            place = MergePolicy.Place(longitude: x, latitude: y)
        }
        return MergePolicy.Alert(
            camera: try row.text("camera_id") ?? "",
            rule: try row.text("rule_id") ?? "",
            hazardType: try row.requireText("hazard_type"),
            startedAt: try row.requireTimestamp(startedAt),
            microGrid: try row.int("micro_grid"),
            place: place
        )
    }

    /// Counts the alerts at their cases and names the case at the alerts; the stage stays as it is.
    private func extend(_ cases: [Open]) async throws {
        let cases = cases.filter { $0.id != nil }
        guard !cases.isEmpty else { return }
        try await connection.query(
            """
            UPDATE hazard_case h SET
                alert_count = h.alert_count + u.alerts,
                last_alert_at = GREATEST (h.last_alert_at, u.last_alert),
                severity = LEAST (h.severity, u.severity),
                triage_due_at = CASE WHEN u.severity < h.severity
                    THEN LEAST (h.triage_due_at, now () + ($5::int[])[u.severity] * interval '1 min')
                    ELSE h.triage_due_at END
            FROM unnest ($1::bigint[], $2::int[], $3::timestamptz[], $4::int[]) AS u (id, alerts, last_alert, severity)
            WHERE h.id = u.id
            """,
            [
                .intArray(cases.map(\.id)),
                .intArray(cases.map(\.arrivals.count)),
                .timestampArray(cases.map(\.candidate.lastAlertAt)),
                .intArray(cases.map { $0.arrivals.map(\.alert.severity).min() }),
                .intArray(triage.minutes),
            ]
        )
        let pairs = cases.flatMap { open in open.arrivals.map { (open.id, $0.alert.id) } }
        try await connection.query(
            """
            UPDATE alert a SET case_id = u.case_id, orphan = false
            FROM unnest ($1::bigint[], $2::uuid[]) AS u (case_id, id) WHERE a.id = u.id
            """,
            [.intArray(pairs.map(\.0)), .textArray(pairs.map(\.1))]
        )
    }

    private func record(_ cases: [Open]) async throws {
        var entries: [CaseHistory.Entry] = []
        for open in cases {
            guard let id = open.id else { continue }
            for arrival in open.arrivals {
                let facts = arrival.alert.facts
                let kind: CaseEventKind =
                    switch arrival.reason {
                    case nil: .opened
                    case .identity: .alert
                    case .grid, .distance: .merged
                    }
                let data = CaseHistory.Details(
                    alert: arrival.alert.id,
                    camera: facts.camera,
                    rule: facts.rule,
                    by: arrival.reason?.rawValue
                )
                var entry = CaseHistory.Entry(caseID: id, kind: kind, actor: .system, data: data)
                if kind == .opened { entry.stageTo = .inspection }
                entries.append(entry)
            }
        }
        try await CaseHistory(connection: connection).add(entries)
    }
}

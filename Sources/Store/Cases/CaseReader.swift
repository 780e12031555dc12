import FoundationEssentials
public import Postgres

/// Reads cases for pages and API; every call sees only what its `Access` allows.
public struct CaseReader: Sendable {
    /// Cameras and numbers with a text, up to which it is rare.
    private static let rare = 500

    private let pool: PostgresPool

    /// Makes a reader over a pool.
    public init(pool: PostgresPool) {
        self.pool = pool
    }

    /// One page of cases.
    ///
    /// `order`: nil for the one that fits the filter's state.
    /// `after`: `next` of the page before, in the same order; anything unreadable counts as the start.
    /// `limit`: 1 to 200.
    public func list(
        _ filter: CaseFilter,
        order: CaseOrder? = nil,
        access: Access,
        after: String? = nil,
        limit: Int = 50
    ) async throws -> Page<CaseSummary> {
        let limit = min(max(limit, 1), 200)
        var statement = QueryBuilder(access)
        Self.limit(&statement, by: filter)
        if let text = filter.text { statement.require(try await found(text, &statement)) }
        let view = try await VisibleCases(access, &statement, pool)
        let sorting = CaseSorting(order ?? .usual(for: filter.state))
        // The page first: what is shown of a case is looked up for those on it, not for all that were sorted.
        let page = sorting.page(
            "hazard_case c JOIN hazard_type h ON h.code = c.hazard_type LEFT JOIN camera cam ON cam.id = c.camera_id",
            states: Self.states(filter),
            where: "\(view.condition) AND \(statement.condition)",
            among: view.gridCondition,
            after: sorting.start(after),
            limit: limit + 1,
            &statement
        )
        let sql = """
            WITH page AS MATERIALIZED \(page)
            SELECT \(Self.columns), \(sorting.names) FROM page JOIN hazard_case c ON c.id = page.case_id \(Self.joins)
            ORDER BY \(sorting.clause)
            """
        let rows = try await pool.query(sql, statement.values).rows
        let items = try rows.prefix(limit).map(Self.summary)
        guard rows.count > limit, let last = rows.prefix(limit).last else { return Page(items: items, next: nil) }
        return Page(items: items, next: try sorting.next(last))
    }

    /// Condition on the cases that a text is found in.
    ///
    /// Where it is rare, the cameras and numbers that hold it are looked up before: in a list it would be asked of each
    /// case.
    private func found(_ text: String, _ statement: inout QueryBuilder) async throws -> String {
        let rows = try await pool.query(
            """
            (SELECT id AS camera, NULL AS number FROM camera WHERE name ILIKE $1 OR address ILIKE $1 LIMIT \(Self.rare + 1))
            UNION ALL
            (SELECT NULL, number FROM hazard_case WHERE $2 AND number LIKE $1 ORDER BY number DESC LIMIT \(Self.rare + 1))
            """,
            [.text(QueryBuilder.pattern(text)), .bool(text.utf8.allSatisfy { (48...57).contains($0) })]
        ).rows
        let (cameras, numbers) = (rows.compactMap { $0["camera"] }, rows.compactMap { $0["number"] })
        guard max(cameras.count, numbers.count) <= Self.rare else {
            let pattern = statement.bind(.text(QueryBuilder.pattern(text)))
            return "(c.number LIKE \(pattern) OR cam.name ILIKE \(pattern) OR cam.address ILIKE \(pattern))"
        }
        let (camera, number) = (statement.bind(.textArray(cameras)), statement.bind(.textArray(numbers)))
        return "(c.camera_id = ANY (\(camera)::text[]) OR c.number = ANY (\(number)::text[]))"
    }

    /// Open and ended cases apart: each has its own indexes.
    private static func states(_ filter: CaseFilter) -> [String] {
        let (open, ended) = ("c.outcome IS NULL", "c.outcome IS NOT NULL")
        return switch filter.state {
        case .open: [open]
        case .closed: [ended]
        case .all: filter.isOverdue || filter.isHeldBack ? [open] : [open, ended]
        }
    }

    /// How many open cases stand in which stage, and what came and went today.
    public func counts(access: Access) async throws -> CaseCounts {
        let today = TaskAllowance.today
        // What is open, and what ended today: two ranges of indexes, not the whole table.
        let sql = """
            \(Access.visibleGrids)
            SELECT c.stage, count(*) AS open, count(*) FILTER (WHERE c.due_at < now()) AS overdue,
                count(*) FILTER (WHERE c.due_at < now() AND c.dispatched_at IS NULL) AS triage_overdue,
                count(*) FILTER (WHERE \(Self.heldBack)) AS held_back,
                count(*) FILTER (WHERE c.opened_at >= \(today)) AS opened, 0::bigint AS closed
            FROM hazard_case c JOIN hazard_type h ON h.code = c.hazard_type
            WHERE \(Access.sameCase) AND c.outcome IS NULL GROUP BY c.stage
            UNION ALL
            SELECT '', 0, 0, 0, 0, count(*) FILTER (WHERE c.opened_at >= \(today)), count(*)
            FROM hazard_case c JOIN hazard_type h ON h.code = c.hazard_type
            WHERE \(Access.sameCase) AND c.outcome IS NOT NULL AND c.closed_at >= \(today)
            """
        let rows = try await pool.query(sql, access.parameters).rows
        var byStage: [String: Int] = [:]
        var sums = (open: 0, overdue: 0, triageOverdue: 0, heldBack: 0, opened: 0, closed: 0)
        for row in rows {
            let (stage, open) = (try row.requireText("stage"), try row.requireInt("open"))
            if open > 0 { byStage[stage] = open }
            sums.open += open
            sums.overdue += try row.requireInt("overdue")
            sums.triageOverdue += try row.requireInt("triage_overdue")
            sums.heldBack += try row.requireInt("held_back")
            sums.opened += try row.requireInt("opened")
            sums.closed += try row.requireInt("closed")
        }
        return CaseCounts(
            open: sums.open,
            overdue: sums.overdue,
            triageOverdue: sums.triageOverdue,
            heldBack: sums.heldBack,
            byStage: byStage,
            openedToday: sums.opened,
            closedToday: sums.closed
        )
    }

    /// One case with its alerts, history and tasks; nil when there is none or it must not be seen.
    public func detail(id: Int, access: Access) async throws -> CaseDetail? {
        var statement = QueryBuilder(access)
        let key = statement.bind(.int(id))
        let sql = """
            \(Access.visibleGrids) SELECT \(Self.columns), c.rule_id, c.merged_into, c.recurs_case_id,
                ST_X (coalesce(c.geom, cam.geom)) AS longitude, ST_Y (coalesce(c.geom, cam.geom)) AS latitude,
                c.handled_by AS handled_by_id, handler.display_name AS handled_by, checker.display_name AS checked_by,
                \(RuleName.sql(camera: "c.camera_id", rule: "c.rule_id")) AS rule_name,
                \(Self.faultReason) AS fault_reason,
                (SELECT o.number FROM hazard_case o WHERE o.id = c.recurs_case_id) AS recurs_number,
                (SELECT o.number FROM hazard_case o WHERE o.id = c.merged_into) AS merged_number, act.*
            FROM \(Self.tables)
            LEFT JOIN LATERAL \(CaseAct.newest(ofCase: "c.id")) act ON true
            LEFT JOIN account handler ON handler.id = c.handled_by
            LEFT JOIN account checker ON checker.id = c.checked_by
            WHERE \(Access.sameCase) AND c.id = \(key)::bigint
            """
        guard let row = try await pool.query(sql, statement.values).rows.first else { return nil }
        return CaseDetail(
            summary: try Self.summary(row),
            ruleID: try row.text("rule_id"),
            ruleName: try row.text("rule_name"),
            faultReason: try row.text("fault_reason"),
            lastAct: try CaseAct(row),
            longitude: try row.double("longitude"),
            latitude: try row.double("latitude"),
            handledBy: try row.text("handled_by"),
            checkedBy: try row.text("checked_by"),
            handledByID: try row.int("handled_by_id"),
            mergedInto: try row.int("merged_into"),
            mergedNumber: try row.text("merged_number"),
            recursCaseID: try row.int("recurs_case_id"),
            recursNumber: try row.text("recurs_number"),
            alerts: try await alerts(ofCase: id),
            events: try await events(ofCase: id),
            tasks: try await TaskReader(pool: pool).tasks(ofCase: id, access: access)
        )
    }

    private func alerts(ofCase id: Int) async throws -> [AlertLine] {
        let sql = "SELECT \(AlertLine.columns) FROM alert a WHERE a.case_id = $1 ORDER BY a.started_at DESC LIMIT 50"
        return try await pool.query(sql, [.int(id)]).rows.map(AlertLine.init)
    }

    private func events(ofCase id: Int) async throws -> [CaseEventLine] {
        let sql = """
            SELECT e.id, e.at, e.last_at, e.times, e.kind, e.stage_from, e.stage_to, e.actor, e.note,
                e.data ->> 'reason' AS reason, p.title AS post,
                ARRAY(SELECT jsonb_array_elements_text(e.data -> 'vacant')) AS vacant
            FROM \(CaseEventFold.newest(ofCase: "$1", limit: 200)) e
            LEFT JOIN post p ON e.kind IN ('dispatched', 'rework') AND p.id = (e.data ->> 'post')::int
            ORDER BY e.id
            """
        return try await pool.query(sql, [.int(id)]).rows.map { row in
            CaseEventLine(
                id: try row.requireInt("id"),
                at: try row.requireDate("at"),
                kind: try row.requireText("kind"),
                stageFrom: try row.text("stage_from"),
                stageTo: try row.text("stage_to"),
                actor: try row.requireText("actor"),
                note: try row.text("note"),
                post: try row.text("post"),
                vacant: (try row.textArray("vacant") ?? []).compactMap(\.self),
                reason: try row.text("reason"),
                times: try row.requireInt("times"),
                lastAt: try row.requireDate("last_at")
            )
        }
    }

    private static func limit(_ statement: inout QueryBuilder, by filter: CaseFilter) {
        if let stage = filter.stage { statement.require("c.stage = \(statement.bind(.text(stage)))") }
        if let type = filter.hazardType { statement.require("c.hazard_type = \(statement.bind(.text(type)))") }
        if let severity = filter.severity {
            statement.require("c.severity = \(statement.bind(.int(severity)))::integer")
        }
        if let camera = filter.cameraID { statement.require("c.camera_id = \(statement.bind(.text(camera)))") }
        if let grid = filter.gridID {
            statement.require("c.grid_id IN (\(GridReader.subtree(of: statement.bind(.int(grid)))))")
        }
        if filter.isHeldBack { statement.require(Self.heldBack) }
        if filter.isOverdue { statement.require("c.outcome IS NULL AND c.due_at < now()") }
    }
}

extension CaseReader {
    /// Condition of a case `c` that was held back and that nobody has looked at yet.
    private static let heldBack = "c.held_back_at IS NOT NULL AND c.outcome IS NULL AND c.stage = 'inspection'"

    /// A subquery with why the camera of the case `c` is a fault; null for all other cases.
    static let faultReason = """
        (SELECT f.reason FROM alert f
         WHERE f.case_id = c.id AND f.reason IS NOT NULL ORDER BY f.started_at DESC, f.id DESC LIMIT 1)
        """

    /// Columns that `summary` reads.
    static let columns = """
        c.id, c.number, c.hazard_type, h.name_zh AS hazard_zh, h.name_en AS hazard_en, c.severity, c.stage, c.outcome,
        g.id AS grid_id, g.code AS grid_code, g.name AS grid_name, \(GridReader.path) AS grid_path,
        c.camera_id, cam.name AS camera_name, cam.address, c.alert_count, c.opened_at, c.last_alert_at, c.deadline_at,
        c.due_at, coalesce(c.dispatched_at, c.opened_at) AS due_from, c.version, c.unstaffed_at, c.supervised_at,
        c.closed_at, c.held_back_at, assignee.title AS assignee, seen.evidence_path, seen.evidence_sha256,
        seen.evidence_removed_at
        """

    /// Tables behind `columns`: the case `c`, its type `h`, grid `g`, camera `cam` and picture `seen`.
    static let tables = "hazard_case c\n" + joins

    /// `tables` without the case itself.
    static let joins = """
        JOIN hazard_type h ON h.code = c.hazard_type
        LEFT JOIN camera cam ON cam.id = c.camera_id
        LEFT JOIN post assignee ON assignee.id = c.assignee_post_id
        LEFT JOIN grid g ON g.id = c.grid_id \(GridReader.parents)
        LEFT JOIN LATERAL (
            SELECT \(EvidencePicture.first) FROM alert a
            WHERE a.case_id = c.id AND a.evidence_path IS NOT NULL ORDER BY a.started_at, a.id LIMIT 1) seen ON true
        """

    static func summary(_ row: PostgresRow) throws -> CaseSummary {
        CaseSummary(
            id: try row.requireInt("id"),
            number: try row.requireText("number"),
            hazardType: try row.requireText("hazard_type"),
            hazard: LocalName(zh: try row.requireText("hazard_zh"), en: try row.requireText("hazard_en")),
            severity: try row.requireInt("severity"),
            stage: try row.requireText("stage"),
            outcome: try row.text("outcome"),
            grid: try GridPlace(row),
            cameraID: try row.text("camera_id"),
            cameraName: try row.text("camera_name"),
            address: try row.text("address"),
            alertCount: try row.requireInt("alert_count"),
            openedAt: try row.requireDate("opened_at"),
            lastAlertAt: try row.requireDate("last_alert_at"),
            dueAt: try row.date("due_at"),
            dueFrom: try row.requireDate("due_from"),
            deadlineAt: try row.date("deadline_at"),
            closedAt: try row.date("closed_at"),
            heldBackAt: try row.date("held_back_at"),
            unstaffedAt: try row.date("unstaffed_at"),
            supervisedAt: try row.date("supervised_at"),
            version: try row.requireInt("version"),
            assignee: try row.text("assignee"),
            picture: try EvidencePicture(row),
            pictureRemovedAt: try row.date("evidence_removed_at")
        )
    }
}

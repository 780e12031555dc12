public import Cases
public import FoundationEssentials
public import Postgres

/// A task as the worker's page and the case page show it.
public struct TaskSummary: Sendable, Encodable {
    /// Key.
    public let id: Int
    /// The case it belongs to.
    public let caseID: Int
    /// Number of that case.
    public let caseNumber: String
    /// Grows when it is taken, finished or taken back; who acts names the one that he saw.
    public let version: Int
    /// What took it away; nil unless it was taken back.
    public let withdrawal: CaseAct?
    /// How far its post has come.
    public let state: TaskState
    /// Key of the post that has to do it.
    public let postID: Int
    /// Title of that post.
    public let post: String
    /// When it was given.
    public let createdAt: Date
    /// When it is due: the limit of its case, whoever had the task before.
    public let deadlineAt: Date
    /// When that limit began to run.
    public let dueFrom: Date
    /// When it was accepted.
    public let acceptedAt: Date?
    /// Who accepted it.
    public let acceptedBy: String?
    /// When it was handled or found false.
    public let finishedAt: Date?
    /// Who finished it.
    public let finishedBy: String?
    /// Why it is a false alarm.
    public let reason: String?
    /// What the worker wrote.
    public let note: String?
    /// Code of the hazard type.
    public let hazardType: String
    /// Name of the hazard type.
    public let hazard: LocalName
    /// 1 (most severe) to 4.
    public let severity: Int
    /// Grid of the case.
    public let grid: GridPlace?
    /// Camera of the first alert.
    public let cameraName: String?
    /// Where that camera hangs.
    public let address: String?
    /// Longitude, WGS-84 degrees.
    public let longitude: Double?
    /// Latitude, WGS-84 degrees.
    public let latitude: Double?
    /// The case's picture.
    public let picture: EvidencePicture?
    /// When that picture was removed because its time was over; nil for never.
    public let pictureRemovedAt: Date?
    /// Of a camera fault: why, in a word, perhaps with seconds behind it; nil for all other tasks.
    public let faultReason: String?
    /// Pictures that the worker sent.
    public let photos: [ReportPhoto]
}

/// Reads tasks; every call sees only what its `Access` allows.
public struct TaskReader: Sendable {
    /// Which tasks a list holds.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// Open and accepted ones, the next deadline first.
        case active
        /// Handled, false and cancelled ones, the newest first.
        case finished
    }

    private let pool: PostgresPool

    /// Makes a reader over a pool.
    public init(pool: PostgresPool) {
        self.pool = pool
    }

    /// One page of tasks.
    ///
    /// `post`: only tasks of this post; nil for all that may be seen.
    /// `after`: `next` of the page before; anything unreadable counts as the start.
    /// `limit`: 1 to 200.
    public func list(
        _ state: State,
        post: Int?,
        access: Access,
        after: String? = nil,
        limit: Int = 50
    ) async throws -> Page<TaskSummary> {
        let limit = min(max(limit, 1), 200)
        let isActive = state == .active
        let time = isActive ? "t.deadline_at" : "t.created_at"
        var statement = QueryBuilder(access)
        statement.require("t.state \(isActive ? "" : "NOT ")IN ('open', 'accepted')")
        if let post { statement.require("t.post_id = \(statement.bind(.int(post)))::integer") }
        if let cursor = TimeCursor(after) {
            let at = statement.bind(.timestamp(microsecondsSinceEpoch: cursor.microseconds))
            let id = statement.bind(.int(cursor.id))
            statement.require("(\(time), t.id) \(isActive ? ">" : "<") (\(at)::timestamptz, \(id)::bigint)")
        }
        let order = isActive ? "t.deadline_at, t.id" : "t.created_at DESC, t.id DESC"
        let rows = try await rows(statement, order: order, limit: limit + 1)
        let items = try rows.prefix(limit).map(Self.task)
        guard rows.count > limit, let last = rows.prefix(limit).last else { return Page(items: items, next: nil) }
        let at = try last.requireTimestamp(isActive ? "deadline_at" : "created_at")
        return Page(items: items, next: TimeCursor(microseconds: at, id: try last.requireInt("id")).text)
    }

    /// One task; nil when there is none or it must not be seen.
    public func task(id: Int, access: Access) async throws -> TaskSummary? {
        var statement = QueryBuilder(access)
        statement.require("t.id = \(statement.bind(.int(id)))::bigint")
        return try await rows(statement, order: "t.id", limit: 1).first.map(Self.task)
    }

    /// How many tasks of a post are open or accepted.
    public func activeCount(post: Int) async throws -> Int {
        let sql = "SELECT count(*) AS n FROM task WHERE post_id = $1 AND state IN ('open', 'accepted')"
        return try await pool.query(sql, [.int(post)]).rows.first?.requireInt("n") ?? 0
    }

    /// The newest 50 tasks of a case, oldest first.
    func tasks(ofCase id: Int, access: Access) async throws -> [TaskSummary] {
        var statement = QueryBuilder(access)
        statement.require("t.case_id = \(statement.bind(.int(id)))::bigint")
        return try await rows(statement, order: "t.id DESC", limit: 50).reversed().map(Self.task)
    }

    /// The page first: what is shown of a task is looked up for those on it, not for all that there are.
    private func rows(_ statement: QueryBuilder, order: String, limit: Int) async throws -> [PostgresRow] {
        let sql = """
            \(Access.visibleGrids), page AS MATERIALIZED (
                SELECT t.id AS task_id FROM task t JOIN hazard_case c ON c.id = t.case_id
                    JOIN hazard_type h ON h.code = c.hazard_type
                WHERE \(Access.sameCase) AND \(statement.condition) ORDER BY \(order) LIMIT \(limit))
            SELECT t.id, t.version, t.case_id, c.number, t.state, t.post_id, p.title AS post, t.created_at, t.deadline_at,
                t.accepted_at, taker.display_name AS accepted_by, t.finished_at, finisher.display_name AS finished_by,
                t.reason, t.note, c.hazard_type, h.name_zh AS hazard_zh, h.name_en AS hazard_en, c.severity,
                g.id AS grid_id, g.code AS grid_code, g.name AS grid_name, \(GridReader.path) AS grid_path,
                cam.name AS camera_name, cam.address, seen.evidence_path, seen.evidence_sha256, seen.evidence_removed_at,
                ST_X (coalesce(c.geom, cam.geom)) AS longitude, ST_Y (coalesce(c.geom, cam.geom)) AS latitude,
                photo.paths AS photo_paths, photo.hashes AS photo_hashes, photo.times AS photo_times,
                photo.longitudes AS photo_longitudes, photo.latitudes AS photo_latitudes,
                \(CaseReader.faultReason) AS fault_reason,
                coalesce(c.dispatched_at, t.created_at) AS due_from, act.*
            FROM page JOIN task t ON t.id = page.task_id JOIN hazard_case c ON c.id = t.case_id \(CaseReader.joins)
            JOIN post p ON p.id = t.post_id
            LEFT JOIN account taker ON taker.id = t.accepted_by
            LEFT JOIN account finisher ON finisher.id = t.finished_by
            LEFT JOIN LATERAL (
                SELECT array_agg(f.path ORDER BY f.created_at, f.id) AS paths,
                    array_agg(f.sha256 ORDER BY f.created_at, f.id) AS hashes,
                    array_agg(extract(epoch FROM f.taken_at)::float8 ORDER BY f.created_at, f.id) AS times,
                    array_agg(ST_X (f.place) ORDER BY f.created_at, f.id) AS longitudes,
                    array_agg(ST_Y (f.place) ORDER BY f.created_at, f.id) AS latitudes
                FROM task_photo f WHERE f.task_id = t.id) photo ON true
            LEFT JOIN LATERAL \(CaseAct.withdrawal(ofTask: "t")) act ON true
            ORDER BY \(order)
            """
        return try await pool.query(sql, statement.values).rows
    }

    private static func task(_ row: PostgresRow) throws -> TaskSummary {
        TaskSummary(
            id: try row.requireInt("id"),
            caseID: try row.requireInt("case_id"),
            caseNumber: try row.requireText("number"),
            version: try row.requireInt("version"),
            withdrawal: try CaseAct(row),
            state: try row.requireWord(TaskState.self, "state"),
            postID: try row.requireInt("post_id"),
            post: try row.requireText("post"),
            createdAt: try row.requireDate("created_at"),
            deadlineAt: try row.requireDate("deadline_at"),
            dueFrom: try row.requireDate("due_from"),
            acceptedAt: try row.date("accepted_at"),
            acceptedBy: try row.text("accepted_by"),
            finishedAt: try row.date("finished_at"),
            finishedBy: try row.text("finished_by"),
            reason: try row.text("reason"),
            note: try row.text("note"),
            hazardType: try row.requireText("hazard_type"),
            hazard: LocalName(zh: try row.requireText("hazard_zh"), en: try row.requireText("hazard_en")),
            severity: try row.requireInt("severity"),
            grid: try GridPlace(row),
            cameraName: try row.text("camera_name"),
            address: try row.text("address"),
            longitude: try row.double("longitude"),
            latitude: try row.double("latitude"),
            picture: try EvidencePicture(row),
            pictureRemovedAt: try row.date("evidence_removed_at"),
            faultReason: try row.text("fault_reason"),
            photos: try photos(row)
        )
    }

    private static func photos(_ row: PostgresRow) throws -> [ReportPhoto] {
        let paths = try row.textArray("photo_paths") ?? []
        let hashes = try row.textArray("photo_hashes") ?? []
        let times = try row.doubleArray("photo_times") ?? []
        let longitudes = try row.doubleArray("photo_longitudes") ?? []
        let latitudes = try row.doubleArray("photo_latitudes") ?? []
        return paths.indices.compactMap { index in
            guard let path = paths[index], let hash = hashes[index] else { return nil }
            return ReportPhoto(
                path: path,
                sha256: hash,
                takenAt: times[index].map(Date.init(timeIntervalSince1970:)),
                longitude: longitudes[index],
                latitude: latitudes[index]
            )
        }
    }
}

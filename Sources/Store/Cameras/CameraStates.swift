public import Flow
public import Postgres

/// What the daemon last saw of a camera.
public struct CameraStateRecord: Sendable, Hashable {
    /// The camera.
    public var camera: String
    /// `connecting`, `online`, `stalled`, `offline` or `refused`.
    public var state: String
    /// When it entered that state.
    public var since: MediaTime
    /// Its last decoded picture.
    public var lastFrameAt: MediaTime?
    /// Why, for a person; never a URL with a password.
    ///
    /// Cut to 500 characters.
    public var detail: String?
    /// What detection judged the scene as.
    public var scene: String?
    /// Reconnects since the daemon started.
    public var reconnects: Int

    /// Makes a record from its parts.
    public init(
        camera: String,
        state: String,
        since: MediaTime,
        lastFrameAt: MediaTime?,
        detail: String?,
        scene: String?,
        reconnects: Int
    ) {
        self.camera = camera
        self.state = state
        self.since = since
        self.lastFrameAt = lastFrameAt
        self.detail = detail
        self.scene = scene
        self.reconnects = reconnects
    }
}

/// The table `camera_state`: written in batches, on change.
public struct CameraStates: Sendable {
    private static let states: Set<String> = ["connecting", "online", "stalled", "offline", "refused"]

    private let pool: PostgresPool

    /// Makes a writer.
    public init(pool: PostgresPool) {
        self.pool = pool
    }

    /// Stores the newest state of cameras; of several records of one camera the last one counts.
    ///
    /// Cameras that the registry does not know any more are passed over.
    ///
    /// - Throws: `StoreError` with `invalid` for a state that is none of the five; `PostgresError`.
    public func record(_ records: [CameraStateRecord]) async throws {
        guard !records.isEmpty else { return }
        let newest = Dictionary(records.map { ($0.camera, $0) }, uniquingKeysWith: { $1 }).values
            .sorted { $0.camera < $1.camera }
        if let wrong = newest.first(where: { !Self.states.contains($0.state) }) {
            throw StoreError(.invalid, "camera \(wrong.camera): \(wrong.state) is no camera state")
        }
        try await pool.query(
            """
            INSERT INTO camera_state AS s (camera_id, state, since, last_frame_at, detail, scene, reconnects)
            SELECT c.id, u.state, u.since, u.last_frame_at, u.detail, u.scene, u.reconnects
            FROM unnest ($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::text[], $7::int[])
                AS u (camera_id, state, since, last_frame_at, detail, scene, reconnects)
            JOIN camera c ON c.id = u.camera_id
            ORDER BY c.id
            ON CONFLICT (camera_id) DO UPDATE SET
                state = EXCLUDED.state, since = EXCLUDED.since, detail = EXCLUDED.detail,
                last_frame_at = coalesce (EXCLUDED.last_frame_at, s.last_frame_at),
                scene = coalesce (EXCLUDED.scene, s.scene), reconnects = EXCLUDED.reconnects, updated_at = now ()
            """,
            [
                .textArray(newest.map(\.camera)),
                .textArray(newest.map(\.state)),
                .timestampArray(newest.map(\.since.microseconds)),
                .timestampArray(newest.map { $0.lastFrameAt?.microseconds }),
                .textArray(newest.map { $0.detail.map(Self.clean) }),
                .textArray(newest.map { $0.scene.map(Self.clean) }),
                .intArray(newest.map { min(max(0, $0.reconnects), Int(Int32.max)) }),
            ]
        )
    }

    private static func clean(_ text: String) -> String {
        AlertInspection.withoutNUL(String(text.prefix(500)))
    }
}

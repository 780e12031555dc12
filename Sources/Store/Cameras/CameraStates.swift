public import Flow
public import Postgres

/// What the daemon last saw of a camera.
public struct CameraStateRecord: Sendable, Hashable {
    /// The camera.
    public var camera: String
    /// One of `CameraStates.states`.
    public var state: String
    /// When it entered that state.
    public var since: MediaTime
    /// Its last decoded picture.
    public var lastFrameAt: MediaTime?
    /// Why, for a person; never a URL with a password.
    ///
    /// Cut to 500 characters.
    public var detail: String?
    /// Why in a word, for pages in other languages: a name, perhaps with a number of seconds behind it.
    ///
    /// What does not look like that is left out.
    public var reason: String?
    /// What detection judged the scene as.
    public var scene: String?
    /// Reconnects since the daemon started.
    public var reconnects: Int
    /// The worker that says so; nil where there are none.
    ///
    /// What a worker says about a camera whose shard it does not own is passed over.
    public var worker: String?
    /// Its last sample that was decoded and judged.
    public var sampledAt: MediaTime?
    /// Seconds within which the next sample is expected; more than 0.
    public var interval: Double?
    /// Samples that came later than that since the worker began to watch it.
    public var lateCount: Int
    /// Scores of the picture by name, 0…100, as a JSON object; nil before they were measured.
    public var quality: String?

    /// Makes a record from its parts.
    public init(
        camera: String,
        state: String,
        since: MediaTime,
        lastFrameAt: MediaTime?,
        detail: String?,
        reason: String? = nil,
        scene: String?,
        reconnects: Int,
        worker: String? = nil,
        sampledAt: MediaTime? = nil,
        interval: Double? = nil,
        lateCount: Int = 0,
        quality: String? = nil
    ) {
        self.camera = camera
        self.state = state
        self.since = since
        self.lastFrameAt = lastFrameAt
        self.detail = detail
        self.reason = reason
        self.scene = scene
        self.reconnects = reconnects
        self.worker = worker
        self.sampledAt = sampledAt
        self.interval = interval
        self.lateCount = lateCount
        self.quality = quality
    }
}

/// The table `camera_state`: written in batches, on change.
public struct CameraStates: Sendable {
    /// Seconds by which the last sample of a camera may be newer than the table says: workers do not write each one.
    public static let slack = 30.0

    /// What a camera's state can be.
    ///
    /// `connecting`, `online`, `stalled` (open but silent), `offline`, `refused` (needs a person), `frozen` (the picture
    /// stands still), `quarantined` (not opened for a while), `patrol` (waits for its turn), `blind` (sends, but none of
    /// its pictures can be looked at).
    public static let states = [
        "connecting", "online", "stalled", "offline", "refused", "frozen", "quarantined", "patrol", "blind",
    ]

    private let pool: PostgresPool

    /// Makes a writer.
    public init(pool: PostgresPool) {
        self.pool = pool
    }

    /// Stores the newest state of cameras; of several records of one camera the last one counts.
    ///
    /// Cameras that the registry does not know any more are passed over.
    ///
    /// - Throws: `StoreError` with `invalid` for a state that is none of `states`; `PostgresError`.
    public func record(_ records: [CameraStateRecord]) async throws {
        guard !records.isEmpty else { return }
        let newest = Dictionary(records.map { ($0.camera, $0) }, uniquingKeysWith: { $1 }).values
            .sorted { $0.camera < $1.camera }
        if let wrong = newest.first(where: { !Self.states.contains($0.state) }) {
            throw StoreError(.invalid, "camera \(wrong.camera): \(wrong.state) is no camera state")
        }
        try await pool.query(
            Self.upsert,
            [
                .textArray(newest.map(\.camera)),
                .textArray(newest.map(\.state)),
                .timestampArray(newest.map(\.since.microseconds)),
                .timestampArray(newest.map { $0.lastFrameAt?.microseconds }),
                .textArray(newest.map { $0.detail.map(Self.clean) }),
                .textArray(newest.map { $0.scene.map(Self.clean) }),
                .intArray(newest.map { min(max(0, $0.reconnects), Int(Int32.max)) }),
                .textArray(newest.map { $0.worker.map(Self.clean) }),
                .timestampArray(newest.map { $0.sampledAt?.microseconds }),
                .doubleArray(newest.map { $0.interval.map { $0.isFinite ? min(max($0, 0.001), 1e6) : 1e6 } }),
                .intArray(newest.map { max(0, $0.lateCount) }),
                .textArray(newest.map(\.quality)),
                .textArray(newest.map { $0.reason.flatMap(Self.word) }),
            ]
        )
    }

    private static let upsert = """
        INSERT INTO camera_state AS s (camera_id, state, since, last_frame_at, detail, scene, reconnects, worker_id,
            sampled_at, interval_s, late_count, quality, reason)
        SELECT c.id, u.state, u.since, u.last_frame_at, u.detail, u.scene, u.reconnects, u.worker_id, u.sampled_at,
            u.interval_s, u.late_count, u.quality::jsonb, u.reason
        FROM unnest ($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::text[], $7::int[],
                $8::text[], $9::timestamptz[], $10::real[], $11::bigint[], $12::text[],
                $13::text[])
            AS u (camera_id, state, since, last_frame_at, detail, scene, reconnects, worker_id, sampled_at, interval_s,
                late_count, quality, reason)
        JOIN camera c ON c.id = u.camera_id
        JOIN ingest_shard i ON i.shard = c.shard AND (u.worker_id IS NULL OR u.worker_id = i.worker_id)
        ORDER BY c.id
        ON CONFLICT (camera_id) DO UPDATE SET
            state = EXCLUDED.state, since = EXCLUDED.since, detail = EXCLUDED.detail, reason = EXCLUDED.reason,
            last_frame_at = coalesce (EXCLUDED.last_frame_at, s.last_frame_at),
            scene = coalesce (EXCLUDED.scene, s.scene), reconnects = EXCLUDED.reconnects,
            worker_id = EXCLUDED.worker_id, sampled_at = coalesce (EXCLUDED.sampled_at, s.sampled_at),
            interval_s = EXCLUDED.interval_s, late_count = EXCLUDED.late_count,
            quality = coalesce (EXCLUDED.quality, s.quality), updated_at = now ()
        """

    /// The text when it is a word for pages, perhaps with a number behind it; nil for anything else.
    static func word(_ text: String) -> String? {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        let isName = !parts[0].isEmpty && parts[0].allSatisfy { $0.isASCII && ($0.isLowercase || $0 == "_") }
        let isWhole = parts.count == 1 || parts.count == 2 && (0...999_999_999).contains(Int(parts[1]) ?? -1)
        return isName && isWhole && text.count <= 60 ? text : nil
    }

    private static func clean(_ text: String) -> String {
        AlertInspection.withoutNUL(String(text.prefix(500)))
    }
}

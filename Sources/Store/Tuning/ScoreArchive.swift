internal import Foundation
public import Postgres

/// Scores of one rule in a part of an hour.
public struct ScoreRecord: Sendable, Hashable {
    /// Camera and its rule.
    public var camera: String
    /// See `camera`.
    public var rule: String
    /// Start of the hour, microseconds since the Unix epoch.
    public var hour: Int64
    /// The same for scores that differ by the threshold only.
    public var basis: String
    /// Share of the region at which the strength is 1.
    public var threshold: Double
    /// Three bytes for each minute and step, as `score_hour.cells` takes them.
    public var cells: [UInt8]

    /// Makes a record from its parts.
    public init(camera: String, rule: String, hour: Int64, basis: String, threshold: Double, cells: [UInt8]) {
        self.camera = camera
        self.rule = rule
        self.hour = hour
        self.basis = basis
        self.threshold = threshold
        self.cells = cells
    }
}

/// Where things were in a part of an hour.
public struct MotionRecord: Sendable, Hashable {
    /// Camera.
    public var camera: String
    /// Start of the hour, microseconds since the Unix epoch.
    public var hour: Int64
    /// Pictures that were looked at.
    public var pictures: Int
    /// 256 counts, row by row.
    public var fields: [UInt8]

    /// Makes a record from its parts.
    public init(camera: String, hour: Int64, pictures: Int, fields: [UInt8]) {
        self.camera = camera
        self.hour = hour
        self.pictures = pictures
        self.fields = fields
    }
}

/// The tables `score_hour` and `motion_hour`: written in batches, read for one camera, kept for some days.
public struct ScoreArchive: Sendable {
    private let pool: PostgresPool

    /// Makes an archive over a pool.
    public init(pool: PostgresPool) {
        self.pool = pool
    }

    /// Adds to what is known of the hours; cameras that the registry does not know any more are passed over.
    ///
    /// - Throws: `PostgresError`.
    public func add(_ scores: [ScoreRecord], _ motion: [MotionRecord]) async throws {
        if !scores.isEmpty { try await add(scores) }
        if !motion.isEmpty { try await add(motion) }
    }

    /// Scores of a camera since a time, by hour.
    ///
    /// - Throws: `PostgresError`.
    public func scores(of camera: String, since: Int64) async throws -> [ScoreRecord] {
        try await pool.query(
            """
            SELECT rule_id, hour, basis, threshold, encode(cells, 'hex') AS cells FROM score_hour
            WHERE camera_id = $1 AND hour >= $2 ORDER BY hour, rule_id
            """,
            [.text(camera), .timestamp(microsecondsSinceEpoch: since)]
        ).rows.map { row in
            ScoreRecord(
                camera: camera,
                rule: try row.requireText("rule_id"),
                hour: try row.requireTimestamp("hour"),
                basis: try row.requireText("basis"),
                threshold: try row.requireDouble("threshold"),
                cells: Self.bytes(hex: try row.requireText("cells"))
            )
        }
    }

    /// How many alerts each rule of a camera gave since a time of its own, microseconds since the Unix epoch.
    ///
    /// - Throws: `PostgresError`.
    public func alerts(of camera: String, since: [String: Int64]) async throws -> [String: Int] {
        guard !since.isEmpty else { return [:] }
        let rules = since.keys.sorted()
        let rows = try await pool.query(
            """
            SELECT a.rule_id, count(*) AS n FROM unnest ($2::text[], $3::timestamptz[]) AS u (rule_id, since)
            JOIN alert a ON a.camera_id = $1 AND a.rule_id = u.rule_id AND a.started_at >= u.since GROUP BY a.rule_id
            """,
            [.text(camera), .textArray(rules), .timestampArray(rules.map { since[$0] })]
        ).rows
        var counts: [String: Int] = [:]
        for row in rows { counts[try row.requireText("rule_id")] = try row.requireInt("n") }
        return counts
    }

    /// How many pictures of a camera since a time had a thing in each of 256 fields; empty when none had any.
    ///
    /// - Throws: `PostgresError`.
    public func motion(of camera: String, since: Int64) async throws -> [Int] {
        var sums: [Int] = []
        let rows = try await pool.query(
            "SELECT encode(fields, 'hex') AS fields FROM motion_hour WHERE camera_id = $1 AND hour >= $2",
            [.text(camera), .timestamp(microsecondsSinceEpoch: since)]
        ).rows
        for row in rows {
            let fields = Self.bytes(hex: try row.requireText("fields"))
            if sums.isEmpty { sums = Array(repeating: 0, count: 256) }
            for (index, count) in fields.prefix(256).enumerated() { sums[index] += Int(count) }
        }
        return sums
    }

    /// Removes what is older than so many days.
    ///
    /// - Throws: `PostgresError`.
    public func prune(days: Int) async throws {
        for table in ["score_hour", "motion_hour"] {
            try await pool.query("DELETE FROM \(table) WHERE hour < now() - make_interval(days => $1)", [.int(days)])
        }
    }

    private func add(_ scores: [ScoreRecord]) async throws {
        let sorted = scores.sorted { ($0.camera, $0.rule, $0.hour) < ($1.camera, $1.rule, $1.hour) }
        try await pool.query(
            """
            INSERT INTO score_hour AS s (camera_id, rule_id, hour, basis, threshold, cells)
            SELECT u.camera_id, u.rule_id, u.hour, u.basis, u.threshold, string_agg(decode(u.cells, 'hex'), '')
            FROM unnest ($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::float8[], $6::text[])
                AS u (camera_id, rule_id, hour, basis, threshold, cells)
            JOIN camera c ON c.id = u.camera_id GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
            ON CONFLICT (camera_id, rule_id, hour, basis, threshold) DO UPDATE SET cells = s.cells || EXCLUDED.cells
            """,
            [
                .textArray(sorted.map(\.camera)),
                .textArray(sorted.map(\.rule)),
                .timestampArray(sorted.map(\.hour)),
                .textArray(sorted.map(\.basis)),
                .doubleArray(sorted.map(\.threshold)),
                .textArray(sorted.map { Self.hex($0.cells) }),
            ]
        )
    }

    private func add(_ motion: [MotionRecord]) async throws {
        // One row for each camera and hour: a statement may touch a row once.
        var parts: [String: MotionRecord] = [:]
        for record in motion where record.fields.count == 256 {
            let key = "\(record.camera)/\(record.hour)"
            guard var sum = parts[key] else {
                parts[key] = record
                continue
            }
            sum.pictures += record.pictures
            sum.fields = zip(sum.fields, record.fields).map { UInt8(min(255, Int($0) + Int($1))) }
            parts[key] = sum
        }
        let sorted = parts.values.sorted { ($0.camera, $0.hour) < ($1.camera, $1.hour) }
        try await pool.query(
            """
            INSERT INTO motion_hour AS m (camera_id, hour, pictures, fields)
            SELECT u.camera_id, u.hour, u.pictures, decode(u.fields, 'hex')
            FROM unnest ($1::text[], $2::timestamptz[], $3::int[], $4::text[]) AS u (camera_id, hour, pictures, fields)
            JOIN camera c ON c.id = u.camera_id ORDER BY 1, 2
            ON CONFLICT (camera_id, hour) DO UPDATE SET pictures = m.pictures + EXCLUDED.pictures,
                fields = add_fields (m.fields, EXCLUDED.fields)
            """,
            [
                .textArray(sorted.map(\.camera)),
                .timestampArray(sorted.map(\.hour)),
                .intArray(sorted.map(\.pictures)),
                .textArray(sorted.map { Self.hex($0.fields) }),
            ]
        )
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    private static func bytes(hex: String) -> [UInt8] {
        let digits = hex.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}

public import Foundation
internal import Postgres

/// A rule of a camera whose alerts people keep calling false.
public struct NoisyRule: Sendable, Hashable {
    /// The camera and its name.
    public let camera: String
    /// See `camera`.
    public let name: String
    /// Id of the rule.
    public let rule: String
    /// Name of the rule as people gave it; nil when it has none.
    public let ruleName: String?
    /// Cases that were false alarms, and those that were hazards, since the thresholds that hold were put to work.
    public let falseAlarms: Int
    /// See `falseAlarms`.
    public let hazards: Int
    /// Why most of them were false: light, weather…; nil when nobody said.
    public let reason: String?
    /// Highest score, 0 to 1, of each of the false alarms.
    public let falseScores: [Double]
    /// The same of the hazards.
    public let hazardScores: [Double]
    /// When the last of the false alarms ended.
    public let lastAt: Date
}

extension Profiles {
    /// Days of cases that count.
    public static let noisyDays = 14
    /// False alarms from which on a rule is noisy, when they are half of its cases at least.
    public static let noisyLeast = 3

    /// Rules that keep crying wolf, the worst first; those of one camera when it is given.
    ///
    /// For people who see all cameras. What happened before the camera's profile was put to work does not count.
    ///
    /// - Throws: `PostgresError`.
    public func noisyRules(of camera: String? = nil, limit: Int = 50) async throws -> [NoisyRule] {
        let sql = """
            WITH verdict AS (
                SELECT v.*, s.score FROM case_verdict v
                JOIN LATERAL (SELECT max(a.score) AS score FROM alert a
                    WHERE a.case_id = v.case_id AND a.camera_id = v.camera_id AND a.rule_id = v.rule_id) s ON true
                WHERE v.closed_at > now() - make_interval(days => \(Self.noisyDays))
                    AND ($1::text IS NULL OR v.camera_id = $1)),
            since AS (
                SELECT p.camera_id, a.activated_at AS at FROM camera_profile p JOIN active_profile a ON a.id = p.profile_id
                WHERE p.camera_id IN (SELECT camera_id FROM verdict))
            SELECT v.camera_id, c.name, v.rule_id, \(RuleName.sql(camera: "v.camera_id", rule: "v.rule_id")) AS rule_name,
                count(*) FILTER (WHERE v.is_false) AS false_alarms,
                count(*) FILTER (WHERE NOT v.is_false) AS hazards,
                mode() WITHIN GROUP (ORDER BY v.reason) FILTER (WHERE v.is_false) AS reason,
                array_agg(v.score) FILTER (WHERE v.is_false) AS false_scores,
                coalesce(array_agg(v.score) FILTER (WHERE NOT v.is_false), '{}') AS hazard_scores,
                max(v.closed_at) FILTER (WHERE v.is_false) AS last_at
            FROM verdict v JOIN camera c ON c.id = v.camera_id LEFT JOIN since s ON s.camera_id = v.camera_id
            WHERE s.at IS NULL OR v.opened_at > s.at
            GROUP BY v.camera_id, c.name, v.rule_id
            HAVING count(*) FILTER (WHERE v.is_false) >= \(Self.noisyLeast) AND 2 * count(*) FILTER (WHERE v.is_false) >= count(*)
            ORDER BY false_alarms DESC, v.camera_id, v.rule_id LIMIT \(min(max(limit, 1), 500))
            """
        return try await pool.query(sql, [PostgresValue(camera)]).rows.map { row in
            NoisyRule(
                camera: try row.requireText("camera_id"),
                name: try row.requireText("name"),
                rule: try row.requireText("rule_id"),
                ruleName: try row.text("rule_name"),
                falseAlarms: try row.requireInt("false_alarms"),
                hazards: try row.requireInt("hazards"),
                reason: try row.text("reason"),
                falseScores: (try row.doubleArray("false_scores") ?? []).compactMap(\.self),
                hazardScores: (try row.doubleArray("hazard_scores") ?? []).compactMap(\.self),
                lastAt: try row.requireDate("last_at")
            )
        }
    }
}

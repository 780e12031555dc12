import Cases
import Postgres

/// How a camera that does not work is told about: as an alert like any other, without a rule in the registry.
public enum CameraFault {
    /// Rule id of its alerts.
    public static let rule = MergePolicy.cameraFaultRule
    /// Kind of its alerts.
    public static let kind = "camera_fault"
    /// Hazard type of its cases: goes to the unit that repairs the camera.
    public static let hazardType = "01050"
}

/// Says in the history of open cases that a camera works again; the case stays with the people who have it.
struct CameraRecovery {
    let connection: PostgresConnection

    /// Condition on `alert a`: a fault that is over, in an open case whose history does not say so yet.
    static let isDue = """
        (a.kind = '\(CameraFault.kind)' AND a.ended_at IS NOT NULL AND NOT a.end_unseen
            AND EXISTS (SELECT FROM hazard_case h WHERE h.id = a.case_id AND h.outcome IS NULL)
            AND NOT EXISTS (
                SELECT FROM case_event e WHERE e.case_id = a.case_id
                    AND e.kind = '\(CaseEventKind.recovered.rawValue)' AND e.data ->> 'alert' = a.id::text))
        """

    /// Writes what is due for these alerts, once, and announces the cases.
    func record(_ alerts: [String]) async throws {
        guard !alerts.isEmpty else { return }
        try await connection.query(
            """
            WITH told AS (
                INSERT INTO case_event (case_id, kind, actor, data)
                SELECT a.case_id, $2, $3,
                    jsonb_build_object('alert', a.id, 'camera', a.camera_id, 'rule', a.rule_id)
                FROM alert a WHERE a.id = ANY ($1::uuid[]) AND \(Self.isDue) ORDER BY a.ended_at, a.id
                RETURNING case_id)
            SELECT pg_notify('\(ChangeReader.channel)', 'case ' || case_id) FROM told
            """,
            [.textArray(alerts), .text(CaseEventKind.recovered.rawValue), .text(CaseActor.system.displayName)]
        )
    }
}

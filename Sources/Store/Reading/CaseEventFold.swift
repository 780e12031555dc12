/// The history of a case for reading: alerts that repeat themselves are one line.
///
/// The table keeps every event. Between two things that people did, all further alerts of one rule of one camera are one
/// line here, with how many there were and when the last came; so is what the system says again and again.
enum CaseEventFold {
    /// Kinds of events that say the same again and again.
    private static let repeating = "('alert', 'merged', 'recovered', 'held_back', 'unstaffed')"

    /// A table expression with the columns of `case_event` that are read, and `times`, `last_at`; `id`, `at` and `data`
    /// are those of the first event of a line.
    ///
    /// `id`: the case's key in SQL.
    static func sql(ofCase id: String) -> String {
        """
        (SELECT min(id) AS id, case_id, min(at) AS at, max(at) AS last_at, count(*) AS times, kind, stage_from, stage_to,
            actor, note, (array_agg(data ORDER BY id))[1] AS data
        FROM (
            SELECT v.*, count(*) FILTER (WHERE v.kind NOT IN \(repeating)) OVER (ORDER BY v.id) AS run,
                CASE WHEN v.kind IN \(repeating) THEN concat_ws(' ', v.data ->> 'camera', v.data ->> 'rule')
                    ELSE v.id::text END AS identity
            FROM case_event v WHERE v.case_id = \(id)) line
        GROUP BY case_id, kind, stage_from, stage_to, actor, note, run, identity)
        """
    }
}

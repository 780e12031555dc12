import Cases

/// The history of a case for reading: alerts that repeat themselves are one line.
///
/// The table keeps every event. Between two things that people did, all further alerts of one rule of one camera are one
/// line here, with how many there were and when the last came; so is what the system says again and again. The lines are
/// counted when events are written (`case_line`), so reading them does not depend on how many events there are.
enum CaseEventFold {
    /// Kinds of events that say the same again and again; the schema's `fold_case_events` has the same ones.
    static let repeating: [CaseEventKind] = [.alert, .merged, .recovered, .heldBack, .unstaffed]

    /// Condition on `case_event e`: it is a line of its own.
    ///
    /// Written as the index `case_event_turn` has it.
    static let isSingle = "e.kind NOT IN (\(CaseAct.list(repeating)))"

    /// A subquery with the newest lines: the columns of `case_event` that are read, and `times`, `last_at`; `id`, `at`
    /// and `data` are those of the first event of a line.
    ///
    /// `id`: the case's key in SQL. `limit`: lines at most.
    static func newest(ofCase id: String, limit: Int) -> String {
        """
        (SELECT line.* FROM (
            (SELECT \(columns), e.at AS last_at, 1 AS times FROM case_event e
             WHERE e.case_id = \(id) AND \(isSingle) ORDER BY e.id DESC LIMIT \(limit))
            UNION ALL
            (SELECT \(columns), l.last_at, l.times FROM (
                SELECT * FROM case_line WHERE case_id = \(id) ORDER BY first_id DESC LIMIT \(limit)) l
             JOIN case_event e ON e.id = l.first_id)) line
         ORDER BY line.id DESC LIMIT \(limit))
        """
    }

    private static let columns = "e.id, e.kind, e.at, e.stage_from, e.stage_to, e.actor, e.note, e.data"
}

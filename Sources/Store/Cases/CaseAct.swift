public import Cases
public import FoundationEssentials
import Postgres

/// What somebody did with a case, to tell it to those who come too late.
public struct CaseAct: Sendable, Hashable, Encodable {
    /// What was done.
    public let kind: CaseEventKind
    /// Who did it, as the history shows him.
    public let actor: String
    /// His account; nil for the system.
    public let accountID: Int?
    /// When.
    public let at: Date
    /// Title of the post that got the task by it; nil for everything but a dispatch.
    public let post: String?

    /// Makes an act.
    public init(kind: CaseEventKind, actor: String, accountID: Int?, at: Date, post: String?) {
        self.kind = kind
        self.actor = actor
        self.accountID = accountID
        self.at = at
        self.post = post
    }

    /// Kinds of events that are acts upon a case, rather than something that was seen.
    static let kinds: [CaseEventKind] = [
        .reported, .dispatched, .accepted, .handled, .falseAlarm, .supervised, .rework, .verified, .closed, .rejected,
    ]

    /// Those that take an active task away.
    static let withdrawals: [CaseEventKind] = [.dispatched, .rejected]

    /// `kinds` as a list in SQL.
    static func list(_ kinds: [CaseEventKind]) -> String {
        kinds.map { "'\($0.rawValue)'" }.joined(separator: ", ")
    }

    /// Columns of `case_event e` that the initializer reads, named with the prefix `act_`.
    static let columns = """
        e.kind AS act_kind, e.actor AS act_actor, e.account_id AS act_account, e.at AS act_at,
        CASE WHEN e.kind = 'dispatched' THEN
            (SELECT p.title FROM post p WHERE p.id = (e.data ->> 'post')::int) END AS act_post
        """

    /// A subquery of the newest act of the case `id`.
    static func newest(ofCase id: String) -> String {
        """
        (SELECT \(columns) FROM case_event e
         WHERE e.case_id = \(id) AND \(CaseEventFold.isSingle) AND e.kind IN (\(list(kinds)))
         ORDER BY e.id DESC LIMIT 1)
        """
    }

    /// A subquery of what took the task `task` away; none for one that was not taken back.
    ///
    /// The event and the end of the task have the time of their transaction.
    static func withdrawal(ofTask task: String) -> String {
        """
        (SELECT \(columns) FROM case_event e
         WHERE e.case_id = \(task).case_id AND \(task).state = 'cancelled' AND e.at = \(task).finished_at
            AND \(CaseEventFold.isSingle) AND e.kind IN (\(list(withdrawals))) ORDER BY e.id DESC LIMIT 1)
        """
    }

    /// Reads the columns; nil when there was no act.
    init?(_ row: PostgresRow) throws {
        guard let kind = try row.text("act_kind").flatMap(CaseEventKind.init) else { return nil }
        self.kind = kind
        self.actor = try row.requireText("act_actor")
        self.accountID = try row.int("act_account")
        self.at = try row.requireDate("act_at")
        self.post = try row.text("act_post")
    }
}

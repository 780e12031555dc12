/// What is to be said about one row of a file.
public struct RowIssue: Sendable, Hashable, Codable {
    /// The line of the file on which the row begins, or the number of the feature, counted from 1; 0 for the file.
    public let row: Int
    /// Name of the column or property; empty for the whole row.
    public let column: String
    /// The value as written, cut to 60 characters; empty where it may be a secret.
    public let value: String
    /// What is wrong and what to do.
    public let reason: String

    /// Makes an issue.
    public init(row: Int, column: String = "", value: String = "", reason: String) {
        self.row = row
        self.column = column
        self.value = value.count > 60 ? value.prefix(59) + "…" : value
        self.reason = reason
    }
}

/// Issues, the first 1,000 in full and all of them counted.
public struct IssueList: Sendable, Hashable, Codable {
    /// The first ones, in the order of the file.
    public private(set) var items: [RowIssue] = []
    /// How many there are.
    public private(set) var total = 0

    /// The most that are kept in full.
    public static let capacity = 1000

    /// Makes an empty list.
    public init() {}

    /// Adds an issue.
    public mutating func add(_ issue: RowIssue) {
        total += 1
        if items.count < IssueList.capacity { items.append(issue) }
    }
}

/// What an import did, row by row where something was wrong.
public struct ImportReport: Sendable, Hashable, Codable {
    /// What became of the file.
    public enum Outcome: String, Sendable, Hashable, Codable {
        /// Its good rows are in the database.
        case committed
        /// Nothing was changed, since it was only a trial.
        case dryRun = "dry_run"
        /// Nothing was changed, since the file is only usable as a whole and some of it is wrong.
        case refused
    }

    /// The file.
    public let file: String
    /// What became of it.
    public internal(set) var outcome = Outcome.committed
    /// Rows in the file, without the header and blank lines.
    public internal(set) var read = 0
    /// Rows that were new.
    public internal(set) var inserted = 0
    /// Rows that changed what was stored.
    public internal(set) var updated = 0
    /// Rows that were stored like this already.
    public internal(set) var unchanged = 0
    /// Rows that were left out, with the reason.
    public internal(set) var rejected = IssueList()
    /// What a person should look at; the rows are stored all the same.
    public internal(set) var warnings = IssueList()
    /// How cameras were given to grids; nil where the file has nothing to do with that.
    public internal(set) var mapping: MappingReport?

    init(file: String) {
        self.file = file
    }
}

/// How far an import is.
public struct ImportProgress: Sendable, Hashable {
    /// The file.
    public let file: String
    /// Rows read.
    public let rows: Int
    /// Bytes read.
    public let bytes: Int
    /// Bytes of the file.
    public let totalBytes: Int

    /// Is called from the importing task, a few times a second at most.
    public typealias Handler = @Sendable (ImportProgress) -> Void
}

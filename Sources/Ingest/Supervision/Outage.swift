/// What an incident is about, as wide as it reaches.
public enum OutageScope: Sendable, Hashable {
    /// Everything that this judge sees.
    case all
    /// One platform, by its name.
    case platform(String)
    /// One host, by its address.
    case host(String)
}

/// One thing that went wrong for many at once; people see it instead of the thousands of faults that it explains.
public struct Outage: Sendable, Hashable {
    /// What went wrong.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Many cameras went out together.
        case cameras
        /// The database is away.
        case database
        /// The wall clock was moved.
        case clock
    }

    /// How an incident ended.
    public enum Ending: Sendable, Hashable {
        /// Nearly everything is back.
        case recovered
        /// A wider incident, of that number, explains it.
        case swallowed(by: Int)
        /// It went on for so long that what is still out counts as single faults.
        case tooLong
    }

    /// Number of the incident, unique for the judge's life.
    public var id: Int
    /// What went wrong.
    public var kind: Kind
    /// How wide it reaches.
    public var scope: OutageScope
    /// When it began, monotonic seconds: the first camera that it explains.
    public var since: Double
    /// Cameras that it explains, those that are back included.
    public var affected = 0
    /// Cameras of these that are out.
    public var out = 0
    /// Part of the scope's cameras in service that went out, 0…1.
    public var share = 0.0
    /// By how many seconds the clock was moved; 0 for other kinds.
    public var jump = 0.0
}

/// The limits of an `OutageJudge`; times in seconds.
public struct OutageSettings: Sendable, Hashable {
    /// Part of the cameras in service that must go out together.
    public var share: Double
    /// Fewest cameras that must go out together.
    public var cameras: Int
    /// Within how long they go out together.
    public var within: Double
    /// How long it must look like an outage: time for a narrow one to become a wide one.
    public var settle: Double
    /// Part of the affected cameras that must be back for the end.
    public var backShare: Double
    /// How long they must be back.
    public var backFor: Double
    /// Shortest time between two updates.
    public var updateEvery: Double
    /// Longest incident; after it the cameras that are still out become single faults.
    public var longest: Double
    /// How long the database must be away, or back, to count.
    public var databaseSettle: Double
    /// How long the clock must run steadily until its incident ends.
    public var clockSteady: Double

    /// Makes the limits.
    public init(
        share: Double = 0.2,
        cameras: Int = 20,
        within: Double = 60,
        settle: Double = 2,
        backShare: Double = 0.9,
        backFor: Double = 10,
        updateEvery: Double = 10,
        longest: Double = 6 * 3600,
        databaseSettle: Double = 15,
        clockSteady: Double = 60
    ) {
        self.share = min(max(share, 0.01), 1)
        self.cameras = max(1, cameras)
        self.within = max(1, within)
        self.settle = max(0, settle)
        self.backShare = min(max(backShare, 0), 1)
        self.backFor = max(0, backFor)
        self.updateEvery = max(0, updateEvery)
        self.longest = max(60, longest)
        self.databaseSettle = max(0, databaseSettle)
        self.clockSteady = max(0, clockSteady)
    }
}

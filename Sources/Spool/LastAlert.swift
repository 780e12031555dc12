public import Flow

/// The newest alert of a rule: what a process leaves behind, running when it is killed, just ended when it is stopped.
public struct LastAlert: Sendable, Hashable {
    /// Stands for its camera and rule.
    public let key: Int64
    /// When its condition began.
    public let startedAt: MediaTime
    /// Time of its newest statement.
    public let statedAt: MediaTime
    /// True when its end was stated.
    public let hasEnded: Bool

    /// What stands for a camera and a rule of it.
    public static func key(camera: String, rule: String) -> Int64 {
        Int64(bitPattern: StableHash.of("\(camera)\u{1f}\(rule)"))
    }

    init(key: Int64, startedAt: MediaTime, statedAt: MediaTime, hasEnded: Bool) {
        self.key = key
        self.startedAt = startedAt
        self.statedAt = statedAt
        self.hasEnded = hasEnded
    }

    /// The alert that `record` is about.
    init(_ record: AlertRecord) {
        self.init(
            key: Self.key(camera: record.camera, rule: record.rule),
            startedAt: record.startedAt,
            statedAt: record.statedAt,
            hasEnded: record.phase == .end
        )
    }
}

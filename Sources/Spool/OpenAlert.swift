public import Flow

/// An alert that has begun and whose end was not appended yet: what a process leaves behind when it is killed.
public struct OpenAlert: Sendable, Hashable {
    /// Stands for its camera and rule.
    public let key: Int64
    /// When its condition began.
    public let startedAt: MediaTime
    /// Time of its newest statement.
    public let statedAt: MediaTime

    /// What stands for a camera and a rule of it.
    public static func key(camera: String, rule: String) -> Int64 {
        Int64(bitPattern: StableHash.of("\(camera)\u{1f}\(rule)"))
    }

    init(key: Int64, startedAt: MediaTime, statedAt: MediaTime) {
        self.key = key
        self.startedAt = startedAt
        self.statedAt = statedAt
    }

    /// The alert that `record` is about.
    init(_ record: AlertRecord) {
        self.init(
            key: Self.key(camera: record.camera, rule: record.rule),
            startedAt: record.startedAt,
            statedAt: record.statedAt
        )
    }
}

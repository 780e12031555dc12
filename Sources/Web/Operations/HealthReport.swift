/// What the daemon says about itself on `/readyz`.
public struct HealthReport: Sendable, Hashable, Encodable {
    /// One part that was looked at.
    public struct Check: Sendable, Hashable, Encodable {
        /// The part, for example `database` or `spool`.
        public let name: String
        /// True when it works.
        public let isReady: Bool
        /// Why not, for an operator; no secrets, but names of hosts and folders: strangers do not get it.
        public let detail: String?

        /// Makes a check.
        public init(name: String, isReady: Bool, detail: String? = nil) {
            self.name = name
            self.isReady = isReady
            self.detail = detail
        }
    }

    /// All parts that were looked at.
    public let checks: [Check]

    /// Makes a report.
    public init(checks: [Check]) {
        self.checks = checks
    }

    /// True when every part works.
    public var isReady: Bool { checks.allSatisfy(\.isReady) }
}

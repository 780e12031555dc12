#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Which open case an alert belongs to.
///
/// First the open case of the same camera and rule, however old. Else the case of the same hazard type whose alerts lie
/// within `window` of this one and which is in the same micro-grid, or at most `distance` away: several cameras that
/// see one hazard make one case. Of several the one with the newest alert, then the oldest case.
///
/// Alerts of some rules are about the camera itself: they join by identity only, since a fault of the next camera is
/// another thing to repair.
public struct MergePolicy: Sendable, Hashable {
    /// Seconds between an alert's start and the nearest alert of a case that it may join; 30 minutes.
    public var window: Double
    /// Metres between an alert's camera and a case that it may join; 50.
    public var distance: Double
    /// Seconds after its end in which a case of the same identity counts as the same trouble again; 24 hours.
    public var recurrence: Double
    /// Rules whose alerts join by identity only.
    public var identityRules: Set<String>

    /// The rule of alerts that say that a camera does not work.
    public static let cameraFaultRule = "camera-fault"

    /// Makes a policy; the defaults are those of the product.
    public init(
        window: Double = 1800,
        distance: Double = 50,
        recurrence: Double = 86_400,
        identityRules: Set<String> = [MergePolicy.cameraFaultRule]
    ) {
        self.window = window
        self.distance = distance
        self.recurrence = recurrence
        self.identityRules = identityRules
    }

    /// A place on the ground, WGS-84.
    public struct Place: Sendable, Hashable {
        /// Degrees east of Greenwich, WGS-84.
        public var longitude: Double
        /// Degrees north of the equator, WGS-84.
        public var latitude: Double

        /// Makes a place from degrees, which are not checked.
        public init(longitude: Double, latitude: Double) {
            self.longitude = longitude
            self.latitude = latitude
        }

        /// Metres on a sphere of the Earth's mean radius: within 0.5 % of the ellipsoid, 25 cm in 50 m.
        public func metres(to other: Place) -> Double {
            let toRadians = Double.pi / 180
            let north = (other.latitude - latitude) * toRadians
            let east = (other.longitude - longitude) * toRadians
            let chord =
                sin(north / 2) * sin(north / 2)
                + cos(latitude * toRadians) * cos(other.latitude * toRadians) * sin(east / 2) * sin(east / 2)
            return 2 * 6_371_008.8 * asin(min(1, chord.squareRoot()))
        }
    }

    /// What of an alert counts for merging.
    public struct Alert: Sendable, Hashable {
        /// Id of the camera, as the registry has it.
        public var camera: String
        /// Id of the rule, unique within the camera.
        public var rule: String
        /// Code of the hazard type; only cases of the same type join, unless the identity is the same.
        public var hazardType: String
        /// Start, microseconds since the Unix epoch.
        public var startedAt: Int64
        /// Key of the camera's micro-grid; nil when it is mapped to a larger one or to none.
        public var microGrid: Int?
        /// Where the camera stands; nil when nobody knows, and then distance joins nothing.
        public var place: Place?

        /// Makes what counts of an alert from its parts.
        public init(
            camera: String,
            rule: String,
            hazardType: String,
            startedAt: Int64,
            microGrid: Int?,
            place: Place?
        ) {
            self.camera = camera
            self.rule = rule
            self.hazardType = hazardType
            self.startedAt = startedAt
            self.microGrid = microGrid
            self.place = place
        }
    }

    /// An open case that an alert may join.
    public struct Candidate: Sendable, Hashable {
        /// What its first alert was.
        public var first: Alert
        /// Start of its newest alert, microseconds since the Unix epoch.
        public var lastAlertAt: Int64

        /// Makes a candidate from an open case.
        public init(first: Alert, lastAlertAt: Int64) {
            self.first = first
            self.lastAlertAt = lastAlertAt
        }
    }

    /// Why an alert joins a case.
    public enum Reason: String, Sendable, Hashable {
        /// The same camera and the same rule, however long ago.
        case identity
        /// Same hazard type, same micro-grid, near in time.
        case grid
        /// Same hazard type, near in place and time.
        case distance
    }

    /// Why `alert` may join `candidate`; nil when it may not.
    public func reason(for alert: Alert, toJoin candidate: Candidate) -> Reason? {
        let first = candidate.first
        if first.camera == alert.camera, first.rule == alert.rule { return .identity }
        guard first.hazardType == alert.hazardType, !identityRules.contains(alert.rule),
            !identityRules.contains(first.rule)
        else { return nil }
        let slack = Int64(window * 1_000_000)
        guard alert.startedAt >= first.startedAt - slack, alert.startedAt <= candidate.lastAlertAt + slack else {
            return nil
        }
        if let grid = alert.microGrid, grid == first.microGrid { return .grid }
        guard let here = alert.place, let there = first.place else { return nil }
        return here.metres(to: there) <= distance ? .distance : nil
    }

    /// The case that `alert` joins.
    ///
    /// - Parameters:
    ///   - alert: The alert that belongs to no case yet.
    ///   - candidates: Open cases, oldest first.
    /// - Returns: Its index and the reason; nil when the alert opens a case.
    public func choose(for alert: Alert, among candidates: [Candidate]) -> (index: Int, reason: Reason)? {
        var best: (index: Int, reason: Reason)?
        for (index, candidate) in candidates.enumerated() {
            guard let reason = reason(for: alert, toJoin: candidate) else { continue }
            if reason == .identity { return (index, reason) }
            if let known = best, candidates[known.index].lastAlertAt >= candidate.lastAlertAt { continue }
            best = (index, reason)
        }
        return best
    }
}

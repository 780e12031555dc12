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

    /// Makes a policy.
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

    /// A place, WGS-84 degrees.
    public struct Place: Sendable, Hashable {
        /// Degrees east.
        public var longitude: Double
        /// Degrees north.
        public var latitude: Double

        /// Makes a place.
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
    public struct Sighting: Sendable, Hashable {
        /// The camera.
        public var camera: String
        /// Its rule.
        public var rule: String
        /// Hazard type.
        public var hazardType: String
        /// Start, microseconds since the Unix epoch.
        public var startedAt: Int64
        /// Key of the camera's micro-grid; nil when it is mapped to a larger one or to none.
        public var microGrid: Int?
        /// Where the camera is.
        public var place: Place?

        /// Makes a sighting.
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
        public var first: Sighting
        /// Start of its newest alert, microseconds since the Unix epoch.
        public var lastAlertAt: Int64

        /// Makes a candidate.
        public init(first: Sighting, lastAlertAt: Int64) {
            self.first = first
            self.lastAlertAt = lastAlertAt
        }
    }

    /// Why an alert joins a case.
    public enum Reason: String, Sendable, Hashable {
        /// Same camera, same rule.
        case identity
        /// Same hazard type, same micro-grid, near in time.
        case grid
        /// Same hazard type, near in place and time.
        case distance
    }

    /// Why `alert` may join `candidate`; nil when it may not.
    public func reason(for alert: Sighting, toJoin candidate: Candidate) -> Reason? {
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
    public func choose(for alert: Sighting, among candidates: [Candidate]) -> (index: Int, reason: Reason)? {
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

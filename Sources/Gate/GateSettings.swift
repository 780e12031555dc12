/// The tunables of the gate.
///
/// The defaults are meant to be right, and each gate adapts itself to its camera within them. `set` uses the keys of
/// `GateSettings.keys`, for example `gate_threshold`.
public struct GateSettings: Sendable, Hashable {
    /// Activity, in usual deviations of the camera's own sizes, from which a keyframe is decoded at once.
    ///
    /// Default 2.5, range 1…20.
    public var threshold: Float = 2.5
    /// The same while the last picture showed something: activity is then a change against the last few seconds.
    ///
    /// Default 2.2, range 1…20.
    public var busyThreshold: Float = 2.2
    /// Keyframes that are all decoded after one that showed something, as long as they show something and no alert runs.
    ///
    /// Default 6, range 0…250.
    public var followUpKeyframes: Float = 6
    /// Longest time between two decoded keyframes while something is seen for longer than that, seconds.
    ///
    /// Default 4, range 0…3600.
    public var followUpSeconds: Float = 4
    /// Longest time between two decoded keyframes while an alert runs, seconds.
    ///
    /// Default 6, range 0…3600.
    public var alertSeconds: Float = 6
    /// Keyframes that are all decoded when a stream begins.
    ///
    /// Default 3, range 0…100.
    public var calibrationKeyframes: Float = 3
    /// Least factor by which a camera's own thresholds adapt: how sensitive a gate may become.
    ///
    /// Default 0.6, range 0.1…1.
    public var leastGain: Float = 0.6
    /// Greatest factor by which a camera's own thresholds adapt: how insensitive a gate may become.
    ///
    /// Default 6, range 1…10.
    public var mostGain: Float = 6
    /// Share of the beginnings that the gate did not see, above which it turns itself off for the camera.
    ///
    /// A moving share over about five beginnings; 1 never turns it off. Default 0.5, range 0…1.
    public var missShare: Float = 0.5
    /// Seconds between decoded keyframes where the gate has turned itself off.
    ///
    /// Default 4, range 0…3600.
    public var fallbackSeconds: Float = 4
    /// Seconds after which it tries again.
    ///
    /// Default 600, range 1…86400.
    public var fallbackPeriod: Float = 600
    /// Shortest time between two bursts, seconds.
    ///
    /// Default 10, range 0…3600.
    public var burstGap: Float = 10
    /// Time between keyframes from which a burst does not wait for the next keyframe, seconds.
    ///
    /// Default 3, range 0.5…3600.
    public var longGroup: Float = 3

    /// The defaults.
    public init() {}
}

extension GateSettings {
    /// A setting: its key, where it is kept, and which values it takes.
    private struct Tunable: Sendable {
        let key: String
        let path: any WritableKeyPath<GateSettings, Float> & Sendable
        let range: ClosedRange<Float>
    }

    private static let tunables: [Tunable] = [
        Tunable(key: "gate_threshold", path: \.threshold, range: 1...20),
        Tunable(key: "gate_busy_threshold", path: \.busyThreshold, range: 1...20),
        Tunable(key: "gate_follow_up_keyframes", path: \.followUpKeyframes, range: 0...250),
        Tunable(key: "gate_follow_up_seconds", path: \.followUpSeconds, range: 0...3600),
        Tunable(key: "gate_alert_seconds", path: \.alertSeconds, range: 0...3600),
        Tunable(key: "gate_calibration_keyframes", path: \.calibrationKeyframes, range: 0...100),
        Tunable(key: "gate_least_gain", path: \.leastGain, range: 0.1...1),
        Tunable(key: "gate_most_gain", path: \.mostGain, range: 1...10),
        Tunable(key: "gate_miss_share", path: \.missShare, range: 0...1),
        Tunable(key: "gate_fallback_seconds", path: \.fallbackSeconds, range: 0...3600),
        Tunable(key: "gate_fallback_period", path: \.fallbackPeriod, range: 1...86_400),
        Tunable(key: "gate_burst_gap", path: \.burstGap, range: 0...3600),
        Tunable(key: "gate_long_group", path: \.longGroup, range: 0.5...3600),
    ]

    /// The keys that `set` knows, in the order of the documentation.
    public static let keys: [String] = tunables.map(\.key)

    /// The values by key.
    public var values: [String: Double] {
        Dictionary(uniqueKeysWithValues: Self.tunables.map { ($0.key, Double(self[keyPath: $0.path])) })
    }

    /// Sets the value of a key from its text, as `--set key=value` gives it.
    ///
    /// - Returns: Nil when it was set; else what is wrong, in words: the key is unknown, or the value out of range.
    public mutating func set(_ key: String, _ value: String) -> String? {
        guard let tunable = Self.tunables.first(where: { $0.key == key }) else {
            return "setting '\(key)' is unknown; known are \(Self.keys.joined(separator: ", "))"
        }
        guard let number = Float(value), tunable.range.contains(number) else {
            let range = tunable.range
            return "setting '\(key)' is '\(value)', allowed are \(range.lowerBound) to \(range.upperBound)"
        }
        self[keyPath: tunable.path] = number
        return nil
    }
}

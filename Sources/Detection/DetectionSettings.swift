import Flow

/// The tunables of detection.
///
/// The defaults are meant to be right; a camera that needs others gets its own.
///
/// All are numbers. `set` and the coded form use the keys of `DetectionSettings.keys`, for example `min_share`.
public struct DetectionSettings: Sendable, Hashable {
    /// Share of its region that something must cover.
    ///
    /// Default 0.004, range 0.0001…1.
    public var minShare = 0.004
    /// Share of the picture that something must cover, whatever the region.
    ///
    /// Default 0.001, range 0.0001…1.
    public var minBlob = 0.001
    /// Seconds that something just big enough must be in a region before its alert starts; what is larger needs less,
    /// down to a quarter.
    ///
    /// A rule with its own `dwell` needs that, whatever the size. Default 0.25, range 0…3600.
    public var dwell = 0.25
    /// Seconds that a region must be empty before its alert ends.
    ///
    /// Default 1.5, range 0…600.
    public var hold = 1.5
    /// Grey levels by which a pixel must differ at least.
    ///
    /// Default 5, range 1…100.
    public var contrastFloor = 5.0
    /// Additional difference, as a share of the brightness.
    ///
    /// Default 0.04, range 0…1.
    public var contrastShare = 0.04
    /// Additional difference, in multiples of the pixel's usual deviation.
    ///
    /// Default 3, range 0…20.
    public var noiseFactor = 3.0
    /// Share of an object's pixels that must differ by twice the needed difference.
    ///
    /// Default 0.12, range 0…1.
    public var strongShare = 0.12
    /// Share of an object's pixels that must have only pixels of the object around them: strips are no objects.
    ///
    /// Default 0.08, range 0…1.
    public var coreShare = 0.08
    /// Change of gradient along the outline, over the change of brightness inside, below which it is light.
    ///
    /// Default 0.3, range 0…2.
    public var softEdges = 0.3
    /// Correlation of the gradients of frame and background above which a textured spot is only lit otherwise.
    ///
    /// Default 0.6, range 0…1.
    public var lightCorrelation = 0.6
    /// Seconds in which the background follows slow changes of the scene.
    ///
    /// Default 8, range 0.5…3600.
    public var backgroundSeconds = 8.0
    /// Seconds in which the usual deviation of a pixel is learnt.
    ///
    /// Default 10, range 0.5…3600.
    public var noiseSeconds = 10.0
    /// Seconds after which something that stands still belongs to the scene.
    ///
    /// Default 60, range 1…63.
    public var absorbSeconds = 60.0
    /// Seconds after which it is forgotten what a pixel looked like before something stood there.
    ///
    /// Default 300, range 1…86400.
    public var originalSeconds = 300.0
    /// Seconds after which a speck that stands still belongs to the scene.
    ///
    /// Default 2, range 0…63.
    public var speckSeconds = 2.0
    /// Edges of the background over those of the frame along an outline, from which something has left instead of come.
    ///
    /// Default 1.5, range 1…10.
    public var ghostEdges = 1.5
    /// Seconds that the trace of something that left must stand still before it belongs to the scene.
    ///
    /// Default 1, range 0…63.
    public var ghostSeconds = 1.0
    /// Share of the picture from which a change is one of the whole picture.
    ///
    /// Default 0.5, range 0.1…1.
    public var modeShare = 0.5
    /// Seconds after which a picture that shares little with the scene becomes the scene.
    ///
    /// Default 1.5, range 0…600.
    public var modeSeconds = 1.5
    /// Seconds without new alerts after the scene was learnt anew.
    ///
    /// Default 2, range 0…600.
    public var settleSeconds = 2.0
    /// Share of the picture that one person covers, by which the people of a crowd are counted.
    ///
    /// Default 0.002, range 0.0001…0.5.
    public var personShare = 0.002
    /// Seconds until the status says that the scene is known.
    ///
    /// Default 3, range 0…600.
    public var warmUpSeconds = 3.0

    /// Makes the settings of a camera that nobody has tuned: each value is its default.
    public init() {}
}

extension DetectionSettings {
    /// A setting: its key, where it is kept, and which values it takes.
    struct Tunable: Sendable {
        let key: String
        let path: any WritableKeyPath<DetectionSettings, Double> & Sendable
        let range: ClosedRange<Double>
    }

    static let tunables: [Tunable] = [
        Tunable(key: "min_share", path: \.minShare, range: 0.0001...1),
        Tunable(key: "min_blob", path: \.minBlob, range: 0.0001...1),
        Tunable(key: "dwell", path: \.dwell, range: 0...3600),
        Tunable(key: "hold", path: \.hold, range: 0...600),
        Tunable(key: "contrast_floor", path: \.contrastFloor, range: 1...100),
        Tunable(key: "contrast_share", path: \.contrastShare, range: 0...1),
        Tunable(key: "noise_factor", path: \.noiseFactor, range: 0...20),
        Tunable(key: "strong_share", path: \.strongShare, range: 0...1),
        Tunable(key: "core_share", path: \.coreShare, range: 0...1),
        Tunable(key: "soft_edges", path: \.softEdges, range: 0...2),
        Tunable(key: "light_correlation", path: \.lightCorrelation, range: 0...1),
        Tunable(key: "background_seconds", path: \.backgroundSeconds, range: 0.5...3600),
        Tunable(key: "noise_seconds", path: \.noiseSeconds, range: 0.5...3600),
        Tunable(key: "absorb_seconds", path: \.absorbSeconds, range: 1...63),
        Tunable(key: "home_seconds", path: \.originalSeconds, range: 1...86_400),
        Tunable(key: "speck_seconds", path: \.speckSeconds, range: 0...63),
        Tunable(key: "ghost_edges", path: \.ghostEdges, range: 1...10),
        Tunable(key: "ghost_seconds", path: \.ghostSeconds, range: 0...63),
        Tunable(key: "mode_share", path: \.modeShare, range: 0.1...1),
        Tunable(key: "mode_seconds", path: \.modeSeconds, range: 0...600),
        Tunable(key: "settle_seconds", path: \.settleSeconds, range: 0...600),
        Tunable(key: "person_share", path: \.personShare, range: 0.0001...0.5),
        Tunable(key: "warm_up_seconds", path: \.warmUpSeconds, range: 0...600),
    ]

    /// The keys that `set` knows, in the order of the documentation.
    public static let keys: [String] = tunables.map(\.key)

    /// The values that a key takes; nil for a key that is not known.
    public static func range(of key: String) -> ClosedRange<Double>? {
        tunables.first { $0.key == key }?.range
    }

    /// A short text that is the same for the same values on every machine: 8 hex digits.
    public var version: String {
        let text = Self.tunables.map { "\($0.key)=\(self[keyPath: $0.path])" }.joined(separator: ";")
        let digits = String(StableHash.of(text) >> 32, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    /// All values by the keys that `set` knows, defaults included.
    public var values: [String: Double] {
        Dictionary(uniqueKeysWithValues: Self.tunables.map { ($0.key, self[keyPath: $0.path]) })
    }

    /// Sets the value of a key from its text, as `--set key=value` gives it.
    ///
    /// - Throws: `DetectionError` for an unknown key (lists the known ones) or a value out of range.
    public mutating func set(_ key: String, _ value: String) throws(DetectionError) {
        guard let number = Double(value) else {
            throw DetectionError(.invalidSetting, "setting '\(key)': '\(value)' is not a number")
        }
        try set(key, number)
    }

    /// These settings with other values for some keys, as a profile has them.
    ///
    /// - Throws: `DetectionError` for an unknown key (lists the known ones) or a value out of range.
    public func with(_ values: [String: Double]) throws(DetectionError) -> DetectionSettings {
        var settings = self
        for (key, value) in values.sorted(by: { $0.key < $1.key }) { try settings.set(key, value) }
        return settings
    }

    private mutating func set(_ key: String, _ value: Double) throws(DetectionError) {
        guard let tunable = Self.tunables.first(where: { $0.key == key }) else {
            let known = Self.keys.joined(separator: ", ")
            throw DetectionError(.unknownSetting, "setting '\(key)' is unknown; known are \(known)")
        }
        guard tunable.range.contains(value) else {
            let range = tunable.range
            throw DetectionError(
                .invalidSetting,
                "setting '\(key)' is \(value), allowed are \(range.lowerBound) to \(range.upperBound)"
            )
        }
        self[keyPath: tunable.path] = value
    }
}

extension DetectionSettings: Codable {
    private struct Key: CodingKey {
        let stringValue: String
        let intValue: Int? = nil

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// Reads an object of keys and numbers; a missing key keeps its default.
    ///
    /// - Throws: `DetectionError` for an unknown key or a value out of range.
    public init(from decoder: any Decoder) throws {
        self.init()
        let container = try decoder.container(keyedBy: Key.self)
        for key in container.allKeys.sorted(by: { $0.stringValue < $1.stringValue }) {
            try set(key.stringValue, try container.decode(Double.self, forKey: key))
        }
    }

    /// Writes every key with its value.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        for tunable in Self.tunables {
            try container.encode(self[keyPath: tunable.path], forKey: Key(stringValue: tunable.key))
        }
    }
}

public import Detection
internal import Flow
internal import Foundation

/// A rule of a clip together with what truly happens there.
public struct LabelledRule: Sendable, Hashable, Decodable {
    /// What is watched.
    public var rule: Rule
    /// When the condition truly holds, in the clip's time.
    public var events: [TimeSpan]
    /// When neither an alert nor its absence counts.
    public var ignore: [TimeSpan]
    /// Seconds by which an alert may miss an event at both ends.
    public var tolerance: Double
    /// Instants of the crossings of a `line` rule.
    public var crossings: [Double]

    /// Makes a rule with its labels.
    public init(
        rule: Rule,
        events: [TimeSpan],
        ignore: [TimeSpan] = [],
        tolerance: Double = 0.5,
        crossings: [Double] = []
    ) {
        self.rule = rule
        self.events = events
        self.ignore = ignore
        self.tolerance = tolerance
        self.crossings = crossings
    }

    /// The element of `rules` in a label file, for `JSONSerialization`.
    ///
    /// - Throws: When the rule holds a number that JSON cannot.
    func object() throws -> [String: Any] {
        var object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(rule)) as? [String: Any] ?? [:]
        object["events"] = events.map(\.pair)
        if !ignore.isEmpty { object["ignore"] = ignore.map(\.pair) }
        if tolerance != 0.5 { object["tolerance"] = tolerance }
        if !crossings.isEmpty { object["crossings"] = crossings }
        return object
    }

    private enum CodingKeys: String, CodingKey {
        case events
        case ignore
        case tolerance
        case crossings
        case minSeconds = "min_seconds"
    }

    /// Reads one element of `rules`; other keys are ignored.
    ///
    /// - Throws: `DecodingError` that names the key, `DetectionError` that names the rule.
    public init(from decoder: any Decoder) throws {
        let rule = try Rule(from: decoder)
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func refuse(_ key: CodingKeys, _ why: String) -> DecodingError {
            .dataCorruptedError(forKey: key, in: values, debugDescription: "rule '\(rule.id)': " + why)
        }
        let crossings = try values.decodeIfPresent([Double].self, forKey: .crossings) ?? []
        guard crossings.allSatisfy({ (0...1e9).contains($0) }) else { throw refuse(.crossings, "must be seconds") }
        var events = crossings.map { TimeSpan(max(0, $0 - 0.5), $0 + 0.5) }
        if rule.kind != .line || values.contains(.events) || crossings.isEmpty {
            events = try values.decode([TimeSpan].self, forKey: .events)
        }
        self.init(
            rule: rule,
            events: events,
            ignore: try values.decodeIfPresent([TimeSpan].self, forKey: .ignore) ?? [],
            tolerance: try values.decodeIfPresent(Double.self, forKey: .tolerance) ?? 0.5,
            crossings: crossings
        )
        guard tolerance >= 0, tolerance <= 60 else { throw refuse(.tolerance, "must be 0 to 60 seconds") }
        guard rule.kind != .quiet || events.isEmpty else { throw refuse(.events, "a quiet rule has none") }
        if rule.kind.hasDueTime, rule.minSeconds == nil { throw refuse(.minSeconds, "its kind needs it") }
    }
}

extension RuleKind {
    /// True when an alert is not due at the event's start but `min_seconds` later.
    var hasDueTime: Bool { self == .stationary || self == .objectRemoved || self == .loitering }
}

/// The labels of one clip: which rules watch it and what truly happens.
public struct LabelFile: Sendable, Hashable, Decodable {
    /// File name of the clip, relative to the folder of clips.
    public var clip: String
    /// Width of the picture in pixels.
    public var width: Int
    /// Height of the picture in pixels.
    public var height: Int
    /// Length of the clip in seconds.
    public var duration: Double
    /// What is to be seen: clips of one camera share their scene.
    ///
    /// The clip's name when the file does not say.
    public var scene: String
    /// Weather, light and the like, in the words of the file; empty when it says nothing.
    public var conditions: [String]
    /// The rules, each with its own id.
    public var rules: [LabelledRule]

    /// Makes labels.
    public init(
        clip: String,
        width: Int,
        height: Int,
        duration: Double,
        scene: String? = nil,
        conditions: [String] = [],
        rules: [LabelledRule]
    ) {
        self.scene = scene ?? clip
        self.conditions = conditions
        self.clip = clip
        self.width = width
        self.height = height
        self.duration = duration
        self.rules = rules
    }

    private enum CodingKeys: String, CodingKey {
        case clip
        case width
        case height
        case duration
        case scene
        case conditions
        case rules
        case masks
    }

    /// Reads the object of a label file; other keys are ignored.
    ///
    /// - Throws: `DecodingError` that names the key, `DetectionError` that names the rule.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        clip = try values.decode(String.self, forKey: .clip)
        width = try values.decode(Int.self, forKey: .width)
        height = try values.decode(Int.self, forKey: .height)
        duration = try values.decode(Double.self, forKey: .duration)
        scene = try values.decodeIfPresent(String.self, forKey: .scene) ?? clip
        conditions = (try values.decodeIfPresent(String.self, forKey: .conditions) ?? "").split(separator: ";")
            .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        rules = try values.decode([LabelledRule].self, forKey: .rules)
        func refuse(_ key: CodingKeys, _ why: String) -> DecodingError {
            .dataCorruptedError(forKey: key, in: values, debugDescription: why)
        }
        guard !clip.isEmpty, !clip.hasPrefix("/"), !clip.split(separator: "/").contains("..") else {
            throw refuse(.clip, "must be a file name below the folder of clips")
        }
        guard width > 0 else { throw refuse(.width, "must be more than 0") }
        guard height > 0 else { throw refuse(.height, "must be more than 0") }
        guard duration > 0, duration <= 1e9 else { throw refuse(.duration, "must be more than 0 seconds") }
        let masks = try values.decodeIfPresent([[NormalizedPoint]].self, forKey: .masks) ?? []
        let masked = try Rule.masked(rules.map(\.rule), by: masks)
        for index in rules.indices {
            try masked[index].validate(among: masked)
            rules[index].rule = masked[index]
        }
        let ids = masked.map(\.id)
        guard Set(ids).count == ids.count else { throw refuse(.rules, "two rules have the same id") }
    }

    /// Reads a label file.
    ///
    /// - Returns: Labels that are complete and checked.
    /// - Throws: `labelUnreadable` or `labelMalformed`, naming the file and the key.
    public static func read(_ path: String) throws(ReplayError) -> LabelFile {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ReplayError(
                .labelUnreadable,
                "label file \(path): cannot be read: check the path and who may read it"
            )
        }
        do {
            return try JSONDecoder().decode(LabelFile.self, from: data)
        } catch {
            throw ReplayError(.labelMalformed, "label file \(path): \(explain(error))")
        }
    }

    static func explain(_ error: any Error) -> String {
        switch error as? DecodingError {
        case .keyNotFound(let key, let context):
            return "'\(name(context.codingPath + [key]))' is missing"
        case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
            return "'\(name(context.codingPath))' must be of type \(type)"
        case .dataCorrupted(let context) where context.codingPath.isEmpty:
            return "is not valid JSON: \(context.underlyingError.map { "\($0)" } ?? context.debugDescription)"
        case .dataCorrupted(let context):
            return "'\(name(context.codingPath))' \(context.debugDescription)"
        default:
            return "\(error)"
        }
    }

    private static func name(_ path: [any CodingKey]) -> String {
        var text = ""
        for key in path {
            if let index = key.intValue {
                text += "[\(index)]"
            } else {
                text += (text.isEmpty ? "" : ".") + key.stringValue
            }
        }
        return text
    }
}

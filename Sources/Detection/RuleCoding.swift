import Flow

/// A rule file: `{"rules": […], "masks": […]}`.
///
/// `masks` are those of the camera: they hold for each of its rules. Label files have the same shape, with more keys.
public struct RuleFile: Sendable, Hashable, Codable {
    /// The rules, in the order of the file, each with its own id.
    public var rules: [Rule]

    init(rules: [Rule]) {
        self.rules = rules
    }

    /// Reads the rules, refuses two with the same id, and gives the camera's masks to each of them.
    ///
    /// - Throws: `DetectionError` for a rule that cannot be used, `DecodingError` for a wrong shape.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        rules = try Rule.masked(
            try values.decode([Rule].self, forKey: .rules),
            by: try values.decodeIfPresent([[NormalizedPoint]].self, forKey: .masks) ?? []
        )
        var seen = Set<String>()
        for rule in rules where !seen.insert(rule.id).inserted {
            throw DetectionError(.invalidRule, "rule '\(rule.id)' is there twice; give every rule its own id")
        }
        for rule in rules { try rule.validate(among: rules) }
    }

    /// Writes the rules, each with all its masks.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(rules, forKey: .rules)
    }

    private enum CodingKeys: String, CodingKey {
        case rules
        case masks
    }
}

extension Rule: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case id
        case kind
        case name
        case polygon
        case masks
        case size
        case line
        case direction
        case minSeconds = "min_seconds"
        case minCount = "min_count"
        case thresholds
        case schedule
        case onlyIf = "only_if"
        case notIf = "not_if"
        case isSilent = "silent"
        case hazardType = "hazard_type"
        case severity
        case dispatch
    }

    /// The names of everything that a rule can say.
    public static let keys = Set(CodingKeys.allCases.map(\.rawValue))

    /// Reads one element of `rules`.
    ///
    /// - Throws: `DetectionError` that names the rule when a value cannot be used, `DecodingError` for a wrong shape.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let id = try values.decode(String.self, forKey: .id)
        func choice<T: RawRepresentable & CaseIterable>(_ key: CodingKeys, _ type: T.Type) throws -> T?
        where T.RawValue == String {
            guard let text = try values.decodeIfPresent(String.self, forKey: key) else { return nil }
            if let value = T(rawValue: text) { return value }
            let known = T.allCases.map(\.rawValue).joined(separator: ", ")
            throw DetectionError(
                .invalidRule,
                "rule '\(id)': \(key.stringValue) '\(text)' is unknown; known are \(known)"
            )
        }
        guard let kind = try choice(.kind, RuleKind.self) else {
            throw DetectionError(.invalidRule, "rule '\(id)': kind is missing")
        }
        self.init(
            id: id,
            kind: kind,
            name: try values.decodeIfPresent(String.self, forKey: .name) ?? "",
            polygon: try values.decodeIfPresent([NormalizedPoint].self, forKey: .polygon),
            masks: try values.decodeIfPresent([[NormalizedPoint]].self, forKey: .masks) ?? [],
            size: try values.decodeIfPresent(Size.self, forKey: .size),
            line: try values.decodeIfPresent([NormalizedPoint].self, forKey: .line),
            direction: try choice(.direction, Direction.self),
            minSeconds: try values.decodeIfPresent(Double.self, forKey: .minSeconds),
            minCount: try values.decodeIfPresent(Int.self, forKey: .minCount),
            thresholds: try values.decodeIfPresent(Thresholds.self, forKey: .thresholds) ?? Thresholds(),
            schedule: try values.decodeIfPresent(Schedule.self, forKey: .schedule),
            onlyIf: try values.decodeIfPresent(String.self, forKey: .onlyIf),
            notIf: try values.decodeIfPresent(String.self, forKey: .notIf),
            isSilent: try values.decodeIfPresent(Bool.self, forKey: .isSilent) ?? false,
            hazardType: try values.decodeIfPresent(String.self, forKey: .hazardType) ?? "",
            severity: try values.decodeIfPresent(Int.self, forKey: .severity) ?? 3,
            dispatch: try choice(.dispatch, Dispatch.self) ?? .triage
        )
        try validate()
    }

    /// Writes what `init(from:)` reads; values that are absent are left out.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(id, forKey: .id)
        try values.encode(kind, forKey: .kind)
        if !name.isEmpty { try values.encode(name, forKey: .name) }
        try values.encodeIfPresent(polygon, forKey: .polygon)
        if !masks.isEmpty { try values.encode(masks, forKey: .masks) }
        try values.encodeIfPresent(size, forKey: .size)
        try values.encodeIfPresent(line, forKey: .line)
        try values.encodeIfPresent(direction, forKey: .direction)
        try values.encodeIfPresent(minSeconds, forKey: .minSeconds)
        try values.encodeIfPresent(minCount, forKey: .minCount)
        if thresholds != Thresholds() { try values.encode(thresholds, forKey: .thresholds) }
        try values.encodeIfPresent(schedule, forKey: .schedule)
        try values.encodeIfPresent(onlyIf, forKey: .onlyIf)
        try values.encodeIfPresent(notIf, forKey: .notIf)
        if isSilent { try values.encode(true, forKey: .isSilent) }
        if !hazardType.isEmpty { try values.encode(hazardType, forKey: .hazardType) }
        try values.encode(severity, forKey: .severity)
        try values.encode(dispatch, forKey: .dispatch)
    }
}

import Flow
import FoundationEssentials

/// A statement that cannot become a row, and why.
struct RefusedAlert: Sendable {
    let record: AlertRecord
    let reason: String
}

/// Finds what a statement says that no column can hold, before the database does.
enum AlertInspection {
    /// 1970-01-01 to 2200-01-01: replay counts from zero, and nothing real is later.
    private static let times: ClosedRange<Int64> = 0...7_258_118_400_000_000

    /// Why `record` cannot be stored; nil when it can, as far as the statement alone shows.
    static func problem(of record: AlertRecord) -> String? {
        let texts = [record.camera, record.rule, record.kind, record.hazardType, record.settingsVersion]
        let instants = [record.startedAt, record.statedAt] + [record.endedAt].compactMap(\.self)
        let box = [record.box.x, record.box.y, record.box.width, record.box.height]
        if !isUUID(record.id) { return "the id is not a UUID: \(record.id.prefix(60))" }
        if record.camera.isEmpty || record.rule.isEmpty { return "camera or rule is empty" }
        if texts.contains(where: { $0.utf8.contains(0) }) { return "a text holds a NUL character" }
        if !(1...4).contains(record.severity) { return "severity \(record.severity) is not 1 to 4" }
        if !(0...1).contains(record.score) { return "score \(record.score) is not within 0 to 1" }
        if !box.allSatisfy(\.isFinite) { return "the box is not finite" }
        if !instants.allSatisfy({ times.contains($0.microseconds) }) {
            return "a time is outside the years 1970 to 2199"
        }
        return record.evidence.flatMap(problem(of:))
    }

    private static func problem(of evidence: EvidenceRef) -> String? {
        let isHash = evidence.sha256.utf8.count == 64 && evidence.sha256.utf8.allSatisfy(isLowerHex)
        if !isHash { return "the picture's hash is not 64 lower-case hex digits" }
        if evidence.path.isEmpty || evidence.path.utf8.contains(0) { return "the picture's path is empty or broken" }
        return (0...Int(Int32.max)).contains(evidence.bytes) ? nil : "the picture's size is \(evidence.bytes)"
    }

    private static func isUUID(_ text: String) -> Bool {
        text.utf8.count == 36
            && text.utf8.enumerated().allSatisfy { index, byte in
                [8, 13, 18, 23].contains(index) ? byte == UInt8(ascii: "-") : isLowerHex(byte)
            }
    }

    private static func isLowerHex(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (97...102).contains(byte)
    }

    /// The statement as JSON that `jsonb` accepts, whatever it holds.
    static func json(_ record: AlertRecord) -> String {
        var readable = record
        let texts: [WritableKeyPath<AlertRecord, String>] = [
            \.id, \.camera, \.rule, \.kind, \.hazardType, \.settingsVersion,
        ]
        for text in texts { readable[keyPath: text] = withoutNUL(record[keyPath: text]) }
        readable.reason = record.reason.map(withoutNUL)
        readable.evidence = record.evidence.map {
            EvidenceRef(path: withoutNUL($0.path), sha256: withoutNUL($0.sha256), bytes: $0.bytes)
        }
        let encoder = JSONEncoder()
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity",
            negativeInfinity: "-Infinity",
            nan: "NaN"
        )
        return (try? encoder.encode(readable)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    /// The statement that `json` was made of; nil when it says none.
    static func record(_ json: String) -> AlertRecord? {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "Infinity",
            negativeInfinity: "-Infinity",
            nan: "NaN"
        )
        return try? decoder.decode(AlertRecord.self, from: Data(json.utf8))
    }

    /// The text with every NUL character, which PostgreSQL cannot hold, replaced by U+FFFD.
    static func withoutNUL(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == "\0" ? "\u{fffd}" : $0 }))
    }

    /// The id that the quarantine keeps the statement under: its own, or one made from what it is about.
    static func quarantineID(_ record: AlertRecord) -> String {
        isUUID(record.id)
            ? record.id
            : AlertID.make(camera: record.id + record.camera, rule: record.rule, start: record.startedAt)
    }

    /// The time that the quarantine keeps, moved into the range of `timestamptz`.
    static func quarantineTime(_ record: AlertRecord) -> Int64 {
        min(max(record.statedAt.microseconds, times.lowerBound), times.upperBound)
    }
}

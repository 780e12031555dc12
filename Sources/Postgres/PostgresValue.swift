/// A parameter of a statement, sent in text format.
///
/// The server infers the type from where the parameter stands; write a cast where it cannot, for example
/// `unnest($1::uuid[])`. Never put values into the statement's text.
public enum PostgresValue: Sendable, Hashable {
    /// SQL `NULL`.
    case null
    /// Text, and every type that is written as text: `uuid`, `numeric`, `date`, WKT…
    case text(String)
    /// `smallint`, `integer`, `bigint`.
    case int(Int)
    /// `real`, `double precision`; infinities and NaN are kept.
    case double(Double)
    /// `boolean`.
    case bool(Bool)
    /// `bytea`.
    case bytes([UInt8])
    /// `timestamptz`, microseconds since the Unix epoch.
    case timestamp(microsecondsSinceEpoch: Int64)
    /// `json`, `jsonb`, already written as JSON.
    case json(String)
    /// `text[]`, `uuid[]`…
    case textArray([String?])
    /// `integer[]`, `bigint[]`.
    case intArray([Int?])
    /// `double precision[]`, `real[]`.
    case doubleArray([Double?])
    /// `boolean[]`.
    case boolArray([Bool?])
    /// `timestamptz[]`, microseconds since the Unix epoch.
    case timestampArray([Int64?])

    /// Makes text, or null from nil.
    public init(_ value: String?) { self = value.map { .text($0) } ?? .null }

    /// Makes an integer, or null from nil.
    public init(_ value: Int?) { self = value.map { .int($0) } ?? .null }

    /// Makes a floating-point number, or null from nil.
    public init(_ value: Double?) { self = value.map { .double($0) } ?? .null }

    /// Makes a boolean, or null from nil.
    public init(_ value: Bool?) { self = value.map { .bool($0) } ?? .null }

    /// The text that goes to the server; nil for null.
    var encoded: String? {
        switch self {
        case .null: nil
        case .text(let value), .json(let value): value
        case .int(let value): String(value)
        case .double(let value): Self.number(value)
        case .bool(let value): value ? "t" : "f"
        case .bytes(let value): HexBytes.text(value)
        case .timestamp(let microseconds): Timestamp.text(microseconds)
        case .textArray(let values): ArrayLiteral.text(values.map { $0.map(ArrayLiteral.quoted) })
        case .intArray(let values): ArrayLiteral.text(values.map { $0.map { String($0) } })
        case .doubleArray(let values): ArrayLiteral.text(values.map { $0.map(Self.number) })
        case .boolArray(let values): ArrayLiteral.text(values.map { $0.map { $0 ? "t" : "f" } })
        case .timestampArray(let values):
            ArrayLiteral.text(values.map { $0.map { "\"\(Timestamp.text($0))\"" } })
        }
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
        return String(value)
    }
}

extension PostgresValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral
{
    /// Text.
    public init(stringLiteral value: String) { self = .text(value) }

    /// An integer.
    public init(integerLiteral value: Int) { self = .int(value) }

    /// A floating-point number.
    public init(floatLiteral value: Double) { self = .double(value) }

    /// A boolean.
    public init(booleanLiteral value: Bool) { self = .bool(value) }

    /// Null.
    public init(nilLiteral: ()) { self = .null }
}

/// `bytea` in its hex form, `\x0aff`.
enum HexBytes {
    static func text(_ bytes: [UInt8]) -> String {
        var characters = Array("\\x".utf8)
        characters.reserveCapacity(2 + bytes.count * 2)
        for byte in bytes {
            characters.append(digit(byte >> 4))
            characters.append(digit(byte & 15))
        }
        return String(decoding: characters, as: UTF8.self)
    }

    static func parse(_ text: String) -> [UInt8]? {
        let characters = Array(text.utf8)
        guard characters.starts(with: "\\x".utf8), characters.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(characters.count / 2)
        for index in stride(from: 2, to: characters.count, by: 2) {
            guard let high = value(characters[index]), let low = value(characters[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }

    private static func value(_ character: UInt8) -> UInt8? {
        switch character {
        case 48...57: character - 48
        case 97...102: character - 87
        case 65...70: character - 55
        default: nil
        }
    }
}

/// One-dimensional array literals, `{1,NULL,"a \"b\""}`.
enum ArrayLiteral {
    /// Joins elements that are already written as array elements; nil becomes `NULL`.
    static func text(_ elements: [String?]) -> String {
        "{" + elements.map { $0 ?? "NULL" }.joined(separator: ",") + "}"
    }

    /// Writes a text element between quotes, so that commas, braces, blanks, the word NULL and nothing at all are kept.
    static func quoted(_ text: String) -> String {
        var element = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { element.unicodeScalars.append("\\") }
            element.unicodeScalars.append(scalar)
        }
        return element + "\""
    }

    /// Reads a one-dimensional array literal.
    ///
    /// - Returns: The elements, nil where one is NULL; nil for text that is no such literal.
    static func parse(_ text: String) -> [String?]? {
        var scalars = text.unicodeScalars[...]
        guard scalars.popFirst() == "{", scalars.popLast() == "}" else { return nil }
        var elements: [String?] = []
        if scalars.isEmpty { return elements }
        while true {
            guard let element = element(&scalars) else { return nil }
            elements.append(element.isQuoted || element.text != "NULL" ? element.text : nil)
            guard let separator = scalars.popFirst() else { return elements }
            guard separator == "," else { return nil }
        }
    }

    private static func element(_ scalars: inout Substring.UnicodeScalarView) -> (text: String, isQuoted: Bool)? {
        var text = String.UnicodeScalarView()
        guard scalars.first == "\"" else {
            while let next = scalars.first, next != "," {
                guard next != "{", next != "}", next != "\"" else { return nil }
                text.append(next)
                scalars.removeFirst()
            }
            return text.isEmpty ? nil : (String(text), false)
        }
        scalars.removeFirst()
        while let next = scalars.popFirst() {
            if next == "\"" { return (String(text), true) }
            guard next == "\\" else {
                text.append(next)
                continue
            }
            guard let escaped = scalars.popFirst() else { return nil }
            text.append(escaped)
        }
        return nil
    }
}

import Postgres

/// A statement under construction: conditions and the values they bind, numbered as they come.
///
/// The text holds constants of this module only; what a person typed goes into `values`.
struct QueryBuilder {
    private(set) var conditions: [String] = []
    private(set) var values: [PostgresValue]

    /// Starts with the two values of `Access`, `$1` and `$2`.
    init(_ access: Access) {
        self.values = access.parameters
    }

    /// Adds a condition that binds nothing.
    mutating func require(_ condition: String) {
        conditions.append(condition)
    }

    /// Binds a value and gives its placeholder, for example `$3`.
    mutating func bind(_ value: PostgresValue) -> String {
        values.append(value)
        return "$\(values.count)"
    }

    /// All conditions, joined with AND.
    var condition: String {
        conditions.isEmpty ? "true" : conditions.joined(separator: "\n AND ")
    }

    /// `text` as a pattern for ILIKE that finds it anywhere, its wildcards taken literally.
    static func pattern(_ text: String) -> String {
        var pattern = "%"
        for character in text {
            if character == "%" || character == "_" || character == "\\" { pattern.append("\\") }
            pattern.append(character)
        }
        return pattern + "%"
    }
}

/// One page of a list and where the next one starts.
public struct Page<Item: Sendable>: Sendable {
    /// The items, in order.
    public let items: [Item]
    /// Opaque start of the next page; nil at the end.
    public let next: String?

    /// Makes a page.
    public init(items: [Item], next: String?) {
        self.items = items
        self.next = next
    }
}

extension Page: Encodable where Item: Encodable {}

/// Where a page of a list ordered by time and key starts.
struct TimeCursor {
    /// What the database knows as a time, from 4686 BC to 9892; what a visitor sends may be any number.
    static let possible: ClosedRange<Int64> = -210_000_000_000_000_000...250_000_000_000_000_000

    let microseconds: Int64
    let id: Int

    init(microseconds: Int64, id: Int) {
        self.microseconds = microseconds
        self.id = id
    }

    /// Reads `<microseconds>.<id>`; nil for anything else.
    init?(_ text: String?) {
        guard let text else { return nil }
        let parts = text.split(separator: ".", maxSplits: 1)
        guard parts.count == 2, let microseconds = Int64(parts[0]), let id = Int(parts[1]),
            Self.possible.contains(microseconds)
        else { return nil }
        self.init(microseconds: microseconds, id: id)
    }

    var text: String { "\(microseconds).\(id)" }
}

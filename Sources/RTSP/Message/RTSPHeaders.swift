/// The header fields of a message: in order, repeatable, found by name whatever its case.
public struct RTSPHeaders: Hashable, Sendable, ExpressibleByDictionaryLiteral {
    /// One field as it stood on its line.
    public struct Field: Hashable, Sendable {
        /// The name as written.
        public var name: String
        /// The value without the blanks around it.
        public var value: String
    }

    /// The fields in the order in which they are written.
    public private(set) var fields: [Field] = []

    /// Makes an empty block.
    public init() {}

    /// Makes a block of fields in the order of the literal.
    public init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { add(name, value) }
    }

    /// The value of the first field of that name; setting it replaces all fields of that name, nil removes them.
    public subscript(_ name: String) -> String? {
        get { fields.first { Self.same($0.name, name) }?.value }
        set {
            fields.removeAll { Self.same($0.name, name) }
            if let newValue { add(name, newValue) }
        }
    }

    /// The values of all fields of that name, in order.
    public func all(_ name: String) -> [String] {
        fields.filter { Self.same($0.name, name) }.map(\.value)
    }

    /// Adds a field behind the others, also when one of that name is there already.
    public mutating func add(_ name: String, _ value: String) {
        fields.append(Field(name: name, value: value))
    }

    /// Appends `more` to the value of the last field: a header line that starts with a blank (RFC 2326, 15.1).
    mutating func continueLast(with more: String) {
        guard !fields.isEmpty else { return }
        fields[fields.count - 1].value += " " + more
    }

    private static func same(_ left: String, _ right: String) -> Bool {
        left.utf8.count == right.utf8.count && left.lowercased() == right.lowercased()
    }
}

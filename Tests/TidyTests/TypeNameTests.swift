import Testing

@Suite struct TypeNameTests {
    /// Words that begin the declaration of a type.
    static let kinds: Set<String> = ["struct", "class", "enum", "protocol", "actor", "typealias"]
    /// Words that may stand before them.
    static let modifiers: Set<String> = [
        "public", "package", "internal", "fileprivate", "private", "open", "final", "indirect", "nonisolated",
    ]

    /// Names that two targets still share: they go once what reads coded pictures is a target of its own.
    static var awaited: Set<String> {
        LayeringTests.layers["Bitstream"] == nil ? ["AnnexB", "NALBitReader", "ParameterSets"] : []
    }

    /// The type that a line at the left margin declares.
    static func declared(by line: Substring) -> String? {
        guard let first = line.first, first.isLetter || first == "@" else { return nil }
        var words = line.split(whereSeparator: { !$0.isLetter && !$0.isNumber && !"_@()".contains($0) })[...]
        while let word = words.first, word.hasPrefix("@") || modifiers.contains(String(word)) {
            words = words.dropFirst()
        }
        guard let kind = words.first, kinds.contains(String(kind)) else { return nil }
        return words.dropFirst().first.map(String.init)
    }

    @Test("one name means one type: no top-level name is declared in two targets")
    func names() throws {
        var targets: [String: Set<String>] = [:]
        for file in try SourceTree.swiftFiles(below: "Sources") {
            for name in file.lines.compactMap(Self.declared) { targets[name, default: []].insert(file.target) }
        }
        #expect(targets.count > 500, "the reader of declarations finds too few of them")
        for (name, owners) in targets.sorted(by: { $0.key < $1.key })
        where owners.count > 1 && !Self.awaited.contains(name) {
            Issue.record(
                "\(name) is declared in \(owners.sorted()): rename the lesser one, or keep one of them in a lower layer"
            )
        }
    }

    @Test(
        "the reader of declarations knows their forms",
        arguments: [
            ("struct Page<Item>: Sendable {", "Page"), ("public final class Spool {", "Spool"),
            ("@MainActor public enum Mode {", "Mode"), ("package protocol Clock: Sendable {", "Clock"),
            ("private struct Sums {", "Sums"), ("public typealias Row = [Int]", "Row"),
            ("nonisolated(unsafe) var count = 0", nil), ("    struct Inner {", nil), ("// struct Note", nil),
            ("extension Page {", nil), ("func structure() {", nil),
        ] as [(String, String?)]
    )
    func forms(line: String, expected: String?) {
        #expect(Self.declared(by: line[...]) == expected)
    }
}

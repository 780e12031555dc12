import Testing

@Suite struct LayeringTests {
    /// The layer of every target; a target imports lower layers only.
    ///
    /// SwiftPM lets a file import a sibling that its target does not list, as long as that one was built: this table
    /// is what keeps the arrows pointing down.
    static let layers: [String: Int] = [
        "CCrash": 0, "CEpoll": 0, "CFFmpeg": 0, "CPostgres": 0, "CVision": 0,
        "Flow": 1, "Logs": 2, "Media": 2, "RTSP": 2, "Postgres": 2, "Gate": 2,
        "CityGrid": 3, "Detection": 3, "Cases": 3,
        "Settings": 4, "Ingest": 4, "Spool": 4, "Store": 4, "SeedData": 4, "Analysis": 4,
        "Live": 5, "Planning": 5,
        "Replay": 6, "Simulator": 6,
        "Web": 7, "Benchmarks": 7,
        "Daemon": 8,
        "gridwatch": 9,
    ]

    /// C modules and the only target that may import each.
    static let owners = [
        "CCrash": ["Flow"], "CEpoll": ["Simulator"], "CFFmpeg": ["Media"], "CPostgres": ["Postgres"],
        "CVision": ["Media", "Detection"],
    ]

    /// The target that an import line names, without access level and attributes.
    static func imported(by line: Substring) -> String? {
        let words = line.split(separator: " ").filter { !$0.hasPrefix("@") }
        guard let position = words.firstIndex(of: "import"), position <= 1, position + 1 < words.count else {
            return nil
        }
        if position == 1, !["public", "internal", "private", "package", "fileprivate"].contains(words[0]) {
            return nil
        }
        return words[position + 1].split(separator: ".").first.map(String.init)
    }

    @Test("imports point strictly down")
    func arrowsPointDown() throws {
        for file in try SourceTree.swiftFiles(below: "Sources") {
            let own = try #require(Self.layers[file.target], "\(file.target) has no layer: add it to the table")
            for name in file.lines.compactMap(Self.imported) {
                guard let other = Self.layers[name] else { continue }
                #expect(other < own, "\(file.path) imports \(name): move the code down, or pass it in from above")
            }
        }
    }

    @Test("each C library has one importer")
    func oneImporter() throws {
        for file in try SourceTree.swiftFiles(below: "Sources") {
            for name in file.lines.compactMap(Self.imported) {
                guard let allowed = Self.owners[name] else { continue }
                #expect(allowed.contains(file.target), "\(file.path) imports \(name): ask \(allowed) instead")
            }
        }
    }

    @Test(
        "the reader of import lines knows their forms",
        arguments: [
            ("import Flow", "Flow"), ("public import Flow", "Flow"), ("@testable import Flow", "Flow"),
            ("import struct Foundation.Data", nil), ("let text = \"import Flow\"", nil), ("// import Flow", nil),
        ] as [(String, String?)]
    )
    func importForms(line: String, expected: String?) {
        let found = Self.imported(by: line[...])
        #expect(found == expected || (expected == nil && Self.layers[found ?? ""] == nil))
    }
}

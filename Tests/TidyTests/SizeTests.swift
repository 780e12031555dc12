import Foundation
import Testing

@Suite struct SizeTests {
    static let fileLimit = 500
    static let functionLimit = 70

    @Test("no file is longer than 500 lines")
    func files() throws {
        for folder in ["Sources", "Tests"] {
            for file in try SourceTree.swiftFiles(below: folder) {
                #expect(
                    file.lines.count <= Self.fileLimit + 1,
                    "\(file.path) has \(file.lines.count) lines: find the part that is a type of its own"
                )
            }
        }
    }

    @Test("no function is longer than 70 lines")
    func functions() throws {
        for file in try SourceTree.swiftFiles(below: "Sources") {
            for (name, length) in Self.functions(in: file.lines) {
                #expect(
                    length <= Self.functionLimit,
                    "\(file.path): \(name) has \(length) lines: give its steps names"
                )
            }
        }
    }

    /// Functions and their lengths, found by indentation: the formatter closes a body at the column of its head.
    static func functions(in lines: [Substring]) -> [(String, Int)] {
        var found: [(String, Int)] = []
        for (start, line) in lines.enumerated() {
            let indent = line.prefix { $0 == " " }
            let words = line.dropFirst(indent.count).split(separator: " ")
            guard let keyword = words.firstIndex(where: { $0 == "func" || $0.hasPrefix("init(") }), keyword <= 3 else {
                continue
            }
            // One that ends on its own line.
            if line.last == "}" { continue }
            guard let end = lines[start...].firstIndex(of: indent + "}") else { continue }
            found.append((String(line.dropFirst(indent.count).prefix(60)), end - start + 1))
        }
        return found
    }
}

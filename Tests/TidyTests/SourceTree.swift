import Foundation

/// The checkout that the tests were built from, read as text.
enum SourceTree {
    /// A Swift file of the tree.
    struct File: Sendable {
        /// Path from the root of the checkout.
        let path: String
        /// Its lines, without line ends.
        let lines: [Substring]

        /// Name of the target that the file belongs to.
        var target: String { String(path.split(separator: "/")[1]) }
    }

    static let root: String = {
        let here = URL(fileURLWithPath: #filePath)
        return here.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    }()

    /// Every Swift file below a folder of the root, by path.
    static func swiftFiles(below folder: String) throws -> [File] {
        let names = try FileManager.default.subpathsOfDirectory(atPath: "\(root)/\(folder)")
        return try names.filter { $0.hasSuffix(".swift") }.sorted().map { name in
            let text = try String(contentsOfFile: "\(root)/\(folder)/\(name)", encoding: .utf8)
            return File(path: "\(folder)/\(name)", lines: text.split(separator: "\n", omittingEmptySubsequences: false))
        }
    }

    /// The text of a file of the root.
    static func text(_ path: String) throws -> String {
        try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)
    }
}

import Foundation
import TestSupport
import Testing

@Suite(.ownThread) struct DocumentTests {
    static let documents = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md"]

    /// Every Markdown file of the checkout that we wrote.
    static func markdown() throws -> [String] {
        let docs = try FileManager.default.subpathsOfDirectory(atPath: "\(SourceTree.root)/docs")
        return documents + docs.filter { $0.hasSuffix(".md") }.sorted().map { "docs/\($0)" }
            + ["seeds/README.md", "sample-streams/README.md", "deploy/README.md"]
    }

    @Test("links between documents lead somewhere")
    func links() throws {
        let link = try Regex("\\]\\(([^)#: ]+)(#[^)]*)?\\)")
        for path in try Self.markdown() {
            let folder = (path as NSString).deletingLastPathComponent
            for match in try SourceTree.text(path).matches(of: link) {
                let target = String(match.output[1].substring ?? "")
                let place = "\(SourceTree.root)/\(folder)/\(target)"
                #expect(FileManager.default.fileExists(atPath: place), "\(path) links to \(target), which is not there")
            }
        }
    }

    @Test("every target has its paragraph in ARCHITECTURE.md")
    func targets() throws {
        let text = try SourceTree.text("docs/ARCHITECTURE.md")
        for target in LayeringTests.layers.keys.sorted() {
            #expect(text.contains("`\(target)`"), "docs/ARCHITECTURE.md does not tell what \(target) is")
        }
    }

    @Test("every decision record has its headings")
    func decisionRecords() throws {
        let folder = "\(SourceTree.root)/docs/adr"
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name.hasSuffix(".md") {
            let text = try SourceTree.text("docs/adr/\(name)")
            for heading in ["## Status", "## Context", "## Decision", "## Alternatives", "## Consequences"] {
                #expect(text.contains(heading), "docs/adr/\(name) has no '\(heading)'")
            }
        }
    }

    @Test("the formatter finds nothing to change")
    func formatted() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["swift", "format", "lint", "--strict", "-r", "-p", "Sources", "Tests", "Package.swift"]
        process.currentDirectoryURL = URL(fileURLWithPath: SourceTree.root)
        let output = Pipe()
        process.standardError = output
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "run 'swift format -i -r -p Sources Tests Package.swift':\n\(text)")
    }
}

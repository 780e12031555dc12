import Foundation
import TestSupport
import Testing

@Suite(.ownThread) struct HabitTests {
    /// What no source file holds, and what to do instead.
    ///
    /// Written in two parts, so that this file does not hold it.
    static let banned = [
        ("try" + "!", "handle the error"), ("fatal" + "Error(", "throw, or state the broken rule in a precondition"),
        ("print" + "(", "log, or write to standard output in the command"), ("TO" + "DO", "do it or open an issue"),
        ("FIX" + "ME", "fix it"), ("as" + "! ", "use a checked cast"),
    ]

    @Test("sources hold none of the things that we do not do")
    func banned() throws {
        for file in try SourceTree.swiftFiles(below: "Sources") {
            for (number, line) in file.lines.enumerated() {
                for (text, instead) in Self.banned where Self.holds(line, text) {
                    Issue.record("\(file.path):\(number + 1) has '\(text)': \(instead)")
                }
            }
        }
    }

    /// Whether the line holds the text as a word of its own.
    static func holds(_ line: Substring, _ text: String) -> Bool {
        guard let range = line.range(of: text) else { return false }
        guard let before = line[..<range.lowerBound].last else { return true }
        return !before.isLetter && before != "_" && before != "."
    }

    @Test("what the compiler cannot prove safe says why it is")
    func safetyNotes() throws {
        for file in try SourceTree.swiftFiles(below: "Sources") {
            for (number, line) in file.lines.enumerated()
            where line.contains("@unchecked Sendable") || line.contains("nonisolated(unsafe)") {
                if line.trimmingCharacters(in: .whitespaces).hasPrefix("//") { continue }
                let around = file.lines[max(0, number - 12)...min(file.lines.count - 1, number + 4)]
                #expect(
                    around.contains { $0.contains("Safety:") },
                    "\(file.path):\(number + 1): add a 'Safety:' line that says why one thread at a time gets there"
                )
            }
        }
    }

    @Test("tests use Swift Testing only")
    func noXCTest() throws {
        for file in try SourceTree.swiftFiles(below: "Tests") {
            #expect(!file.lines.contains { $0 == "import " + "XCTest" }, "\(file.path): use Swift Testing")
        }
    }
}

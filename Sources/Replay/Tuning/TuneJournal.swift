internal import Flow
internal import Foundation
internal import Synchronization

/// Scores on disk, so that a search that was stopped goes on where it was.
///
/// A text file: the first line says what the scores are of, each other line is a version of settings and three numbers
/// for each clip. A line that was cut off by a crash is left out.
public final class TuneJournal: Sendable {
    /// The scores that the file held when it was opened, by version of the settings.
    let figures: [String: [ClipFigures]]
    private let file: Mutex<FileHandle>

    /// Opens a journal, or begins one.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - subject: What the scores are of: labels, sampling, program. A journal of something else begins anew.
    /// - Throws: `stateUnusable` when the file cannot be written.
    public init(path: String, subject: String) throws(ReplayError) {
        let head = "gridwatch tune \(String(StableHash.of(subject), radix: 16))"
        let lines = (FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? "")
            .split(separator: "\n", omittingEmptySubsequences: true)
        if lines.first.map(String.init) == head {
            figures = Dictionary(lines.dropFirst().compactMap(Self.entry)) { _, last in last }
        } else {
            figures = [:]
            guard FileManager.default.createFile(atPath: path, contents: Data((head + "\n").utf8)) else {
                throw ReplayError(.stateUnusable, "\(path): cannot be written: give --state another path")
            }
        }
        guard let file = FileHandle(forWritingAtPath: path) else {
            throw ReplayError(.stateUnusable, "\(path): cannot be written: give --state another path")
        }
        _ = try? file.seekToEnd()
        self.file = Mutex(file)
    }

    /// Adds the scores of a version; what cannot be written is only not remembered.
    func append(_ version: String, _ figures: [ClipFigures]) {
        let numbers = figures.map { "\($0.events),\($0.missed),\($0.falseAlerts)" }.joined(separator: " ")
        file.withLock { try? $0.write(contentsOf: Data("\(version) \(numbers) .\n".utf8)) }
    }

    private static func entry(_ line: Substring) -> (String, [ClipFigures])? {
        let words = line.split(separator: " ")
        guard words.count >= 2, words.last == "." else { return nil }
        let figures = words.dropFirst().dropLast().compactMap { word -> ClipFigures? in
            let numbers = word.split(separator: ",").compactMap { Int($0) }
            guard numbers.count == 3 else { return nil }
            return ClipFigures(events: numbers[0], missed: numbers[1], falseAlerts: numbers[2])
        }
        return figures.count == words.count - 2 ? (String(words[0]), figures) : nil
    }
}

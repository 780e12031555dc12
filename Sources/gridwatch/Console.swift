import Foundation
import Synchronization

/// Standard output for results, standard error for people.
enum Console {
    /// Writes a line of result; a text that ends its last line itself gets no second end.
    static func out(_ text: String) {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data((text.hasSuffix("\n") ? text : text + "\n").utf8))
        } catch {
            say("gridwatch: the result cannot be written: \(error)")
            exit(1)
        }
    }

    /// Writes a line for the person who watches.
    static func say(_ text: String) {
        show(text + "\n")
    }

    /// Writes to standard error; that nobody reads it, or that its disk is full, is no reason to end.
    fileprivate static func show(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }

    /// Whether a person watches standard error.
    static var isTerminal: Bool { isatty(2) == 1 }
}

/// A progress bar on standard error: redrawn in place for a person, a line per tenth in a log.
final class ProgressBar: Sendable {
    private struct State {
        var shownTenth = -1
        var lastDraw: ContinuousClock.Instant?
    }

    private static let width = 30
    /// Seconds between redraws.
    private static let redraw = Duration.milliseconds(100)

    private let title: String
    private let began = ContinuousClock.now
    private let state = Mutex(State())

    init(_ title: String) {
        self.title = title
    }

    /// Shows that a share (0…1) of the work is done.
    func show(_ share: Double, _ detail: String = "") {
        let share = min(max(share, 0), 1)
        state.withLock { state in
            if Console.isTerminal {
                let now = ContinuousClock.now
                guard share == 1 || state.lastDraw.map({ now - $0 >= Self.redraw }) ?? true else { return }
                state.lastDraw = now
                draw(share, detail)
            } else if Int(share * 10) > state.shownTenth {
                state.shownTenth = Int(share * 10)
                Console.say("\(title): \(Int(share * 100)) % \(detail)")
            }
        }
    }

    /// Ends the bar's line.
    func finish() {
        if Console.isTerminal { Console.say("") }
    }

    private func draw(_ share: Double, _ detail: String) {
        let filled = Int(share * Double(Self.width))
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: Self.width - filled)
        let spent = (ContinuousClock.now - began) / .seconds(1)
        let left = share > 0.02 ? " \(Int((spent / share - spent).rounded(.up))) s left" : ""
        Console.show("\r\u{1b}[2K\(title) \(bar) \(Int(share * 100)) %\(left) \(detail)")
    }
}

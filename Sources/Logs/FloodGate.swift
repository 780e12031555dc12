public import Flow
import Foundation
public import Logging
import Synchronization

/// A logger for what may happen at every alert or camera: the first lines of a kind are written, then one a minute says
/// how many more there were.
///
/// Lines are of one kind when they have the same message; what differs goes into the metadata. Any thread; never waits.
public final class FloodGate: Sendable {
    /// Kinds that are told apart; beyond them all others count as one.
    private static let kindLimit = 64

    private struct Kind {
        var began: Double
        var written = 0
        var held = 0
        var level = Logger.Level.warning
        var metadata: Logger.Metadata = [:]
    }

    private let logger: Logger
    private let burst: Int
    private let window: Double
    private let clocks: Clocks
    private let kinds = Mutex<[String: Kind]>([:])

    /// Makes a gate before `logger`.
    ///
    /// - Parameters:
    ///   - logger: Where lines go.
    ///   - burst: Lines of a kind that are written before they are only counted; 1 or more.
    ///   - window: Seconds between two lines that say how many there were.
    ///   - clocks: Time.
    public init(_ logger: Logger, burst: Int = 5, window: Double = 60, clocks: Clocks = .system) {
        self.logger = logger
        self.burst = max(1, burst)
        self.window = max(1, window)
        self.clocks = clocks
    }

    /// Writes a line, or counts it.
    public func log(_ level: Logger.Level, _ message: String, metadata: Logger.Metadata = [:]) {
        let now = clocks.monotonic()
        tellHeld(now: now)
        let (isWritten, isFirstHeld) = kinds.withLock { kinds in
            let name = kinds[message] == nil && kinds.count >= Self.kindLimit ? "" : message
            var kind = kinds[name] ?? Kind(began: now)
            defer { kinds[name] = kind }
            guard kind.written >= burst else {
                kind.written += 1
                return (true, false)
            }
            kind.held += 1
            kind.level = level
            kind.metadata = metadata
            return (false, kind.held == 1)
        }
        if isWritten { logger.log(level: level, "\(message)", metadata: metadata) }
        guard isFirstHeld else { return }
        // The count is told even when nothing of that kind happens any more.
        DispatchQueue.global().asyncAfter(deadline: .now() + window + 0.1) { [weak self] in
            guard let self else { return }
            tellHeld(now: clocks.monotonic())
        }
    }

    /// Tells of the kinds whose window is over; a kind that was quiet for one may write again.
    private func tellHeld(now: Double) {
        let over = kinds.withLock { kinds in
            var over: [(message: String, kind: Kind)] = []
            for (message, kind) in kinds where now - kind.began >= window {
                if kind.held > 0 { over.append((message, kind)) }
                // As long as it goes on there is one line for each window, and no other.
                kinds[message] = kind.held > 0 ? Kind(began: now, written: burst) : nil
            }
            return over
        }
        for (message, kind) in over {
            var metadata = kind.metadata
            metadata["more"] = "\(kind.held)"
            metadata["within_s"] = "\(Int(window))"
            logger.log(
                level: kind.level,
                "\(message.isEmpty ? "other lines" : message), many times",
                metadata: metadata
            )
        }
    }
}

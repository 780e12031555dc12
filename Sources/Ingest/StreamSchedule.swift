import Flow

/// Which camera an I/O thread reads next: a pure value, driven by the pool, tested event by event.
///
/// Cameras wait in the order in which they became due (class I before II before III among those due at once), so that
/// none starves. With more cameras than threads a camera keeps its thread for one turn and goes back to the end.
struct StreamSchedule {
    /// How a turn ended.
    enum Outcome: Equatable {
        /// The turn was over and others wait: go on as soon as a thread is free.
        case turnOver
        /// A file was read to its end: begin again at once.
        case finished
        /// The address gave one picture and its end: ask again when the next one is wanted.
        case snapshot
        /// The stream broke; a person is needed when `isRetriable` is false.
        case failed(isRetriable: Bool)
        /// The pool took the thread away: the source was changed or removed, or the pool stops.
        case interrupted
    }

    /// What a free thread should do.
    enum Decision: Equatable {
        case run(StreamSource)
        /// Nothing is due; ask again after so many seconds.
        case wait(Double)
    }

    private struct Entry {
        var source: StreamSource
        var dueAt: Double
        var isRunning = false
        var backoff: Backoff
    }

    /// Longest time a thread sleeps without being woken, seconds.
    private static let longestWait = 3600.0

    private let backoff: Backoff
    private var entries: [String: Entry] = [:]

    /// Makes an empty schedule; `backoff` is the schedule of waits after failures.
    init(backoff: Backoff) {
        self.backoff = backoff
    }

    /// Cameras in the schedule.
    var count: Int { entries.count }

    /// Takes the new list of sources; unknown ones become due at once.
    ///
    /// - Returns: Cameras that run now and must be interrupted, because they are gone or have another address.
    mutating func replace(with sources: [StreamSource], now: Double) -> [String] {
        let wanted = Dictionary(sources.map { ($0.camera, $0) }) { first, _ in first }
        var interrupt: [String] = []
        for (camera, entry) in entries where wanted[camera] != entry.source {
            if entry.isRunning { interrupt.append(camera) }
            if wanted[camera] == nil { entries[camera] = nil }
        }
        for (camera, source) in wanted where entries[camera]?.source != source {
            let running = entries[camera]?.isRunning ?? false
            entries[camera] = Entry(source: source, dueAt: now, isRunning: running, backoff: backoff)
        }
        return interrupt.sorted()
    }

    /// The camera to read now.
    mutating func take(now: Double) -> Decision {
        var best: Entry?
        var soonest = now + Self.longestWait
        for entry in entries.values where !entry.isRunning {
            if entry.dueAt <= now {
                if let current = best, !Self.goesBefore(entry, current) { continue }
                best = entry
            } else {
                soonest = min(soonest, entry.dueAt)
            }
        }
        guard let best else { return .wait(soonest - now) }
        entries[best.source.camera]?.isRunning = true
        return .run(best.source)
    }

    /// Whether a camera that is due waits for a thread.
    func hasWaiting(now: Double) -> Bool {
        entries.values.contains { !$0.isRunning && $0.dueAt <= now }
    }

    /// Notes that units flow: the next failure starts with the shortest wait again.
    mutating func delivered(_ camera: String) {
        entries[camera]?.backoff.succeeded()
    }

    /// Takes back a thread.
    ///
    /// - Parameters:
    ///   - camera: Who had it.
    ///   - outcome: How the turn ended.
    ///   - now: Monotonic seconds.
    ///   - random: A number in 0..<1 for the jitter.
    /// - Returns: Seconds until the camera is due again; nil when it is no longer in the schedule.
    mutating func ended(_ camera: String, _ outcome: Outcome, now: Double, random: Double) -> Double? {
        guard var entry = entries[camera] else { return nil }
        entry.isRunning = false
        if outcome == .snapshot { entry.backoff.succeeded() }
        let wait =
            switch outcome {
            case .turnOver, .finished, .interrupted: 0.0
            case .snapshot: entry.source.interval
            case .failed(isRetriable: true): entry.backoff.failed(random: random)
            case .failed(isRetriable: false): backoff.cap
            }
        entry.dueAt = now + wait
        entries[camera] = entry
        return wait
    }

    private static func goesBefore(_ left: Entry, _ right: Entry) -> Bool {
        (left.dueAt, left.source.pointClass, left.source.camera)
            < (right.dueAt, right.source.pointClass, right.source.camera)
    }
}

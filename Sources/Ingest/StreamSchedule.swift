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
        /// The address gave one picture and its end, or the visit of a patrol is over: ask again when the next one is
        /// wanted.
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

    /// What a new list means for cameras.
    struct Changes: Equatable {
        /// Those that run now and must be interrupted, because they are gone or have another address.
        var interrupted: [String] = []
        /// Those that nobody may open for a while.
        var held: [StreamSource] = []
    }

    private struct Entry {
        var source: StreamSource
        var dueAt: Double
        var isRunning = false
        /// The platform that gives only so many streams at once; nil when it gives all.
        var platform: String?
        /// The platform of which it has a stream while it runs.
        var visited: String?
        var backoff: Backoff

        /// Seconds between two visits; 0 for a stream that stays open.
        var rest: Double { source.patrolSessions == nil ? 0 : source.interval }
    }

    /// Longest time a thread sleeps without being woken, seconds.
    private static let longestWait = 3600.0

    private let backoff: Backoff
    private var entries: [String: Entry] = [:]
    /// Streams of patrols that are open, by the host whose sessions they take.
    private var visits: [String: Int] = [:]

    /// Makes an empty schedule; `backoff` is the schedule of waits after failures.
    init(backoff: Backoff) {
        self.backoff = backoff
    }

    /// Cameras in the schedule.
    var count: Int { entries.count }

    /// Whether a camera is in the schedule.
    func contains(_ camera: String) -> Bool { entries[camera] != nil }

    /// Takes the new list of sources; unknown ones become due at once, or when their quarantine ends.
    ///
    /// - Parameters:
    ///   - sources: All that are wanted.
    ///   - now: Monotonic seconds.
    ///   - wall: Wall time, for the ends of quarantines.
    /// - Returns: Cameras that run now and must be interrupted, because they are gone or have another address.
    mutating func replace(with sources: [StreamSource], now: Double, wall: MediaTime = .zero) -> Changes {
        let wanted = Dictionary(sources.map { ($0.camera, $0) }) { first, _ in first }
        var changes = Changes()
        for camera in entries.keys where wanted[camera] == nil { remove(camera, &changes) }
        for source in wanted.values { add(source, now: now, wall: wall, &changes) }
        changes.interrupted.sort()
        return changes
    }

    /// Takes a source in, or in the place of the one that its camera had.
    mutating func add(_ source: StreamSource, now: Double, wall: MediaTime, _ changes: inout Changes) {
        let before = entries[source.camera]
        guard before?.source != source else { return }
        let running = before?.isRunning ?? false
        if running { changes.interrupted.append(source.camera) }
        let quarantine = source.quarantinedUntil.map { max(0, $0.seconds(since: wall)) } ?? 0
        if quarantine > 0 { changes.held.append(source) }
        entries[source.camera] = Entry(
            source: source,
            dueAt: now + quarantine,
            isRunning: running,
            platform: source.patrolSessions == nil ? nil : source.server,
            visited: before?.visited,
            backoff: backoff
        )
    }

    /// Forgets a camera.
    mutating func remove(_ camera: String, _ changes: inout Changes) {
        guard let entry = entries[camera] else { return }
        if entry.isRunning {
            changes.interrupted.append(camera)
            // Its thread needs a moment to leave, and nobody waits for it.
            leave(entry)
        }
        entries[camera] = nil
    }

    /// The camera to read now.
    mutating func take(now: Double) -> Decision {
        var best: Entry?
        var soonest = now + Self.longestWait
        for entry in entries.values where !entry.isRunning {
            if entry.dueAt <= now {
                // The end of another visit wakes a thread.
                guard hasSession(entry) else { continue }
                if let current = best, !Self.goesBefore(entry, current) { continue }
                best = entry
            } else {
                soonest = min(soonest, entry.dueAt)
            }
        }
        guard let best else { return .wait(soonest - now) }
        entries[best.source.camera]?.isRunning = true
        if let platform = best.platform {
            visits[platform, default: 0] += 1
            entries[best.source.camera]?.visited = platform
        }
        return .run(best.source)
    }

    /// Whether a camera of a patrol may be visited now: its platform gives only so many streams at once.
    private func hasSession(_ entry: Entry) -> Bool {
        guard let sessions = entry.source.patrolSessions, let platform = entry.platform else { return true }
        return visits[platform, default: 0] < sessions
    }

    /// A camera that ran does so no more.
    private mutating func leave(_ entry: Entry) {
        guard let platform = entry.visited, let count = visits[platform] else { return }
        visits[platform] = count > 1 ? count - 1 : nil
    }

    /// Whether a camera that is due waits for a thread.
    func hasWaiting(now: Double) -> Bool {
        entries.values.contains { !$0.isRunning && $0.dueAt <= now && hasSession($0) }
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
        leave(entry)
        entry.visited = nil
        entry.isRunning = false
        if outcome == .snapshot { entry.backoff.succeeded() }
        let wait =
            switch outcome {
            case .turnOver, .finished, .interrupted: 0.0
            case .snapshot: entry.source.interval
            // A visit that failed has taken a session that others wait for.
            case .failed(isRetriable: true): max(entry.backoff.failed(random: random), entry.rest)
            case .failed(isRetriable: false): max(backoff.cap, entry.rest)
            }
        // What was changed while it ran may have to wait for the end of a quarantine.
        entry.dueAt = outcome == .interrupted ? max(entry.dueAt, now) : now + wait
        entries[camera] = entry
        return wait
    }

    private static func goesBefore(_ left: Entry, _ right: Entry) -> Bool {
        (left.dueAt, left.source.pointClass, left.source.camera)
            < (right.dueAt, right.source.pointClass, right.source.camera)
    }
}

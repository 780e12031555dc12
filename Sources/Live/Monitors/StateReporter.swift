import Detection
import Flow
import Foundation
import Ingest
import Logging
import Logs
import Postgres
import Store
import Synchronization

/// Collects what is known of each camera and writes it to the database every few seconds, the changed ones only.
///
/// What a camera's stream says of itself is one half of its state, whether its pictures are looked at the other: a
/// camera that sends, but of which no picture can be looked at, is `blind`, whatever its connection says; see
/// docs/adr/0026-looked-at-not-arriving.md.
/// One entry per camera, so it is bounded by the registry. When the database is away the newest state of each camera
/// waits; nothing else is affected.
final class StateReporter: Sendable {
    /// Seconds between writes.
    private static let interval = 2.0
    /// A last picture is written at most this often for a camera whose state does not change, seconds.
    ///
    /// With the time to the next write and the next sample of class I it stays below what readers allow for.
    private static let pictureInterval = CameraStates.slack - 10
    /// Share of its interval by which a sample may be late and still counts as in time.
    private static let grace = 0.1
    /// Seconds added to that: waits of the network and of the workers.
    private static let graceSeconds = 4.0
    /// States that are written at once at most.
    private static let batch = 4096
    /// Cameras of which the workers are asked at once why they are not looked at.
    private static let askedAtOnce = 2048

    struct Entry {
        var record: CameraStateRecord
        /// What the stream said last.
        var stream: StreamStatus?
        var sight = Sight()
        var isChanged: Bool
        var writtenPicture: Double?
        var quality: ImageQuality?
        /// When the camera began to be watched, or was seen the last time; monotonic seconds.
        var seenAt: Double
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var expected: [String: Sight.Expectation] = [:]
    }

    private let state = Mutex(State())
    private let pace = Mutex(BatchPace(most: StateReporter.batch))
    private let table: CameraStates
    private let outages: any StatusListener
    private let loops: LoopMonitor
    private let worker: String
    private let clocks: Clocks
    private let gauges: SightGauges
    private let lateSamples: Metric
    private let log: FloodGate

    /// Makes a reporter for what `worker` sees; `run` starts it.
    ///
    /// `outages` hears at once of changes of streams, and of cameras that are blind or are seen again.
    init(
        table: CameraStates,
        worker: String,
        outages: any StatusListener,
        loops: LoopMonitor,
        meter: Meter,
        logger: Logger,
        clocks: Clocks = .system
    ) {
        self.table = table
        self.outages = outages
        self.loops = loops
        self.worker = worker
        self.clocks = clocks
        self.gauges = SightGauges(meter)
        self.log = FloodGate(logger, clocks: clocks)
        self.lateSamples = meter.counter(
            "gridwatch_camera_samples_late_total",
            "Samples that came later after the one before than the camera's interval."
        )
    }

    /// Takes the cameras that are watched, and how often each should be looked at; nil for one that has no rules.
    func watch(_ cameras: [String: Sight.Expectation?]) {
        state.withLock { state in
            state.entries = state.entries.filter { cameras[$0.key] != nil }
            state.expected = cameras.compactMapValues { $0 }
            for camera in state.entries.keys { state.entries[camera]?.sight.expect(state.expected[camera]) }
        }
    }

    /// Notes a change of a stream's state; any thread.
    func stream(_ status: StreamStatus) {
        change(status.camera, isNew: true) { entry, now in
            entry.stream = status
            let isOpen = status.state == .online || status.state == .patrol || status.state == .frozen
            entry.sight.stream(isOpen: isOpen, comesWhole: status.comesWhole, now: now)
            return true
        }
    }

    /// Takes why a camera was not looked at; on a worker's thread.
    ///
    /// - Parameters:
    ///   - camera: The camera.
    ///   - tally: What came of it; nil when its worker looks at nothing of it.
    ///   - isLosing: Whether units of it are dropped here.
    func unseen(_ camera: String, _ tally: SightTally?, isLosing: Bool) {
        change(camera) { entry, now in entry.sight.judge(tally, isLosing: isLosing, now: now) }
    }

    /// Notes a picture that detection looked at; any thread.
    func picture(_ camera: String, _ look: CameraLook) {
        let wall = clocks.wall()
        change(camera) { entry, now in
            let isDue = entry.writtenPicture.map { now - $0 >= Self.pictureInterval } ?? true
            if entry.record.scene != look.scene.rawValue || isDue {
                entry.isChanged = true
                entry.writtenPicture = now
            }
            if Self.isLate(entry.seenAt, interval: entry.record.interval, now: now) {
                entry.record.lateCount += 1
                lateSamples.add()
            }
            entry.seenAt = now
            entry.record.scene = look.scene.rawValue
            entry.record.lastFrameAt = look.time
            entry.record.sampledAt = wall
            entry.record.interval = look.interval
            if entry.quality != look.quality {
                entry.quality = look.quality
                entry.record.quality = look.quality.map(Self.json)
            }
            let before = entry.sight.verdict
            entry.sight.looked(gap: look.keyframeGap, now: now)
            return entry.sight.verdict != before
        }
    }

    private static func json(_ quality: ImageQuality) -> String {
        let data = (try? JSONEncoder().encode(quality)) ?? Data("{}".utf8)
        return String(decoding: data, as: UTF8.self)
    }

    private static func isLate(_ seenAt: Double, interval: Double?, now: Double) -> Bool {
        guard let interval else { return false }
        return now - seenAt > interval * (1 + grace) + graceSeconds
    }

    /// Changes a camera's entry; when `body` says that its state may be another now, people are told.
    ///
    /// `isNew`: whether a camera that is not known yet is taken in; else it is passed over.
    private func change(_ camera: String, isNew: Bool = false, _ body: (inout Entry, _ now: Double) -> Bool) {
        let now = clocks.monotonic()
        let wall = clocks.wall()
        state.withLock { state in
            let known = state.entries[camera]
            guard isNew || known != nil else { return }
            var entry = known ?? newEntry(camera, state.expected[camera], wall: wall, now: now)
            let status = body(&entry, now) ? entry.show(wall: wall) : nil
            state.entries[camera] = entry
            // Within the lock, so that others hear of changes in the order in which they happened.
            if let status { outages.changed(status) }
        }
    }

    private func newEntry(
        _ camera: String,
        _ expectation: Sight.Expectation?,
        wall: MediaTime,
        now: Double
    ) -> Entry {
        var entry = Entry(
            record: CameraStateRecord(
                camera: camera,
                state: StreamState.connecting.rawValue,
                since: wall,
                lastFrameAt: nil,
                detail: nil,
                scene: nil,
                reconnects: 0,
                worker: worker
            ),
            isChanged: true,
            seenAt: now
        )
        entry.sight.expect(expectation)
        return entry
    }

    /// Looks and writes changes until the task is cancelled.
    ///
    /// `ask`: finds out why cameras are not looked at, and has the answers come by `unseen`; it must not wait.
    func run(ask: @Sendable ([String]) -> Void) async {
        while !Task.isCancelled {
            let unseen = look()
            if !unseen.isEmpty { ask(unseen) }
            do {
                try await write()
                loops.turned(.states)
            } catch {
                loops.turned(.states, failed: error)
                log.log(.warning, "camera states wait for the database", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: .seconds(Self.interval))
        }
    }

    /// Counts.
    ///
    /// - Returns: Cameras that should have been looked at and were not: somebody is to find out why.
    func look() -> [String] {
        let now = clocks.monotonic()
        return state.withLock { state in
            count(state.entries.values, now: now)
            let due = state.entries.lazy.filter { $0.value.sight.wantsAnswer(now: now) }.map(\.key)
            let asked = Array(due.prefix(Self.askedAtOnce))
            for camera in asked { state.entries[camera]?.sight.asked(now: now) }
            return asked
        }
    }

    /// What is written of a camera; nil for one that is not known.
    func record(of camera: String) -> CameraStateRecord? {
        state.withLock { $0.entries[camera]?.record }
    }

    private func count(_ entries: some Collection<Entry>, now: Double) {
        var sum = SightGauges.Sum()
        for entry in entries {
            sum.states[entry.record.state, default: 0] += 1
            if let reason = entry.sight.verdict.reason, entry.isShown(entry.sight.verdict) {
                sum.reasons[reason, default: 0] += 1
            }
            guard let interval = entry.record.interval else { continue }
            if !Self.isLate(entry.seenAt, interval: interval, now: now) { sum.seen += 1 }
        }
        sum.overdue = entries.count - sum.seen
        gauges.set(sum)
    }

    /// Writes what has changed, in parts.
    ///
    /// - Throws: What the database says; what was not written waits.
    private func write() async throws {
        var changed = state.withLock { state in
            let changed = state.entries.values.filter(\.isChanged).map(\.record)
            for record in changed { state.entries[record.camera]?.isChanged = false }
            return changed
        }[...]
        var failure: (any Error)?
        while !changed.isEmpty {
            let part = changed.prefix(pace.withLock(\.limit))
            do {
                try await table.record(Array(part))
                pace.withLock { $0.passed() }
            } catch {
                if pace.withLock({ $0.failed(error, count: part.count) }) { continue }
                failure = error
                // A single one that is refused waits, and the others go on; an answer for all of them is one for the rest.
                let isOfOne = part.count == 1 && (error as? PostgresError).map { $0.fault != .server } ?? false
                wait(isOfOne ? part : changed)
                if !isOfOne { break }
            }
            changed = changed.dropFirst(part.count)
        }
        if let failure { throw failure }
    }

    private func wait(_ records: ArraySlice<CameraStateRecord>) {
        state.withLock { state in
            for record in records { state.entries[record.camera]?.isChanged = true }
        }
    }
}

extension StateReporter.Entry {
    /// Whether a verdict is what people see: a stream that is not open has a reason of its own.
    func isShown(_ verdict: Sight.Verdict) -> Bool {
        guard let stream, stream.state == .online || stream.state == .patrol else { return false }
        return verdict != .fine
    }

    /// Puts stream and sight together, and says what others should hear; nil before the stream said anything.
    mutating func show(wall: MediaTime) -> StreamStatus? {
        guard var status = stream else { return nil }
        var reason = status.failure?.code
        if isShown(sight.verdict), let why = sight.verdict.reason {
            if sight.verdict.isBlind { status.state = .blind }
            status.detail = why.explanation(seconds: sight.seconds, interval: sight.interval, message: sight.message)
            status.retryIn = nil
            status.sight = why
            reason = "\(why.rawValue) \(Int(min(sight.seconds, 1e9).rounded()))"
        }
        if record.state != status.state.rawValue { record.since = status.state == stream?.state ? status.since : wall }
        record.state = status.state.rawValue
        record.detail = status.explanation
        record.reason = reason
        record.reconnects = status.reconnects
        isChanged = true
        return status
    }
}

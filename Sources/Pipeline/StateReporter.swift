import Detection
import Flow
import Foundation
import Ingest
import Logging
import Store
import Synchronization

/// Collects what is known of each camera and writes it to the database every few seconds, the changed ones only.
///
/// It also reckons which cameras were seen within their interval. One entry per camera, so it is bounded by the registry. When the database is away the newest state of each camera
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

    /// What is told of a picture that detection looked at.
    struct Look {
        /// What detection judged it as.
        var scene: SceneStatus
        /// How good it is; nil before it was measured.
        var quality: ImageQuality?
        /// Seconds within which the next one is expected.
        var interval: Double
        /// Wall time of the picture.
        var time: MediaTime
    }

    private struct Entry {
        var record: CameraStateRecord
        var isChanged: Bool
        var writtenPicture: MediaTime?
        var quality: ImageQuality?
        /// When the camera began to be watched, or was seen the last time.
        var seenAt: MediaTime
    }

    /// A closure of its own type: bare in a `Mutex`, each look at it would wrap it once more.
    private struct Listener: Sendable {
        let hear: @Sendable (StreamStatus) -> Void
    }

    private let entries = Mutex<[String: Entry]>([:])
    private let desk: CameraStates
    private let logger: Logger
    private let worker: String
    private let clocks: Clocks
    private let online: Metric
    private let inTime: Metric
    private let overdue: Metric
    private let lateSamples: Metric
    private let listener = Mutex<Listener?>(nil)

    /// Makes a reporter for what `worker` sees; `run` starts it.
    init(desk: CameraStates, worker: String, meter: Meter, logger: Logger, clocks: Clocks = .system) {
        self.desk = desk
        self.worker = worker
        self.logger = logger
        self.clocks = clocks
        self.online = meter.gauge("gridwatch_cameras_online", "Cameras whose streams are open now.")
        self.inTime = meter.gauge("gridwatch_cameras_in_time", "Cameras that were seen within their interval.")
        self.overdue = meter.gauge("gridwatch_cameras_overdue", "Cameras that were not seen within their interval.")
        self.lateSamples = meter.counter(
            "gridwatch_camera_samples_late_total",
            "Samples that came later after the one before than the camera's interval."
        )
    }

    /// Who else hears of changes of streams; any thread.
    func onChange(_ body: @escaping @Sendable (StreamStatus) -> Void) {
        listener.withLock { $0 = Listener(hear: body) }
    }

    /// Notes a change of a stream's state; any thread.
    func stream(_ status: StreamStatus) {
        change(status.camera, at: status.since) { record in
            if record.state != status.state.rawValue { record.since = status.since }
            record.state = status.state.rawValue
            record.detail = status.explanation
            record.reconnects = status.reconnects
            return true
        }
        listener.withLock { $0 }?.hear(status)
    }

    /// Notes that a unit of the camera could not be used; any thread.
    func problem(_ camera: String, _ detail: String, at time: MediaTime) {
        change(camera, at: time) { record in
            let isNew = record.detail != detail
            record.detail = detail
            return isNew
        }
    }

    /// Notes a picture that detection looked at; any thread.
    func picture(_ camera: String, _ look: Look) {
        let now = clocks.wall()
        entries.withLock { entries in
            guard var entry = entries[camera] else { return }
            let isDue = entry.writtenPicture.map { now.seconds(since: $0) >= Self.pictureInterval } ?? true
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
            entry.record.sampledAt = now
            entry.record.interval = look.interval
            if entry.quality != look.quality {
                entry.quality = look.quality
                entry.record.quality = look.quality.map(Self.json)
            }
            entries[camera] = entry
        }
    }

    private static func json(_ quality: ImageQuality) -> String {
        let data = (try? JSONEncoder().encode(quality)) ?? Data("{}".utf8)
        return String(decoding: data, as: UTF8.self)
    }

    private static func isLate(_ seenAt: MediaTime, interval: Double?, now: MediaTime) -> Bool {
        guard let interval else { return false }
        return now.seconds(since: seenAt) > interval * (1 + grace) + graceSeconds
    }

    /// Forgets cameras that are no longer watched.
    func keep(only cameras: Set<String>) {
        entries.withLock { entries in entries = entries.filter { cameras.contains($0.key) } }
    }

    private func change(_ camera: String, at time: MediaTime, _ body: (inout CameraStateRecord) -> Bool) {
        entries.withLock { entries in
            var entry =
                entries[camera]
                ?? Entry(
                    record: CameraStateRecord(
                        camera: camera,
                        state: StreamState.connecting.rawValue,
                        since: time,
                        lastFrameAt: nil,
                        detail: nil,
                        scene: nil,
                        reconnects: 0,
                        worker: worker
                    ),
                    isChanged: true,
                    seenAt: clocks.wall()
                )
            if body(&entry.record) { entry.isChanged = true }
            entries[camera] = entry
        }
    }

    /// Writes changes until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            await write()
            try? await Task.sleep(for: .seconds(Self.interval))
        }
    }

    private func count(_ entries: some Collection<Entry>) {
        let now = clocks.wall()
        var (open, seen) = (0, 0)
        for entry in entries {
            if entry.record.state == StreamState.online.rawValue { open += 1 }
            guard let interval = entry.record.interval else { continue }
            if !Self.isLate(entry.seenAt, interval: interval, now: now) { seen += 1 }
        }
        online.set(open)
        inTime.set(seen)
        overdue.set(entries.count - seen)
    }

    private func write() async {
        let changed = entries.withLock { entries in
            count(entries.values)
            let changed = entries.values.filter(\.isChanged).map(\.record)
            for record in changed { entries[record.camera]?.isChanged = false }
            return changed
        }
        guard !changed.isEmpty else { return }
        do {
            try await desk.record(changed)
        } catch {
            logger.warning("camera states wait for the database", metadata: ["error": "\(error)"])
            entries.withLock { entries in
                for record in changed { entries[record.camera]?.isChanged = true }
            }
        }
    }
}

import Flow
import Ingest
import Logging
import Store
import Synchronization

/// Collects what is known of each camera and writes it to the database every few seconds, the changed ones only.
///
/// One entry per camera, so it is bounded by the registry. When the database is away the newest state of each camera
/// waits; nothing else is affected.
final class StateReporter: Sendable {
    /// Seconds between writes.
    private static let interval = 2.0
    /// A last picture is written at most this often for a camera whose state does not change, seconds.
    private static let pictureInterval = 15.0

    private struct Entry {
        var record: CameraStateRecord
        var isChanged: Bool
        var writtenPicture: MediaTime?
    }

    private let entries = Mutex<[String: Entry]>([:])
    private let desk: CameraStates
    private let logger: Logger
    private let online: Metric

    /// Makes a reporter; `run` starts it.
    init(desk: CameraStates, meter: Meter, logger: Logger) {
        self.desk = desk
        self.logger = logger
        self.online = meter.gauge("gridwatch_cameras_online", "Cameras whose streams are open now.")
    }

    /// Notes a change of a stream's state; any thread.
    func stream(_ status: StreamStatus) {
        change(status.camera, at: status.since) { record in
            if record.state != status.state.rawValue { record.since = status.since }
            record.state = status.state.rawValue
            record.detail = status.detail
            record.reconnects = status.reconnects
            return true
        }
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
    func picture(_ camera: String, scene: String, at time: MediaTime) {
        entries.withLock { entries in
            guard var entry = entries[camera] else { return }
            let isDue = entry.writtenPicture.map { time.seconds(since: $0) >= Self.pictureInterval } ?? true
            if entry.record.scene != scene || isDue {
                entry.isChanged = true
                entry.writtenPicture = time
            }
            entry.record.scene = scene
            entry.record.lastFrameAt = time
            entries[camera] = entry
        }
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
                        reconnects: 0
                    ),
                    isChanged: true
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

    private func write() async {
        let changed = entries.withLock { entries in
            online.set(entries.values.count { $0.record.state == StreamState.online.rawValue })
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

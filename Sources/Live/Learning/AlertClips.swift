import Analysis
import Flow
import Foundation
import Logging
import Logs
import Media
import Synchronization

/// Keeps what detection saw of alerts as small grey clips, so that a case that people close can teach the thresholds.
///
/// Cameras collect on their threads, files are written on a thread of their own. Bounded in clips that are collected,
/// that wait, and in bytes on the disk; what does not fit is left out and counted. No alert ever waits for its clip.
final class AlertClips: Sendable {
    /// Clips that are collected at once.
    private static let collected = 128
    /// Clips that may wait to be written.
    private static let waiting = 64
    /// Clips in a minute at most: a city's alerts in peace, and no core for a storm of them.
    private static let perMinute = 12
    /// Clips between two looks at how much the files take.
    private static let roomInterval = 50
    /// Pictures a second in the file.
    private static let rate = 5
    /// Seconds that one picture stands for at most, as for the rules.
    private static let longestStep = 1.0

    private let queue: BoundedQueue<PlaneClip>
    /// Room for clips that are being collected; none where none are kept.
    let slots: ClipSlots
    private let spent = Mutex<(minute: Int64, clips: Int)>((0, 0))
    private let folder: ClipFolder
    private let written: Metric
    private let dropped: Metric
    private let log: FloodGate
    private let finished = DispatchGroup()

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - directory: Where the clips go, in folders by day.
    ///   - limit: Bytes that they may take; the oldest make room. 0 keeps none.
    ///   - meter: Where it counts.
    ///   - logger: For the operator.
    init(directory: String, limit: Int, meter: Meter, logger: Logger) {
        self.queue = BoundedQueue(capacity: Self.waiting)
        self.folder = ClipFolder(directory: directory, limit: limit)
        self.slots = ClipSlots(limit: limit > 0 ? Self.collected : 0)
        self.log = FloodGate(logger)
        self.written = meter.counter("gridwatch_alert_clips_total", "Clips of alerts that were written.")
        self.dropped = meter.counter(
            "gridwatch_alert_clips_dropped_total",
            "Clips of alerts that were left out: too many at once, or the disk refused."
        )
        finished.enter()
        NamedThread.start("clips") { [self] in
            work()
            finished.leave()
        }
    }

    /// Takes a clip of an alert and its slot without waiting, unless there were enough of them this minute; any thread.
    func keep(_ clip: PlaneClip) {
        slots.release()
        if !isAffordable(clip) || !queue.offer(clip) { dropped.add() }
    }

    private func isAffordable(_ clip: PlaneClip) -> Bool {
        let minute = (clip.frames.last?.time.microseconds ?? 0) / 60_000_000
        return spent.withLock { spent in
            if spent.minute != minute { spent = (minute, 0) }
            spent.clips += 1
            return spent.clips <= Self.perMinute
        }
    }

    /// Takes no more, writes what waits, and returns.
    func drain() {
        queue.close()
        finished.wait()
    }

    private func work() {
        var count = 0
        while true {
            let batch = queue.takeBatch(limit: 1)
            if batch.isEmpty { return }
            if count % Self.roomInterval == 0 { folder.makeRoom() }
            count += 1
            for clip in batch { write(clip) }
        }
    }

    private func write(_ clip: PlaneClip) {
        guard let alert = clip.alert, let first = clip.frames.first else { return }
        // The clip begins so long before its first picture.
        let began = first.time.advanced(bySeconds: -AlertClipLayout.lead)
        do {
            try folder.write(alert: alert, at: first.time, began: began) { path in try Self.encode(clip, path) }
            written.add()
        } catch {
            dropped.add()
            log.log(.warning, "clip of an alert left out", metadata: ["error": "\(error)"])
        }
    }

    /// Writes the empty scene, then each picture for as long as it stands for.
    private static func encode(_ clip: PlaneClip, _ path: String) throws(MediaError) {
        let (width, height) = (clip.scene.width & ~1, clip.scene.height & ~1)
        let encoder = try VideoEncoder(
            path: path,
            codec: .h264,
            width: width,
            height: height,
            framesPerSecond: rate,
            keyframeInterval: rate,
            quality: 12,
            preset: "veryfast"
        )
        let grey = [UInt8](repeating: 128, count: width * height / 4)
        func add(_ plane: LumaPlane, times: Int) throws(MediaError) {
            var luma: [UInt8] = []
            luma.reserveCapacity(width * height)
            for row in 0..<height { luma += plane.pixels[row * plane.width..<row * plane.width + width] }
            for _ in 0..<times { try encoder.encode(luma: luma, cb: grey, cr: grey) }
        }
        try add(clip.scene, times: Int(AlertClipLayout.lead) * rate)
        for (index, frame) in clip.frames.enumerated() {
            let next = index + 1 < clip.frames.count ? clip.frames[index + 1].time : frame.time
            let seconds = min(longestStep, max(0, next.seconds(since: frame.time)))
            try add(frame.plane, times: max(1, Int((seconds * Double(rate)).rounded())))
        }
        try encoder.finish()
    }
}

/// The files of clips: `yyyy/MM/dd/<alert>-<microseconds at which the clip begins>.mp4`.
private struct ClipFolder: Sendable {
    let directory: String
    let limit: Int

    /// Writes a file through `body`, which gets the path of an unfinished one.
    func write(alert: String, at time: MediaTime, began: MediaTime, _ body: (String) throws -> Void) throws {
        let folder = "\(directory)/\(EvidenceStore.day(of: time))"
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o750]
        )
        let path = "\(folder)/\(alert)-\(began.microseconds).mp4"
        do {
            try body(path + ".part")
        } catch {
            unlink(path + ".part")
            throw error
        }
        guard rename(path + ".part", path) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    }

    /// Removes the oldest files while all of them take too much; other processes write here, too.
    func makeRoom() {
        guard let walk = FileManager.default.enumerator(atPath: directory) else { return }
        var files: [(path: String, bytes: Int)] = []
        for case let name as String in walk where name.hasSuffix(".mp4") {
            files.append((name, (walk.fileAttributes?[.size] as? Int) ?? 0))
        }
        var total = files.reduce(0) { $0 + $1.bytes }
        // Folders and names begin with the time.
        for file in files.sorted(by: { $0.path < $1.path }) where total > limit {
            unlink("\(directory)/\(file.path)")
            total -= file.bytes
        }
    }
}

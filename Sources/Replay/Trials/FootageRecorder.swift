internal import Dispatch
public import Flow
internal import Foundation
public import Media
internal import Synchronization

/// Records a stretch of a camera for trials, as it comes, without encoding it anew.
///
/// A recording has a connection of its own, so few run at once; the daemon's own watching does not notice.
public final class FootageRecorder: Sendable {
    /// Seconds of a recording.
    public static let seconds = 5...600

    /// Reads a stretch of a stream, on the calling thread.
    ///
    /// Given the camera, its address, seconds and bytes at most, and who is told how many seconds there are; gives units
    /// from a keyframe on, in decode order.
    public typealias Take =
        @Sendable (
            _ camera: String, _ url: String, _ seconds: Double, _ bytes: Int,
            _ progress: @escaping @Sendable (Double) -> Void
        ) throws(MediaError) -> [AccessUnit]

    /// A recording that runs, or the last one of its camera.
    public struct Status: Sendable, Hashable, Encodable {
        /// Whether it still records.
        public var isRunning: Bool
        /// Seconds that are recorded, and that were asked for.
        public var recorded: Double
        /// See `recorded`.
        public var wanted: Double
        /// Why it failed; nil when it did not.
        public var problem: String?
    }

    /// Recordings at once.
    private static let atOnce = 2
    /// Bytes of one recording, which is in memory until it is complete.
    private static let maximumBytes = 96 << 20
    /// Cameras whose last recording is remembered.
    private static let remembered = 1000

    private let directory: String
    private let limit: Int
    private let take: Take
    private let queue = DispatchQueue(label: "gridwatch.recordings", qos: .utility, attributes: .concurrent)
    private let statuses = Mutex<[String: Status]>([:])

    /// Makes a recorder.
    ///
    /// - Parameters:
    ///   - directory: Folder of the recordings; each camera gets one in it.
    ///   - limit: Bytes that all of them may take; the oldest without labels make room.
    ///   - take: Reads the streams.
    public init(directory: String, limit: Int, take: @escaping Take) {
        self.directory = directory
        self.limit = limit
        self.take = take
    }

    /// What became of the last recording of a camera; nil when it had none since the start.
    public func status(of camera: String) -> Status? { statuses.withLock { $0[camera] } }

    /// Starts a recording.
    ///
    /// - Parameters:
    ///   - camera: The camera; names its folder.
    ///   - url: Its stream, with user and password where needed.
    ///   - seconds: How long; within `seconds`.
    /// - Returns: False when it is being recorded already, or too many others are.
    public func start(_ camera: String, url: String, seconds: Double) -> Bool {
        let wanted = min(max(seconds, Double(Self.seconds.lowerBound)), Double(Self.seconds.upperBound))
        let isTaken = statuses.withLock { statuses in
            let running = statuses.filter(\.value.isRunning)
            guard running[camera] == nil, running.count < Self.atOnce else { return false }
            if statuses.count >= Self.remembered { statuses = running }
            statuses[camera] = Status(isRunning: true, recorded: 0, wanted: wanted, problem: nil)
            return true
        }
        guard isTaken else { return false }
        queue.async { [self] in
            let result = Result { try record(camera, url, wanted) }
            statuses.withLock { statuses in
                statuses[camera]?.isRunning = false
                if case .failure(let error) = result { statuses[camera]?.problem = "\(error)" }
            }
        }
        return true
    }

    private func record(_ camera: String, _ url: String, _ seconds: Double) throws {
        let began = Date()
        let units = try take(camera, url, seconds, Self.maximumBytes) { [self] length in
            statuses.withLock { $0[camera]?.recorded = length }
        }
        let length = max(0, units[units.count - 1].time.seconds(since: units[0].time))
        let folder = directory + "/" + camera
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o750]
        )
        try makeRoom(for: units.reduce(0) { $0 + $1.bytes.count })
        let format = Date.ISO8601FormatStyle(dateSeparator: .omitted, timeSeparator: .omitted)
        let path = folder + "/" + began.formatted(format)
        try ClipWriter.write(units, to: path + ".mp4")
        try describe(path, camera, began, units[0].format, length)
    }

    /// Writes a label file without rules beside the clip: whoever labels it fills them in.
    private func describe(
        _ path: String,
        _ camera: String,
        _ began: Date,
        _ format: StreamFormat,
        _ seconds: Double
    ) throws {
        let labels = JSONText.object([
            ("clip", .text(camera + "/" + (path as NSString).lastPathComponent + ".mp4")),
            ("width", .integer(max(1, format.width))),
            ("height", .integer(max(1, format.height))),
            ("duration", .number(max(0.04, seconds), digits: 3)),
            ("scene", .text(camera)),
            ("camera", .text(camera)),
            ("recorded_at", .text(began.formatted(.iso8601))),
            ("rules", .list([])),
        ])
        try Data(labels.document(levels: 2).utf8).write(to: URL(filePath: path + ".json"), options: .atomic)
    }

    /// Removes the oldest recordings without labels until there is room.
    private func makeRoom(for bytes: Int) throws {
        let footage = TrialFootage(clips: nil, labels: nil, recordings: directory)
        var items = footage.list().map { item in
            let size = try? FileManager.default.attributesOfItem(atPath: item.path)[.size] as? Int
            return (item: item, size: size ?? 0)
        }
        var total = items.reduce(bytes) { $0 + $1.size }
        // Names are times.
        items.sort { ($1.item.name, $1.item.path) < ($0.item.name, $0.item.path) }
        while total > limit, let index = items.lastIndex(where: { !$0.item.isLabelled }) {
            let (item, size) = items.remove(at: index)
            try FileManager.default.removeItem(atPath: item.path)
            try? FileManager.default.removeItem(atPath: (item.path as NSString).deletingPathExtension + ".json")
            total -= size
        }
        guard total <= limit else {
            throw ReplayError(.recordingsFull, "labelled recordings take all of \(limit >> 20) MB: remove some of them")
        }
    }
}

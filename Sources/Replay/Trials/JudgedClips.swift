internal import Analysis
public import Detection
internal import Flow
internal import Foundation
internal import Media

/// Turns clips of alerts into labelled footage once people have said whether the alert was right.
///
/// A false alarm becomes a clip in which nothing happens, a hazard one in which something does from the end of its empty
/// scene on. The tuner, `evaluate` and `tune` take them like any other labelled clip. Blocks for the disk; one caller at
/// a time.
public struct JudgedClips: Sendable {
    /// Clips of one camera at most; the oldest make room.
    private static let maximumPerCamera = 60
    /// Clips of all cameras at most.
    private static let maximum = 2000
    /// Kinds of rules that can be judged on a clip of half a minute.
    private static let kinds: Set<RuleKind> = [.intrusion, .crowd, .quiet]
    /// How the names begin of clips that people judged.
    private static let prefix = "judged-"

    private let clips: String
    private let recordings: String

    /// Makes it from the folder of clips of alerts and that of recordings, in which each camera has a folder.
    public init(clips: String, recordings: String) {
        self.clips = clips
        self.recordings = recordings
    }

    /// The clips that are there and not judged yet: path by id of the alert.
    public func waiting() -> [String: String] {
        guard let walk = FileManager.default.enumerator(atPath: clips) else { return [:] }
        var found: [String: String] = [:]
        for case let name as String in walk where name.hasSuffix(".mp4") {
            let stem = (name as NSString).lastPathComponent.dropLast(4)
            // An id has 36 characters, then the time follows.
            guard stem.count > 37 else { continue }
            found[String(stem.prefix(36))] = clips + "/" + name
        }
        return found
    }

    /// Moves a clip to the recordings of its camera and writes its labels.
    ///
    /// - Parameters:
    ///   - path: One of `waiting`.
    ///   - alert: Id of the alert.
    ///   - camera: Its camera.
    ///   - rule: Its rule, as the camera has it now.
    ///   - isFalse: Whether it was a false alarm.
    ///   - reason: Why it was; nil for a hazard, or when nobody said.
    /// - Returns: False when such a rule cannot be judged on a clip: the file is removed.
    /// - Throws: A file error, or `MediaError` for a clip that cannot be read.
    public func keep(
        _ path: String,
        alert: String,
        camera: String,
        rule: Rule,
        isFalse: Bool,
        reason: String?
    ) throws -> Bool {
        guard Self.kinds.contains(rule.kind), rule.kind != .quiet || isFalse, !camera.contains("/") else {
            try FileManager.default.removeItem(atPath: path)
            return false
        }
        let facts = try Self.facts(of: path)
        let folder = recordings + "/" + camera
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o750]
        )
        // Ids of alerts begin with their time, so names are in its order.
        let stem = Self.prefix + alert
        let event = TimeSpan(AlertClipLayout.lead, max(AlertClipLayout.lead + 0.1, facts.seconds))
        let labelled = try LabelledRule(rule: rule, events: isFalse ? [] : [event]).object()
        let labels: [String: Any] = [
            "clip": "\(camera)/\(stem).mp4", "width": facts.width, "height": facts.height, "duration": facts.seconds,
            "scene": camera, "camera": camera, "conditions": isFalse ? reason ?? "other" : "hazard", "alert": alert,
            "rules": [labelled],
        ]
        let data = try JSONSerialization.data(withJSONObject: labels, options: [.sortedKeys, .prettyPrinted])
        // The labels first: a clip that is moved is one that has them.
        try data.write(to: URL(filePath: "\(folder)/\(stem).json"), options: .atomic)
        try? FileManager.default.removeItem(atPath: "\(folder)/\(stem).mp4")
        try FileManager.default.moveItem(atPath: path, toPath: "\(folder)/\(stem).mp4")
        makeRoom(in: folder)
        return true
    }

    /// Removes the oldest judged clips while there are too many of all cameras together.
    public func makeRoom() {
        let cameras = (try? FileManager.default.contentsOfDirectory(atPath: recordings)) ?? []
        let all = cameras.flatMap { camera in judged(in: recordings + "/" + camera) }
        for clip in all.sorted(by: { $0.name < $1.name }).dropLast(Self.maximum) { remove(clip) }
    }

    private func makeRoom(in folder: String) {
        for clip in judged(in: folder).dropLast(Self.maximumPerCamera) { remove(clip) }
    }

    /// The judged clips of a folder, oldest first.
    private func judged(in folder: String) -> [(folder: String, name: String)] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasPrefix(Self.prefix) && $0.hasSuffix(".mp4") }.sorted().map { (folder, $0) }
    }

    private func remove(_ clip: (folder: String, name: String)) {
        try? FileManager.default.removeItem(atPath: clip.folder + "/" + clip.name)
        try? FileManager.default.removeItem(atPath: clip.folder + "/" + clip.name.dropLast(4) + ".json")
    }

    private static func facts(of path: String) throws(MediaError) -> (width: Int, height: Int, seconds: Double) {
        let demuxer = try Demuxer(url: path, options: Demuxer.Options())
        var first: AccessUnit?
        var last: AccessUnit?
        while let unit = try demuxer.next() {
            if first == nil { first = unit }
            last = unit
        }
        guard let first, let last else { throw MediaError(.endOfStream, "\(path) holds no picture") }
        let seconds = last.time.seconds(since: first.time) + 0.2
        return (max(1, first.format.width), max(1, first.format.height), (seconds * 1000).rounded() / 1000)
    }
}

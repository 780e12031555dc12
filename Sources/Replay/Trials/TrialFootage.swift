public import Detection
internal import Flow
internal import Foundation

/// What operators can try rules and thresholds on: the site's labelled clips, and what was recorded of cameras.
public struct TrialFootage: Sendable {
    /// One clip.
    public struct Item: Sendable, Hashable {
        /// Sixteen hex digits, the same as long as the file keeps its name.
        public var id: String
        /// File name.
        public var name: String
        /// The camera that it was recorded of; nil for a clip.
        public var camera: String?
        /// Length in seconds; nil where no label says it.
        public var seconds: Double?
        /// Weather, light and the like, in the words of the label file.
        public var conditions: [String]
        /// Whether its labels say what truly happens.
        public var isLabelled: Bool
        /// Why its labels cannot be used; nil when they can, or there are none.
        public var problem: String?

        var path: String
        var labels: LabelFile?
    }

    /// Endings of file names that are taken for clips.
    private static let endings: Set<String> = ["mp4", "mkv", "mov", "avi", "webm", "ts"]
    /// Most clips that are listed of each folder.
    private static let maximum = 2000

    /// Folder of clips; nil for none.
    public var clips: String?
    /// Folder of their label files, each named like its clip with `.json` behind; nil: beside the clips.
    public var labels: String?
    /// Folder of recordings: a folder for each camera, in it clips with label files beside them.
    public var recordings: String

    /// Makes it from its folders; they need not be there.
    public init(clips: String?, labels: String?, recordings: String) {
        self.clips = clips
        self.labels = labels
        self.recordings = recordings
    }

    /// Everything there is: recordings by camera, newest first, then clips by name.
    ///
    /// Reads the folders and label files; blocks for the disk.
    public func list() -> [Item] { places.map(item) }

    /// A clip whose labels have not been read.
    private struct Place {
        var id: String
        var name: String
        var folder: String
        var labels: String
        var camera: String?
    }

    /// Where every clip lies, in the order of `list`.
    private var places: [Place] {
        let cameras = Self.entries(recordings).filter { !$0.hasPrefix(".") }
        let recorded = cameras.flatMap { camera in
            let folder = recordings + "/" + camera
            return places(in: folder, labels: folder, camera: camera).reversed()
        }
        guard let clips else { return recorded }
        return recorded + places(in: clips, labels: labels ?? clips, camera: nil)
    }

    /// The rules that the labels of a clip speak of; empty without labels.
    ///
    /// - Throws: `clipMissing`.
    public func rules(of id: String) throws(ReplayError) -> [Rule] {
        try item(id).labels?.rules.map(\.rule) ?? []
    }

    /// Says what truly happens in a recording; what its file says of rules goes, the rest stays.
    ///
    /// - Returns: False for a clip that is no recording: its labels are somebody's files.
    /// - Throws: `clipMissing`, `labelMalformed` for rules that no label file takes, a file error.
    func label(_ id: String, _ rules: [LabelledRule]) throws -> Bool {
        let item = try item(id)
        guard item.camera != nil else { return false }
        let path = item.path[..<(item.path.lastIndex(of: ".") ?? item.path.endIndex)] + ".json"
        let old = FileManager.default.contents(atPath: String(path)) ?? Data("{}".utf8)
        var object = try JSONSerialization.jsonObject(with: old) as? [String: Any] ?? [:]
        object["rules"] = try rules.map { try $0.object() }
        let data = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .prettyPrinted])
        do {
            _ = try JSONDecoder().decode(LabelFile.self, from: data)
        } catch {
            throw ReplayError(.labelMalformed, "labels of \(item.name): \(LabelFile.explain(error))")
        }
        try data.write(to: URL(filePath: String(path)), options: .atomic)
        return true
    }

    /// The clip with an id.
    ///
    /// - Throws: `clipMissing`.
    func item(_ id: String) throws(ReplayError) -> Item {
        guard let found = places.first(where: { $0.id == id }).map(item) else {
            throw ReplayError(.clipMissing, "this clip is not there any more: choose another one")
        }
        return found
    }

    private func places(in folder: String, labels: String, camera: String?) -> [Place] {
        Self.entries(folder)
            .filter { name in
                !name.hasPrefix(".") && Self.endings.contains(name.split(separator: ".").last?.lowercased() ?? "")
            }
            .prefix(Self.maximum)
            .map { name in
                let digits = String(StableHash.of("\(camera ?? "")/\(name)"), radix: 16)
                let id = String(repeating: "0", count: 16 - digits.count) + digits
                return Place(id: id, name: name, folder: folder, labels: labels, camera: camera)
            }
    }

    private func item(_ place: Place) -> Item {
        let stem = place.name[..<(place.name.lastIndex(of: ".") ?? place.name.endIndex)]
        let file = place.labels + "/" + stem + ".json"
        var found: LabelFile?
        var problem: String?
        if FileManager.default.fileExists(atPath: file) {
            do throws(ReplayError) { found = try LabelFile.read(file) } catch { problem = error.message }
        }
        return Item(
            id: place.id,
            name: place.name,
            camera: place.camera,
            seconds: found?.duration,
            conditions: found?.conditions ?? [],
            isLabelled: found?.rules.isEmpty == false,
            problem: problem,
            path: place.folder + "/" + place.name,
            labels: found
        )
    }

    /// Names in a folder, in order; none when it is not there.
    private static func entries(_ folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }
}

import Flow
import Foundation
import Media

/// The clips of a farm, read from files.
struct ClipLibrary: Sendable {
    /// The clips that can be served, in order.
    let clips: [Clip]
    /// Why each of the other files cannot be served.
    let skipped: [SimulatorError]

    /// Reads files, and of folders their `*.mp4` in order of name.
    ///
    /// Blocks the thread while it reads. A clip that cannot be served is skipped: the others still make a farm.
    ///
    /// - Parameters:
    ///   - paths: Files and folders.
    ///   - limit: Bytes that all clips together may take.
    ///   - packetSize: Most bytes of a packet's payload.
    /// - Throws: `badClip` for a path that does not exist, `tooLarge`, `noClip` when nothing is left to serve.
    init(paths: [String], limit: Int, packetSize: Int) throws(SimulatorError) {
        var clips: [Clip] = []
        var skipped: [SimulatorError] = []
        var bytes = 0
        for file in try Self.files(paths) {
            do throws(SimulatorError) {
                let clip = try Self.read(file, limit: limit - bytes, packetSize: packetSize)
                bytes += clip.bytes.count
                clips.append(clip)
            } catch {
                guard error.code == .badClip else { throw error }
                skipped.append(error)
            }
        }
        guard !clips.isEmpty else {
            let reason = skipped.first.map { ": \($0.message)" } ?? "; a folder must hold *.mp4 files"
            throw SimulatorError(.noClip, "no clip to serve in \(paths.joined(separator: ", "))\(reason)")
        }
        self.clips = clips
        self.skipped = skipped
    }

    /// Bytes of memory that the packets of all clips take together.
    var bytes: Int { clips.reduce(0) { $0 + $1.bytes.count } }

    /// The programme of each clip, in which motion clips of another library take a share of the time.
    ///
    /// The n-th motion clip belongs to the n-th clip, and again from the first on; a clip that gets none that way shares
    /// one with another.
    ///
    /// - Throws: `badOption` when a clip would get motion clips that a player of it could not follow.
    func programmes(motion: ClipLibrary?, share: Double) throws(SimulatorError) -> [Programme] {
        var programmes: [Programme] = []
        for (index, clip) in clips.enumerated() {
            let moving = motion?.clips ?? []
            let own = stride(from: index, to: moving.count, by: clips.count).map { moving[$0] }
            let others = own.isEmpty && !moving.isEmpty ? [moving[index % moving.count]] : own
            for other in others where !other.canReplace(clip) {
                let reason = "it is coded in another way and brings no parameter sets of its own"
                throw SimulatorError(.badOption, "motion clip \(other.name) cannot follow \(clip.name): \(reason)")
            }
            programmes.append(try Programme(quiet: clip, motion: others, share: share))
        }
        return programmes
    }

    private static func files(_ paths: [String]) throws(SimulatorError) -> [String] {
        var files: [String] = []
        for path in paths {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
                throw SimulatorError(.badClip, "there is no clip or folder at \(path)")
            }
            guard isFolder.boolValue else {
                files.append(path)
                continue
            }
            guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
                throw SimulatorError(.badClip, "the folder \(path) cannot be read; check its permissions")
            }
            files += names.filter { $0.lowercased().hasSuffix(".mp4") }.sorted().map { path + "/" + $0 }
        }
        return files
    }

    private static func read(_ path: String, limit: Int, packetSize: Int) throws(SimulatorError) -> Clip {
        var units: [AccessUnit] = []
        let format: StreamFormat
        do {
            let demuxer = try Demuxer(url: path)
            format = demuxer.format
            var bytes = 0
            while let unit = try demuxer.next() {
                bytes += unit.bytes.count
                guard bytes <= limit else {
                    let message =
                        "the clips up to \(path) take more memory than is allowed; serve fewer or shorter ones"
                    throw SimulatorError(.tooLarge, message)
                }
                units.append(unit)
            }
        } catch let error as SimulatorError {
            throw error
        } catch {
            throw SimulatorError(.badClip, "clip \(path) cannot be read: \(error)")
        }
        return try Clip(name: path, format: format, units: units, packetSize: packetSize)
    }
}

internal import Crypto
internal import Flow
internal import Foundation

/// What is in the directory of sample clips.
struct ClipManifest: Codable {
    /// One clip: its files, and what somebody must know to render them again.
    struct Clip: Codable {
        var clip: String
        var labels: String
        var codec: String
        var width: Int
        var height: Int
        var fps: Int
        /// Length of the clip in seconds.
        var duration: Int
        var bytes: Int
        var sha256: String
        var seed: UInt64
        var conditions: String
        var description: String
    }

    var license = "Apache-2.0"
    var origin = "rendered by `gridwatch generate samples`; no real place or person"
    var clips: [Clip]

    /// Lists the clips of the table that are in a directory, with their hashes.
    ///
    /// - Throws: `SimulatorError` (`badClip`) when a clip's file is there and cannot be read.
    init(directory: String) throws(SimulatorError) {
        clips = []
        for spec in SampleStreams.all {
            let path = directory + "/" + spec.fileName
            guard FileManager.default.fileExists(atPath: path) else { continue }
            let data: Data
            do {
                data = try Data(contentsOf: URL(fileURLWithPath: path))
            } catch {
                throw SimulatorError(.badClip, "Cannot read \(path) back: \(error.localizedDescription)")
            }
            clips.append(Clip(spec, data))
        }
    }
}

extension ClipManifest.Clip {
    /// Describes one clip by its table entry and its file's bytes.
    init(_ spec: SceneSpec, _ data: Data) {
        clip = spec.fileName
        labels = "labels/\(spec.name).json"
        codec = spec.codec.rawValue
        width = spec.width
        height = spec.height
        fps = spec.framesPerSecond
        duration = spec.seconds
        bytes = data.count
        sha256 = SHA256.hash(data: data).map { byte in
            let digits = String(byte, radix: 16)
            return byte < 16 ? "0" + digits : digits
        }.joined()
        seed = spec.seed
        conditions = spec.conditions
        description = spec.description
    }
}

internal import Foundation
internal import Media

/// The sample clips that everyone can replay and tune with: rendered, labelled, with no real place or person.
public enum SampleStreams {
    /// Every clip, in the order of the manifest.
    public static let all: [SceneSpec] = watersideClips + streetClips + plazaClips + carParkClips

    /// Renders clips and their labels into a directory, and the manifest of all clips there.
    ///
    /// Existing files are replaced. Takes about as long as playing a tenth of the clips; one thread.
    ///
    /// - Parameters:
    ///   - directory: where to write; made when missing.
    ///   - only: the names of the clips to write; nil writes all.
    ///   - progress: called with a clip's name and the share of it that is done, 0…1.
    /// - Throws: `SimulatorError`: `badOption` for a name that no clip has, `badClip` for a file that cannot be
    ///   written; `MediaError` from the encoder.
    public static func write(
        to directory: String,
        only: [String]? = nil,
        progress: (String, Double) -> Void = { _, _ in }
    ) throws {
        for spec in try chosen(only) { try write(spec, to: directory) { progress(spec.name, $0) } }
        try writeJSON(ClipManifest(directory: directory), to: directory + "/MANIFEST.json")
    }

    /// Renders a clip into a directory, and its labels into `labels` there.
    ///
    /// - Parameters:
    ///   - spec: the clip.
    ///   - directory: where to write; made when missing.
    ///   - progress: called with the share that is done, 0…1.
    /// - Throws: as above.
    static func write(_ spec: SceneSpec, to directory: String, progress: (Double) -> Void) throws {
        let labels = directory + "/labels"
        do {
            try FileManager.default.createDirectory(atPath: labels, withIntermediateDirectories: true)
        } catch {
            throw SimulatorError(.badClip, "Cannot make the folder \(labels): \(error.localizedDescription)")
        }
        let label = try render(spec, to: directory, progress: progress)
        try writeJSON(label, to: "\(labels)/\(spec.name).json")
    }

    private static func chosen(_ names: [String]?) throws(SimulatorError) -> [SceneSpec] {
        guard let names else { return all }
        var specs: [SceneSpec] = []
        for name in names {
            guard let spec = all.first(where: { $0.name == name }) else {
                let known = all.map(\.name).joined(separator: ", ")
                throw SimulatorError(.badOption, "There is no sample clip \"\(name)\". There are: \(known).")
            }
            specs.append(spec)
        }
        return specs
    }

    /// Renders one clip into its file and returns its labels; the file is there only when it is whole.
    private static func render(
        _ spec: SceneSpec,
        to directory: String,
        progress: (Double) -> Void
    ) throws -> ClipLabel {
        let path = directory + "/" + spec.fileName
        let unfinished = path + ".part"
        let stage = spec.stage(spec.size)
        let renderer = SceneRenderer(
            stage.scene,
            rules: stage.rules,
            framesPerSecond: spec.framesPerSecond,
            seed: spec.seed
        )
        let encoder = try VideoEncoder(
            path: unfinished,
            codec: spec.codec,
            width: spec.width,
            height: spec.height,
            framesPerSecond: spec.framesPerSecond,
            keyframeInterval: spec.framesPerSecond * 2,
            quality: spec.quality,
            preset: spec.preset
        )
        for frame in 0..<spec.frameCount {
            let picture = renderer.next()
            try encoder.encode(luma: picture.luma, cb: picture.cb, cr: picture.cr)
            progress(Double(frame + 1) / Double(spec.frameCount))
        }
        try encoder.finish()
        guard rename(unfinished, path) == 0 else {
            let reason = String(cString: strerror(errno))
            throw SimulatorError(.badClip, "Cannot rename \(unfinished) to \(path): \(reason).")
        }
        return ClipLabel(spec, rules: stage.rules, truth: renderer.truth)
    }

    private static func writeJSON(_ value: some Encodable, to path: String) throws(SimulatorError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            var data = try encoder.encode(value)
            data.append(contentsOf: [10])
            try data.write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw SimulatorError(.badClip, "Cannot write \(path): \(error.localizedDescription)")
        }
    }
}

/// The clips of the demo's cameras: what each shows mostly, and now and then.
///
/// A camera that jumps from the end of a clip to its beginning shows what never happens: a van is gone at once, a crowd
/// is there at once, and both raise alerts about nothing. So each camera here has two clips of one place in one coding:
/// an `-empty` one with nobody in it, which can follow itself, and one in which something happens and is over before
/// it ends. Both begin and end with the same empty place.
public enum DemoStreams {
    /// Seconds of an empty clip.
    static let emptySeconds = 8

    /// The clips in which something happens: those of the sample streams that end as they begin, and the demo's own.
    public static let events: [SceneSpec] =
        SampleStreams.all.filter { endAsTheyBegin.contains($0.name) } + [riverEvening, fireLaneLeft, bagsCleared]

    /// The empty clip of each event, in the same order.
    public static let empty: [SceneSpec] = events.map(emptied)

    /// What is rendered for the demo alone.
    public static var own: [SceneSpec] { [riverEvening, fireLaneLeft, bagsCleared] + empty }

    private static let endAsTheyBegin: Set<String> = [
        "river-day", "stopped-car", "plaza-crowd", "gate-line", "covered-lens", "car-park-day", "night-intrusion",
    ]

    /// Renders the demo's own clips and their labels into a directory.
    ///
    /// - Parameters:
    ///   - directory: where to write; made when missing.
    ///   - progress: called with a clip's name and the share of it that is done, 0…1.
    /// - Throws: as `SampleStreams.write`.
    public static func write(to directory: String, progress: (String, Double) -> Void = { _, _ in }) throws {
        for spec in own { try SampleStreams.write(spec, to: directory) { progress(spec.name, $0) } }
    }

    /// The place of a clip with nobody in it, at the light of its first moment.
    static func emptied(_ spec: SceneSpec) -> SceneSpec {
        var empty = SceneSpec(
            name: spec.name + "-empty",
            description: "The place of \(spec.name) with nobody there; it can follow itself.",
            conditions: "nothing happens",
            width: spec.width,
            height: spec.height,
            framesPerSecond: spec.framesPerSecond,
            seconds: emptySeconds,
            codec: spec.codec,
            quality: spec.quality,
            seed: spec.seed
        ) { size in
            let stage = spec.stage(size)
            var scene = stage.scene
            scene.actors = scene.actors.filter { $0.role == .scenery }
            return Stage(scene: scene, rules: stage.rules.map(\.expectingNothing))
        }
        empty.preset = spec.preset
        return empty
    }
}

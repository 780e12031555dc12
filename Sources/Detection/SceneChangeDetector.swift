/// Tells changes of the whole picture from objects in it: infrared, and pictures that share little with the scene.
struct SceneChangeDetector: Sendable {
    /// What the whole picture does.
    enum Mode: Sendable, Equatable {
        /// Only objects may have changed.
        case normal
        /// Too much changed at once: nothing can be said about objects, and nothing is learnt.
        case unclear
        /// The scene must be learnt anew from this frame.
        case restart(SceneStatus)
    }

    /// A picture with less colour than this (mean distance from grey) may be infrared.
    private static let greySaturation = 2.5
    /// The other picture has at least this much more colour, besides twice as much.
    private static let colourStep = 2.0
    /// Seconds in which the usual saturation is learnt.
    private static let saturationSeconds = 5.0

    var settings: DetectionSettings
    private var saturation: Double
    private var unclearSeconds = 0.0

    init(saturation: Double, settings: DetectionSettings) {
        self.saturation = saturation
        self.settings = settings
    }

    /// Judges a frame.
    ///
    /// - Parameters:
    ///   - now: mean distance of the colours from grey.
    ///   - changed: share of the picture that differs from the scene, by objects or by light.
    ///   - occupied: share of the picture that differs and that a change of light does not explain.
    ///   - elapsed: seconds since the frame before.
    /// - Returns: Whether the scene goes on, begins anew, or cannot be told.
    mutating func judge(saturation now: Double, changed: Double, occupied: Double, elapsed: Double) -> Mode {
        let least = min(now, saturation)
        let most = max(now, saturation)
        let switched = least < Self.greySaturation && most > 2 * least + Self.colourStep
        if switched && changed >= settings.modeShare / 2 {
            saturation = now
            unclearSeconds = 0
            return .restart(.infraredSwitch)
        }
        saturation += (now - saturation) * min(1, elapsed / Self.saturationSeconds)
        guard occupied >= settings.modeShare else {
            unclearSeconds = 0
            return .normal
        }
        unclearSeconds += elapsed
        guard unclearSeconds >= settings.modeSeconds else { return .unclear }
        unclearSeconds = 0
        return .restart(.sceneChange)
    }
}

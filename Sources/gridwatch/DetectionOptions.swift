import ArgumentParser
import Detection
import Ingest

/// `--set key=value`, shared by the commands that run detection.
struct DetectionOptions: ParsableArguments {
    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Override a setting: 'sampling', 'gate_…' or one of detection's (gridwatch config reference lists them).",
            discussion: "For example: --set sampling=keyframes --set dwell=2",
            valueName: "key=value"
        )
    )
    var overrides: [String] = []

    /// The settings that the overrides make of the defaults, and the sampling.
    ///
    /// - Throws: `ValidationError` that names the override and what is known.
    func resolve() throws -> (settings: DetectionSettings, sampling: Sampling) {
        var settings = DetectionSettings()
        var sampling = Sampling.everyFrame
        for override in overrides {
            guard let equals = override.firstIndex(of: "=") else {
                throw ValidationError("--set \(override): write it as key=value")
            }
            let key = String(override[..<equals])
            let value = String(override[override.index(after: equals)...])
            if key.hasPrefix("gate_") { continue }
            if key == "sampling" {
                guard let parsed = Sampling(value) else {
                    throw ValidationError(
                        "--set sampling=\(value): use every, keyframes, keyframes:SECONDS, gated:SECONDS or Nfps, for example 5fps"
                    )
                }
                sampling = parsed
            } else {
                do throws(DetectionError) {
                    try settings.set(key, value)
                } catch {
                    throw ValidationError("--set \(override): \(error)")
                }
            }
        }
        return (settings, sampling)
    }

    /// The settings of the gate that the overrides make of the defaults.
    ///
    /// - Throws: `ValidationError` that names the override and what is known.
    func resolveGate() throws -> GateSettings {
        var settings = GateSettings()
        for override in overrides where override.hasPrefix("gate_") {
            let parts = override.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count == 2 ? String(parts[1]) : ""
            if let problem = settings.set(String(parts[0]), value) {
                throw ValidationError("--set \(override): \(problem)")
            }
        }
        return settings
    }
}

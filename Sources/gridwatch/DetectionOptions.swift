import ArgumentParser
import Detection
import Foundation
import Gate

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

    @Option(help: "Begin with the settings of this profile, as gridwatch tune writes it; --set comes on top.")
    var profile: String?

    /// The settings that the overrides make of the defaults, and the sampling.
    ///
    /// - Throws: `ValidationError` that names the override and what is known.
    func resolve() throws -> (settings: DetectionSettings, sampling: Sampling) {
        var settings = try base()
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

    /// The profile's settings, or the defaults.
    private func base() throws -> DetectionSettings {
        struct Profile: Decodable {
            var settings: DetectionSettings
        }
        guard let profile else { return DetectionSettings() }
        guard let data = FileManager.default.contents(atPath: profile) else {
            throw ValidationError("--profile \(profile): the file cannot be read")
        }
        do {
            return try JSONDecoder().decode(Profile.self, from: data).settings
        } catch let error as DetectionError {
            throw ValidationError("--profile \(profile): \(error)")
        } catch {
            throw ValidationError("--profile \(profile): no profile of gridwatch tune: it has no 'settings'")
        }
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

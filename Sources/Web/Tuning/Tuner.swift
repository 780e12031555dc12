public import Detection
public import Replay

/// What the tuner works with, beside the database.
public struct Tuner: Sendable {
    /// Tries rules and thresholds on clips.
    let trials: TrialService
    /// Records stretches of cameras.
    let recorder: FootageRecorder
    /// The daemon's settings of detection, which hold where no profile does.
    let detection: DetectionSettings

    /// Puts the parts together.
    public init(trials: TrialService, recorder: FootageRecorder, detection: DetectionSettings) {
        self.trials = trials
        self.recorder = recorder
        self.detection = detection
    }
}

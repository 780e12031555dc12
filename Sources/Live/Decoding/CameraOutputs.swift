import Analysis
import Detection
import Flow
import Media

/// What came of a camera's units: everything that anybody else has to hear of, for its worker to pass on.
struct CameraOutputs {
    /// Starts, updates and ends of alerts, in order.
    var statements: [AlertRecorder.Item] = []
    /// What its pictures scored, where a part of an hour is complete or due.
    var scores: [CameraScores] = []
    /// What detection saw around alerts; each has a slot of `ClipSlots`, which whoever takes it gives back.
    var clips: [PlaneClip] = []
    /// What the pictures showed; nil when none was looked at.
    var look: CameraLook?
    /// Why a unit could not be decoded; nil when nothing failed.
    var failure: MediaError?
}

/// Scores of a part of an hour, and what they are measured by.
struct CameraScores: Sendable, Hashable {
    /// The part.
    var part: ScoreLog.Part
    /// What the scores of each rule mean, by rule.
    var bases: [String: ScoreBasis]
}

/// What is told of pictures that detection looked at.
struct CameraLook: Sendable, Hashable {
    /// How many they were.
    var pictures = 1
    /// What detection judged the last one as.
    var scene: SceneStatus
    /// How good it is; nil before it was measured.
    var quality: ImageQuality?
    /// Seconds within which the next one is expected.
    var interval: Double
    /// Wall time of the last one.
    var time: MediaTime
    /// Seconds between keyframes of the stream; nil when that is not known.
    var keyframeGap: Double?
    /// Whether the last one was bit-identical to the one before.
    var isSame = false
}

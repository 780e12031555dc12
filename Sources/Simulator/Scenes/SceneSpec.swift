public import Flow

/// One sample clip: how it is called, coded and labelled, and the scene it shows.
public struct SceneSpec: Sendable {
    /// The file's name without its ending.
    public let name: String
    /// What happens, for a reader.
    public let description: String
    /// What makes it hard, separated by semicolons.
    public let conditions: String
    /// Width of the picture in pixels; even.
    public var width = 640
    /// Height of the picture in pixels; even.
    public var height = 360
    /// Frames a second, all of the same length.
    public var framesPerSecond = 12
    /// Length of the clip in whole seconds.
    public let seconds: Int
    /// How the clip is coded.
    public var codec = StreamFormat.Codec.h264
    /// Constant rate factor of the encoder.
    public var quality = 28
    /// Speed preset of the encoder: how much it searches for a smaller stream of the same quality.
    var preset = "medium"
    /// What the clip's noise, textures and weather grow from.
    public let seed: UInt64
    /// Builds the scene and its rules for a picture size.
    let stage: @Sendable (FrameSize) -> Stage

    /// How many frames the clip has.
    public var frameCount: Int { seconds * framesPerSecond }

    /// The file of the clip.
    public var fileName: String { name + ".mp4" }

    /// The size in which the clip is rendered and coded.
    var size: FrameSize { FrameSize(width: width, height: height) }
}

/// A scene with the rules that watch it.
struct Stage {
    let scene: Scene
    let rules: [SceneRule]
}

/// What `StreamProbe` measured.
///
/// Its JSON has snake-case names and leaves the picture out.
public struct ProbeReport: Hashable, Sendable, Codable {
    /// FFmpeg's name of the container or protocol.
    public var container: String
    /// FFmpeg's name of the coding.
    public var codec: String
    /// Width in pixels, not rotated.
    public var width: Int
    /// Height in pixels, not rotated.
    public var height: Int
    /// Measured frames per second; nil with fewer than two units.
    public var framesPerSecond: Double?
    /// Mean time between keyframes in seconds; nil with fewer than two keyframes.
    public var keyframeInterval: Double?
    /// Bits of coded video per second, in kb/s; nil with fewer than two units.
    public var kilobitsPerSecond: Double?
    /// Seconds from the call to the first keyframe; nil when none came.
    public var timeToFirstKeyframe: Double?
    /// Coded pictures read.
    public var units: Int
    /// Keyframes among them.
    public var keyframes: Int
    /// Coded pictures that could not be used.
    public var droppedUnits: Int
    /// Mean brightness of the decoded keyframes, 0 (black) to 255; nil when none could be decoded.
    public var averageLuma: Double?
    /// Who has read an RTSP stream, and how its packets came; nil for other streams.
    public var way: String?
    /// What another reader than the daemon's sees otherwise; nil when there was none, empty when nothing differs.
    public var differences: [String]?
    /// The first keyframe that could be decoded, as JPEG; not in the JSON.
    public var picture: [UInt8]?

    /// True when the address gives one picture each time it is asked, which the daemon does at each sampling interval.
    public var isSnapshot: Bool { MediaForms.isSinglePicture(container) }

    private enum CodingKeys: String, CodingKey {
        case container, codec, width, height, units, keyframes, way, differences
        case framesPerSecond = "fps"
        case keyframeInterval = "keyframe_interval_s"
        case kilobitsPerSecond = "bit_rate_kbps"
        case timeToFirstKeyframe = "time_to_first_keyframe_s"
        case droppedUnits = "dropped_units"
        case averageLuma = "average_luma"
    }
}

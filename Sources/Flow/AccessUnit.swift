/// What a stream carries, as far as a decoder must know: one value per stream, shared by its access units.
public struct StreamFormat: Hashable, Sendable {
    /// A video coding that Gridwatch names; everything else FFmpeg decodes is `other`.
    public enum Codec: String, Hashable, Sendable, Codable {
        case h264
        case h265 = "hevc"
        case mjpeg
        case other
    }

    /// The coding.
    public var codec: Codec
    /// The `AVCodecID` raw value, for codings that are `other`.
    public var avCodecID: UInt32
    /// Coded width in pixels; 0 when the stream has not told yet.
    public var width: Int
    /// Coded height in pixels; 0 when the stream has not told yet.
    public var height: Int
    /// Decoder configuration that is not in band.
    ///
    /// Empty for H.264 and H.265: their units are Annex B and every
    /// keyframe carries the stream's own parameter sets in front, which is what makes a pooled decoder safe.
    public var extradata: [UInt8]

    /// Makes a format from its parts.
    public init(codec: Codec, avCodecID: UInt32, width: Int, height: Int, extradata: [UInt8]) {
        self.codec = codec
        self.avCodecID = avCodecID
        self.width = width
        self.height = height
        self.extradata = extradata
    }
}

/// One coded picture of one camera, ready for a decoder.
///
/// H.264 and H.265 are Annex B; a keyframe starts with the camera's own parameter sets.
public struct AccessUnit: Sendable {
    /// What the bytes are.
    public var format: StreamFormat
    /// When the picture is to be shown, on the pipeline's clock.
    public var time: MediaTime
    /// When the picture is to be decoded; differs from `time` where the stream reorders (B frames).
    public var decodeTime: MediaTime
    /// True when decoding can start here.
    public var isKeyframe: Bool
    /// The coded bytes.
    public var bytes: [UInt8]

    /// Makes a unit from its parts.
    public init(format: StreamFormat, time: MediaTime, decodeTime: MediaTime, isKeyframe: Bool, bytes: [UInt8]) {
        self.format = format
        self.time = time
        self.decodeTime = decodeTime
        self.isKeyframe = isKeyframe
        self.bytes = bytes
    }
}

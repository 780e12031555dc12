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
    /// True when packets of it, or just before it, were lost.
    public var isDamaged: Bool
    /// Coded size in bytes, also of a picture whose bytes were left behind.
    public var size: Int
    /// The coded bytes; empty when only the size was wanted.
    public var bytes: [UInt8]

    /// Makes a unit from its parts.
    ///
    /// - Parameters:
    ///   - format: What the bytes are.
    ///   - time: When the picture is to be shown.
    ///   - decodeTime: When it is to be decoded.
    ///   - isKeyframe: Whether decoding can start here.
    ///   - isDamaged: Whether packets were lost.
    ///   - size: Coded size in bytes; nil means that of `bytes`.
    ///   - bytes: The coded bytes, or none.
    public init(
        format: StreamFormat,
        time: MediaTime,
        decodeTime: MediaTime,
        isKeyframe: Bool,
        isDamaged: Bool = false,
        size: Int? = nil,
        bytes: [UInt8]
    ) {
        self.format = format
        self.time = time
        self.decodeTime = decodeTime
        self.isKeyframe = isKeyframe
        self.isDamaged = isDamaged
        self.size = size ?? bytes.count
        self.bytes = bytes
    }
}

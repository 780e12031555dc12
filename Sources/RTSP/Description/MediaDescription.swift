public import Flow

/// One `name=value` of an `a=fmtp` line.
public struct FormatParameter: Hashable, Sendable {
    /// The name as written.
    public var name: String
    /// The value as written; empty when there is none.
    public var value: String

    /// Makes a parameter.
    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// One `m=` section of a session description: a track.
public struct MediaDescription: Hashable, Sendable {
    /// `video`, `audio`, `application`.
    public var kind: String
    /// The RTP payload type, 0…127: the first one of the line.
    public var payloadType: UInt8
    /// The coding's name in `a=rtpmap`, for example `H264`; empty when there is no such line.
    public var encoding: String
    /// Ticks of the RTP timestamp in a second.
    public var clockRate: Int
    /// The parameters of `a=fmtp`.
    public var formatParameters: [FormatParameter]
    /// `a=control`: the URL of the track, mostly relative to that of the session.
    public var control: String?
    /// True for a track whose packets are encrypted (SRTP), which is not read.
    public var isEncrypted = false
    /// `a=framesize` or `a=x-dimensions`; nil when the description does not tell.
    public var pictureSize: PictureSize?

    /// Makes a track.
    public init(
        kind: String,
        payloadType: UInt8,
        encoding: String,
        clockRate: Int,
        formatParameters: [FormatParameter] = [],
        control: String? = nil
    ) {
        self.kind = kind
        self.payloadType = payloadType
        self.encoding = encoding
        self.clockRate = clockRate
        self.formatParameters = formatParameters
        self.control = control
    }

    /// Makes the video track of an H.264 or H.265 stream with its parameter sets.
    public init(video sets: ParameterSets, payloadType: UInt8 = 96, control: String) {
        self.init(
            kind: "video",
            payloadType: payloadType,
            encoding: sets.codec == .h265 ? "H265" : "H264",
            clockRate: 90_000,
            formatParameters: sets.formatParameters,
            control: control
        )
    }

    /// The coding, `other` when the stages behind would not know what to do with it.
    public var codec: StreamFormat.Codec {
        switch encoding.uppercased() {
        case "H264": .h264
        case "H265", "HEVC": .h265
        case "JPEG": .mjpeg
        case "": codecOfParameters
        default: .other
        }
    }

    /// The coding whose parameters a track has that does not name it.
    private var codecOfParameters: StreamFormat.Codec {
        let names = formatParameters.map { $0.name.lowercased() }
        if names.contains("sprop-parameter-sets") { return .h264 }
        return names.contains("sprop-sps") ? .h265 : .other
    }

    /// The parameter sets in the `fmtp` line; nil when they are absent or incomplete, then they come in band.
    public var parameterSets: ParameterSets? {
        guard codec == .h264 || codec == .h265 else { return nil }
        return ParameterSets(codec: codec, formatParameters: formatParameters)
    }
}

internal import CFFmpeg
internal import Flow

extension StreamFormat.Codec {
    /// The coding of FFmpeg's codec id.
    init(_ id: AVCodecID) {
        switch id {
        case AV_CODEC_ID_H264: self = .h264
        case AV_CODEC_ID_HEVC: self = .h265
        case AV_CODEC_ID_MJPEG: self = .mjpeg
        default: self = .other
        }
    }
}

extension StreamFormat {
    /// FFmpeg's codec id of the coding.
    var codecID: AVCodecID {
        switch codec {
        case .h264: AV_CODEC_ID_H264
        case .h265: AV_CODEC_ID_HEVC
        case .mjpeg: AV_CODEC_ID_MJPEG
        case .other: AVCodecID(avCodecID)
        }
    }

    /// True when keyframes must bring their parameter sets along.
    var hasParameterSets: Bool { codec == .h264 || codec == .h265 }
}

internal import CFFmpeg

/// H.265 in FLV as Chinese media servers send it: coding 12, otherwise laid out as H.264 is.
///
/// FFmpeg 5.1 does not know the number and gives the bodies of the tags as they are: a type, the distance between
/// decoding and showing, and the picture or its decoder configuration.
enum FLVHEVC {
    /// FLV's number of the coding.
    static let coding: UInt32 = 12
    /// Bytes before picture or configuration.
    private static let headBytes: Int32 = 4

    /// What a tag's body is.
    enum Body {
        case configuration
        case picture
        /// An end mark, or too short to be anything.
        case nothing
    }

    /// True for a stream that FFmpeg has found in FLV and does not know, with this number.
    static func isFound(_ parameters: AVCodecParameters, container: AVInputFormat) -> Bool {
        parameters.codec_id == AV_CODEC_ID_NONE && parameters.codec_tag == coding
            && String(cString: container.name).hasSuffix("flv")
    }

    /// Takes the head off a packet of the stream, whose time is then that of showing.
    static func unwrap(_ packet: UnsafeMutablePointer<AVPacket>) -> Body {
        guard packet.pointee.size > headBytes, let data = packet.pointee.data, data[0] <= 1 else { return .nothing }
        let distance = Int32(data[1]) << 24 | Int32(data[2]) << 16 | Int32(data[3]) << 8
        let isPicture = data[0] == 1
        packet.pointee.data = data + Int(headBytes)
        packet.pointee.size -= headBytes
        if isPicture, packet.pointee.dts != gw_no_time {
            // 24 bits with a sign, in the milliseconds of the container.
            packet.pointee.pts = packet.pointee.dts &+ Int64(distance >> 8)
        }
        return isPicture ? .picture : .configuration
    }

    /// Makes an unwrapped configuration the stream's own; false without memory.
    static func configure(
        _ parameters: UnsafeMutablePointer<AVCodecParameters>,
        by packet: UnsafeMutablePointer<AVPacket>
    ) -> Bool {
        let size = Int(packet.pointee.size)
        guard let data = packet.pointee.data, let copy = av_mallocz(size + Int(AV_INPUT_BUFFER_PADDING_SIZE)) else {
            return false
        }
        copy.copyMemory(from: data, byteCount: size)
        av_freep(&parameters.pointee.extradata)
        parameters.pointee.extradata = copy.assumingMemoryBound(to: UInt8.self)
        parameters.pointee.extradata_size = Int32(size)
        parameters.pointee.codec_id = AV_CODEC_ID_HEVC
        return true
    }
}

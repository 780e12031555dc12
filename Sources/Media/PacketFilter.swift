internal import CFFmpeg

/// One of FFmpeg's bitstream filters that gives one packet for one packet.
final class PacketFilter {
    private let context: UnsafeMutablePointer<AVBSFContext>

    /// Sets up the filter `name` for packets with these parameters.
    init(
        _ name: String,
        parameters: UnsafePointer<AVCodecParameters>,
        timeBase: AVRational
    ) throws(MediaError) {
        guard let filter = av_bsf_get_by_name(name) else {
            throw MediaError(.unsupportedCodec, "this FFmpeg was built without the filter \(name); use Debian's")
        }
        var made: UnsafeMutablePointer<AVBSFContext>?
        var status = av_bsf_alloc(filter, &made)
        if status >= 0, let made {
            made.pointee.time_base_in = timeBase
            status = avcodec_parameters_copy(made.pointee.par_in, parameters)
            if status >= 0 { status = av_bsf_init(made) }
        }
        guard status >= 0, let made else {
            av_bsf_free(&made)
            throw .failed(.brokenData, "the decoder configuration is damaged (\(name))", status: status)
        }
        self.context = made
    }

    deinit {
        var freed: UnsafeMutablePointer<AVBSFContext>? = context
        av_bsf_free(&freed)
    }

    /// The decoder configuration behind the filter.
    var extradata: [UInt8] {
        guard let parameters = context.pointee.par_out, let data = parameters.pointee.extradata else { return [] }
        return Array(UnsafeBufferPointer(start: data, count: Int(parameters.pointee.extradata_size)))
    }

    /// Replaces the packet by the filtered one; on a negative status the packet is empty.
    func apply(to packet: UnsafeMutablePointer<AVPacket>) -> Int32 {
        let status = av_bsf_send_packet(context, packet)
        guard status >= 0 else {
            av_packet_unref(packet)
            return status
        }
        return av_bsf_receive_packet(context, packet)
    }
}

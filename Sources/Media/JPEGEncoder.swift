internal import CFFmpeg

/// JPEG through libavcodec.
enum JPEGEncoder {
    /// Encodes a full-range 4:2:0 picture; the same picture and quality give the same bytes.
    ///
    /// The picture is `AV_PIX_FMT_YUVJ420P`, the quality 1 to 100.
    static func encode(_ frame: UnsafeMutablePointer<AVFrame>, quality: Int) throws(MediaError) -> [UInt8] {
        guard let codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG) else {
            throw MediaError(.unsupportedCodec, "this FFmpeg was built without its JPEG encoder; use Debian's")
        }
        let packet = try PacketBox()
        var made = avcodec_alloc_context3(codec)
        guard let context = made else { throw MediaError(.outOfMemory, "no memory for a JPEG encoder") }
        defer { avcodec_free_context(&made) }
        configure(context, for: frame, quality: quality)
        var status = avcodec_open2(context, codec, nil)
        if status >= 0 { status = avcodec_send_frame(context, frame) }
        if status >= 0 { status = avcodec_receive_packet(context, packet.pointer) }
        guard status >= 0 else {
            let size = "\(frame.pointee.width)x\(frame.pointee.height)"
            throw .failed(.encodeFailed, "a picture of \(size) cannot be encoded as JPEG", status: status)
        }
        return packet.bytes
    }

    private static func configure(
        _ context: UnsafeMutablePointer<AVCodecContext>,
        for frame: UnsafeMutablePointer<AVFrame>,
        quality: Int
    ) {
        // FFmpeg's scale goes from 2 (best) to 31.
        let scale = 2 + (100 - min(max(quality, 1), 100)) * 29 / 99
        context.pointee.width = frame.pointee.width
        context.pointee.height = frame.pointee.height
        context.pointee.pix_fmt = AV_PIX_FMT_YUVJ420P
        context.pointee.color_range = AVCOL_RANGE_JPEG
        context.pointee.time_base = AVRational(num: 1, den: 25)
        context.pointee.thread_count = 1
        context.pointee.flags |= AV_CODEC_FLAG_QSCALE | AV_CODEC_FLAG_BITEXACT
        context.pointee.global_quality = Int32(scale) * FF_QP2LAMBDA
        frame.pointee.quality = context.pointee.global_quality
        frame.pointee.pts = 0
        frame.pointee.pict_type = AV_PICTURE_TYPE_NONE
    }
}

internal import CFFmpeg
public import Flow

/// Writes pictures into an MP4 file as H.264 or H.265.
///
/// Closed groups of pictures at a fixed distance, no B frames, one thread and no time stamps or version numbers in the
/// container: the same pictures give the same bytes with the same libraries. One thread only. A file is playable only
/// after `finish()`.
public final class VideoEncoder {
    // Safety: the pointers are private, owned by this object alone and freed once in `deinit`.
    private var format: UnsafeMutablePointer<AVFormatContext>?
    private var codec: UnsafeMutablePointer<AVCodecContext>?
    private var frame: UnsafeMutablePointer<AVFrame>?
    private var packet: UnsafeMutablePointer<AVPacket>?
    private let path: String
    private let width: Int
    private let height: Int
    private var count: Int64 = 0
    private var isFinished = false

    /// Creates the file and writes its header; an existing file is replaced.
    ///
    /// - Parameters:
    ///   - path: the MP4 file to write.
    ///   - codec: `.h264` or `.h265`.
    ///   - width: columns, even.
    ///   - height: rows, even.
    ///   - framesPerSecond: frames a second, 1…120.
    ///   - keyframeInterval: frames from one keyframe to the next, 1 or more.
    ///   - quality: constant rate factor, 0 (lossless) … 51 (worst); 23…30 is what cameras send.
    ///   - preset: speed preset of x264 and x265, `ultrafast` … `veryslow`.
    /// - Throws: `unsupportedCodec` without the encoder, `writeFailed` when the file cannot be created, `encodeFailed`
    ///   when the encoder refuses the settings.
    public init(
        path: String,
        codec: StreamFormat.Codec,
        width: Int,
        height: Int,
        framesPerSecond: Int,
        keyframeInterval: Int,
        quality: Int,
        preset: String = "medium"
    ) throws(MediaError) {
        precondition(width > 0 && height > 0 && width % 2 == 0 && height % 2 == 0, "4:2:0 pictures have even sizes.")
        precondition(framesPerSecond > 0 && keyframeInterval > 0, "Frame rate and keyframe interval are above 0.")
        _ = FFmpegLibrary.prepared
        self.path = path
        self.width = width
        self.height = height
        try openCodec(codec, framesPerSecond, keyframeInterval, quality: quality, preset: preset)
        try openFile()
        try makeFrame()
    }

    deinit {
        if let format {
            if format.pointee.pb != nil { avio_closep(&format.pointee.pb) }
            avformat_free_context(format)
        }
        avcodec_free_context(&codec)
        av_frame_free(&frame)
        av_packet_free(&packet)
    }

    /// Adds the next picture.
    ///
    /// - Parameters:
    ///   - luma: `width * height` bytes, row by row.
    ///   - cb: a quarter as many bytes.
    ///   - cr: a quarter as many bytes.
    /// - Throws: `encodeFailed`, or `writeFailed` when the disk is full.
    public func encode(luma: [UInt8], cb: [UInt8], cr: [UInt8]) throws(MediaError) {
        precondition(!isFinished, "No picture can follow finish().")
        let (halfWidth, halfHeight) = (width / 2, height / 2)
        precondition(
            luma.count == width * height && cb.count == halfWidth * halfHeight && cr.count == cb.count,
            "Each plane has exactly the bytes of its size."
        )
        guard let frame else { return }
        // The encoder may still hold the last picture's buffer.
        try check(av_frame_make_writable(frame), .outOfMemory, "get a picture buffer for")
        copy(luma, to: frame.pointee.data.0, stride: frame.pointee.linesize.0, width: width, height: height)
        copy(cb, to: frame.pointee.data.1, stride: frame.pointee.linesize.1, width: halfWidth, height: halfHeight)
        copy(cr, to: frame.pointee.data.2, stride: frame.pointee.linesize.2, width: halfWidth, height: halfHeight)
        frame.pointee.pts = count
        count += 1
        try check(avcodec_send_frame(codec, frame), .encodeFailed, "encode picture \(count) of")
        try drain()
    }

    /// Writes what the encoder still holds and the end of the file.
    ///
    /// - Throws: `encodeFailed`, or `writeFailed` when the disk is full.
    public func finish() throws(MediaError) {
        guard !isFinished, let format else { return }
        isFinished = true
        try check(avcodec_send_frame(codec, nil), .encodeFailed, "encode the end of")
        try drain()
        try check(av_write_trailer(format), .writeFailed, "write the end of")
        try check(avio_closep(&format.pointee.pb), .writeFailed, "close")
    }

    private func openCodec(
        _ kind: StreamFormat.Codec,
        _ framesPerSecond: Int,
        _ keyframeInterval: Int,
        quality: Int,
        preset: String
    ) throws(MediaError) {
        let name = kind == .h265 ? "libx265" : "libx264"
        guard kind == .h264 || kind == .h265, let encoder = avcodec_find_encoder_by_name(name) else {
            throw MediaError(
                .unsupportedCodec,
                "Cannot write \(path) as \(kind.rawValue): this FFmpeg has no \(name) encoder."
            )
        }
        guard let context = avcodec_alloc_context3(encoder) else {
            throw MediaError(.outOfMemory, "Cannot write \(path): out of memory.")
        }
        codec = context
        context.pointee.width = Int32(width)
        context.pointee.height = Int32(height)
        context.pointee.pix_fmt = AV_PIX_FMT_YUV420P
        context.pointee.time_base = AVRational(num: 1, den: Int32(framesPerSecond))
        context.pointee.framerate = AVRational(num: Int32(framesPerSecond), den: 1)
        context.pointee.gop_size = Int32(keyframeInterval)
        context.pointee.keyint_min = Int32(keyframeInterval)
        context.pointee.max_b_frames = 0
        context.pointee.thread_count = 1
        // The container needs the parameter sets in front; bit-exact leaves out encoder names.
        context.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_BITEXACT
        if kind == .h265 { context.pointee.codec_tag = 0x3163_7668 }  // "hvc1", which players ask for
        _ = gw_set_codec_option(context, "preset", preset)
        _ = gw_set_codec_option(context, "crf", String(quality))
        let interval = "keyint=\(keyframeInterval):min-keyint=\(keyframeInterval):scenecut=0:bframes=0"
        // One thread: with more, rate control sees the pictures in another order.
        _ =
            kind == .h265
            ? gw_set_codec_option(
                context,
                "x265-params",
                interval + ":open-gop=0:pools=none:frame-threads=1:wpp=0:info=0:log-level=error"
            )
            : gw_set_codec_option(context, "x264-params", interval + ":open-gop=0:threads=1:sliced-threads=0")
        try check(avcodec_open2(context, encoder, nil), .encodeFailed, "start the \(name) encoder for")
    }

    private func openFile() throws(MediaError) {
        try check(avformat_alloc_output_context2(&format, nil, "mp4", path), .writeFailed, "create")
        guard let format, let codec, let stream = avformat_new_stream(format, nil) else {
            throw MediaError(.outOfMemory, "Cannot create \(path): out of memory.")
        }
        format.pointee.flags |= AVFMT_FLAG_BITEXACT
        stream.pointee.time_base = codec.pointee.time_base
        stream.pointee.avg_frame_rate = codec.pointee.framerate
        try check(
            avcodec_parameters_from_context(stream.pointee.codecpar, codec),
            .encodeFailed,
            "describe the pictures of"
        )
        try check(avio_open(&format.pointee.pb, path, AVIO_FLAG_WRITE), .writeFailed, "create")
        // The index in front lets a player start before it has the whole file.
        _ = gw_set_muxer_option(format, "movflags", "+faststart")
        try check(avformat_write_header(format, nil), .writeFailed, "write the header of")
    }

    private func makeFrame() throws(MediaError) {
        packet = av_packet_alloc()
        frame = av_frame_alloc()
        guard let frame, packet != nil else { throw MediaError(.outOfMemory, "Cannot write \(path): out of memory.") }
        frame.pointee.width = Int32(width)
        frame.pointee.height = Int32(height)
        frame.pointee.format = AV_PIX_FMT_YUV420P.rawValue
        try check(av_frame_get_buffer(frame, 0), .outOfMemory, "get a picture buffer for")
    }

    private func copy(_ plane: [UInt8], to target: UnsafeMutablePointer<UInt8>?, stride: Int32, width: Int, height: Int)
    {
        guard let target else { return }
        plane.withUnsafeBufferPointer { source in
            guard let start = source.baseAddress else { return }
            for row in 0..<height {
                (target + row * Int(stride)).update(from: start + row * width, count: width)
            }
        }
    }

    /// Writes every packet that the encoder has ready.
    private func drain() throws(MediaError) {
        guard let codec, let format, let packet, let stream = format.pointee.streams[0] else { return }
        while true {
            let status = avcodec_receive_packet(codec, packet)
            if status == gw_error_again || status == gw_error_end { return }
            try check(status, .encodeFailed, "encode")
            packet.pointee.stream_index = 0
            packet.pointee.duration = 1
            av_packet_rescale_ts(packet, codec.pointee.time_base, stream.pointee.time_base)
            try check(av_interleaved_write_frame(format, packet), .writeFailed, "write to")
        }
    }

    private func check(_ status: Int32, _ code: MediaError.Code, _ action: String) throws(MediaError) {
        if status < 0 { throw MediaError.failed(code, "Cannot \(action) \(path)", status: status) }
    }
}

internal import CFFmpeg
internal import Flow

/// One opened decoder: owns the `AVCodecContext` and the frame that its pictures come out in.
///
/// Always one thread and no hardware: the same units give the same pictures on every machine.
final class CodecContext {
    /// What the decoder is used for.
    enum Use {
        /// Single keyframes of changing streams: any damage is an error.
        case keyframes
        /// One stream from a keyframe on: damage is concealed.
        case sequence(skipsLoopFilter: Bool)
        /// A picture that a person sent: any damage is an error, checksums are looked at.
        case photo
    }

    private let context: UnsafeMutablePointer<AVCodecContext>
    private let packet: PacketBox
    private let frame: FrameBox
    private let converter = PlanarConverter()

    /// Largest picture that is decoded, in pixels (8192×8192): bounds what a broken stream can take of the memory.
    private static let maxPixels: Int64 = 1 << 26

    init(format: StreamFormat, use: Use) throws(MediaError) {
        _ = FFmpegLibrary.prepared
        let name = String(cString: avcodec_get_name(format.codecID))
        guard let codec = avcodec_find_decoder(format.codecID) else {
            throw MediaError(.unsupportedCodec, "this FFmpeg cannot decode \(name)")
        }
        self.packet = try PacketBox()
        self.frame = try FrameBox()
        var made = avcodec_alloc_context3(codec)
        guard let context = made else { throw MediaError(.outOfMemory, "no memory for a decoder of \(name)") }
        Self.configure(context, format: format, use: use)
        let status = avcodec_open2(context, codec, nil)
        guard status >= 0 else {
            avcodec_free_context(&made)
            throw .failed(.unsupportedCodec, "the decoder of \(name) does not start", status: status)
        }
        self.context = context
    }

    deinit {
        var freed: UnsafeMutablePointer<AVCodecContext>? = context
        avcodec_free_context(&freed)
    }

    private static func configure(_ context: UnsafeMutablePointer<AVCodecContext>, format: StreamFormat, use: Use) {
        context.pointee.thread_count = 1
        context.pointee.thread_type = 0
        context.pointee.pkt_timebase = AVRational(num: 1, den: 1_000_000)
        context.pointee.max_pixels = maxPixels
        context.pointee.flags |= AV_CODEC_FLAG_OUTPUT_CORRUPT
        switch use {
        case .keyframes:
            context.pointee.skip_loop_filter = AVDISCARD_ALL
            context.pointee.err_recognition = AV_EF_EXPLODE
        case .sequence(let skipsLoopFilter):
            if skipsLoopFilter { context.pointee.skip_loop_filter = AVDISCARD_ALL }
            context.pointee.flags2 |= AV_CODEC_FLAG2_FAST
        case .photo:
            context.pointee.err_recognition = AV_EF_EXPLODE | AV_EF_CRCCHECK
        }
        guard !format.hasParameterSets else { return }
        context.pointee.width = Int32(clamping: format.width)
        context.pointee.height = Int32(clamping: format.height)
        guard !format.extradata.isEmpty else { return }
        let size = format.extradata.count
        guard let copy = av_mallocz(size + Int(AV_INPUT_BUFFER_PADDING_SIZE)) else { return }
        copy.copyMemory(from: format.extradata, byteCount: size)
        context.pointee.extradata = copy.assumingMemoryBound(to: UInt8.self)
        context.pointee.extradata_size = Int32(size)
    }

    /// Gives the decoder a unit; FFmpeg's status.
    func send(_ unit: AccessUnit) -> Int32 {
        packet.lend(unit) { avcodec_send_packet(context, $0) }
    }

    /// Says that no unit follows, so that pictures held back for reordering come out.
    func sendEnd() -> Int32 {
        avcodec_send_packet(context, nil)
    }

    /// Forgets everything but the parameter sets.
    func flush() {
        avcodec_flush_buffers(context)
    }

    /// What `receive` found.
    enum Output<R> {
        case picture(R)
        /// A picture came out and is damaged or of a kind that cannot be used.
        case damaged
        /// Nothing more until the next unit.
        case none
    }

    /// Lends the next picture to `body`; with `refusesDamage`, one with concealed parts counts as damaged.
    func receive<R>(
        refusesDamage: Bool,
        _ body: (borrowing Picture) throws(MediaError) -> R
    ) throws(MediaError) -> Output<R> {
        let status = avcodec_receive_frame(context, frame.pointer)
        guard status >= 0 else {
            return status == gw_error_again || status == gw_error_end ? .none : .damaged
        }
        defer { av_frame_unref(frame.pointer) }
        if refusesDamage, frame.pointer.pointee.decode_error_flags != 0 { return .damaged }
        guard let planar = converter.planar(frame.pointer) else { return .damaged }
        let stamp = frame.pointer.pointee.best_effort_timestamp
        let time = MediaTime(microseconds: stamp == gw_no_time ? 0 : stamp)
        return .picture(try body(Picture(frame: planar, time: time)))
    }
}

internal import CFFmpeg
internal import Flow

/// An open container or connection and its video stream: owns the `AVFormatContext`.
final class MediaInput {
    let source: MediaSource
    let watch: IOWatch
    private let context: UnsafeMutablePointer<AVFormatContext>
    private let stream: UnsafeMutablePointer<AVStream>

    /// Longest wait for a server's goodbye, in seconds.
    private static let closeTimeout = 0.5

    /// Opens the source and finds its video; gives up after `options.openTimeout`.
    init(source: MediaSource, options: Demuxer.Options, watch: IOWatch) throws(MediaError) {
        self.source = source
        self.watch = watch
        watch.allow(seconds: options.openTimeout)
        var opened: UnsafeMutablePointer<AVFormatContext>? = try Self.open(source, options, watch)
        do throws(MediaError) {
            guard let context = opened else { throw MediaError(.outOfMemory, "no memory to open \(source.name)") }
            self.context = context
            self.stream = try Self.findVideo(in: context, source, watch)
        } catch {
            avformat_close_input(&opened)
            throw error
        }
    }

    deinit {
        watch.allow(seconds: Self.closeTimeout)
        var closed: UnsafeMutablePointer<AVFormatContext>? = context
        avformat_close_input(&closed)
    }

    /// The video stream's coding.
    var parameters: UnsafeMutablePointer<AVCodecParameters> { stream.pointee.codecpar }

    /// Decoder configuration of the stream, as the container holds it.
    var extradata: [UInt8] {
        guard let data = parameters.pointee.extradata else { return [] }
        return Array(UnsafeBufferPointer(start: data, count: Int(parameters.pointee.extradata_size)))
    }

    /// Unit of the packets' time stamps.
    var timeBase: AVRational { stream.pointee.time_base }

    /// What the container says about the stream.
    var info: StreamInfo {
        let rates = [stream.pointee.avg_frame_rate, stream.pointee.r_frame_rate]
        // Where FFmpeg has no idea it gives the clock rate, such as 90,000.
        let rate = rates.first { $0.num > 0 && $0.den > 0 && av_q2d($0) <= 1000 }
        let length =
            stream.pointee.duration != gw_no_time
            ? Double(stream.pointee.duration) * av_q2d(timeBase)
            : Double(context.pointee.duration) / Double(AV_TIME_BASE)
        return StreamInfo(
            container: String(cString: context.pointee.iformat.pointee.name),
            codec: String(cString: avcodec_get_name(parameters.pointee.codec_id)),
            width: Int(max(0, parameters.pointee.width)),
            height: Int(max(0, parameters.pointee.height)),
            framesPerSecond: rate.map { av_q2d($0) },
            duration: length > 0 ? length : nil
        )
    }

    /// Reads the next packet of any stream into `packet`; FFmpeg's status.
    func read(into packet: UnsafeMutablePointer<AVPacket>) -> Int32 {
        av_read_frame(context, packet)
    }

    /// True when the packet is of the video stream.
    func isVideo(_ packet: UnsafeMutablePointer<AVPacket>) -> Bool {
        packet.pointee.stream_index == stream.pointee.index
    }

    private static func open(
        _ source: MediaSource,
        _ options: Demuxer.Options,
        _ watch: IOWatch
    ) throws(MediaError) -> UnsafeMutablePointer<AVFormatContext>? {
        _ = FFmpegLibrary.prepared
        var context = avformat_alloc_context()
        context?.pointee.interrupt_callback = AVIOInterruptCB(
            callback: { opaque in
                guard let opaque else { return 0 }
                return Unmanaged<IOWatch>.fromOpaque(opaque).takeUnretainedValue().mustStop ? 1 : 0
            },
            // Not retained: the input keeps its watch until after the context is closed.
            opaque: Unmanaged.passUnretained(watch).toOpaque()
        )
        var settings: OpaquePointer?
        defer { av_dict_free(&settings) }
        av_dict_set(&settings, "rtsp_transport", options.rtspTransport.rawValue, 0)
        // Long enough to see a parameter set and the frame rate; packets read meanwhile are kept, not lost.
        if !source.isLocalFile { context?.pointee.max_analyze_duration = options.lowLatency ? 500_000 : 2_000_000 }
        if options.lowLatency {
            context?.pointee.flags |= AVFMT_FLAG_NOBUFFER
            context?.pointee.probesize = 500_000
        }
        // On failure FFmpeg frees the context.
        let status = avformat_open_input(&context, source.address, nil, &settings)
        guard status >= 0 else { throw openError(status, source, watch) }
        return context
    }

    private static func findVideo(
        in context: UnsafeMutablePointer<AVFormatContext>,
        _ source: MediaSource,
        _ watch: IOWatch
    ) throws(MediaError) -> UnsafeMutablePointer<AVStream> {
        let status = avformat_find_stream_info(context, nil)
        if status < 0 || watch.mustStop { throw openError(status, source, watch) }
        var video: UnsafeMutablePointer<AVStream>?
        var others: [String] = []
        for index in 0..<Int(context.pointee.nb_streams) {
            guard let stream = context.pointee.streams[index], let parameters = stream.pointee.codecpar else {
                continue
            }
            let isPicture = stream.pointee.disposition & AV_DISPOSITION_ATTACHED_PIC != 0
            if video == nil, parameters.pointee.codec_type == AVMEDIA_TYPE_VIDEO, !isPicture {
                video = stream
            } else {
                stream.pointee.discard = AVDISCARD_ALL
                let kind = av_get_media_type_string(parameters.pointee.codec_type).map { String(cString: $0) }
                let codec = String(cString: avcodec_get_name(parameters.pointee.codec_id))
                others.append("\(isPicture ? "cover picture" : kind ?? "data") (\(codec))")
            }
        }
        guard let video else {
            let found = others.isEmpty ? "nothing that FFmpeg knows" : "only " + others.joined(separator: ", ")
            throw MediaError(.noVideo, "\(source.name) has no video, \(found); name a stream with a picture")
        }
        guard avcodec_find_decoder(video.pointee.codecpar.pointee.codec_id) != nil else {
            let codec = String(cString: avcodec_get_name(video.pointee.codecpar.pointee.codec_id))
            throw MediaError(.unsupportedCodec, "\(source.name): this FFmpeg cannot decode its video (\(codec))")
        }
        return video
    }

    private static func openError(_ status: Int32, _ source: MediaSource, _ watch: IOWatch) -> MediaError {
        if let stopped = stopError(status, source, watch) { return stopped }
        let advice =
            switch status {
            case gw_error_invalid_data:
                "it is not a media file, or its index is missing (a recording cut short); try ffprobe on it"
            case gw_error_unauthorized: "check user and password"
            default: source.isLocalFile ? "check the file" : "check address and port, and that the camera is on"
            }
        return .failed(.openFailed, "cannot open \(source.name)", status: status, advice: advice)
    }

    /// The error of a call that was stopped by the switch or the clock; nil when it failed by itself.
    private static func stopError(_ status: Int32, _ source: MediaSource, _ watch: IOWatch) -> MediaError? {
        if watch.interrupter.isInterrupted {
            return MediaError(.interrupted, "reading \(source.name) was stopped")
        }
        if watch.isOverdue || status == gw_error_timed_out {
            return MediaError(
                .timedOut,
                "\(source.name) did not answer in time; check that the camera is on and reachable"
            )
        }
        return nil
    }

    /// The error of a read that gave `status`.
    func readError(_ status: Int32) -> MediaError {
        if let stopped = Self.stopError(status, source, watch) { return stopped }
        let code: MediaError.Code = status == gw_error_invalid_data ? .brokenData : .readFailed
        return .failed(code, "cannot read on in \(source.name)", status: status)
    }
}

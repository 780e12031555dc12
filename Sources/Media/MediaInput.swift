internal import CFFmpeg
internal import Flow
internal import Glibc

/// An open container or connection and its video stream: owns the `AVFormatContext`.
final class MediaInput {
    let source: MediaSource
    let watch: IODeadline
    private let context: UnsafeMutablePointer<AVFormatContext>
    private let stream: UnsafeMutablePointer<AVStream>
    /// Asked by FFmpeg as long as the context lives.
    private let guardian: InputGuard
    /// True for a stream that FFmpeg gives as it stands in FLV.
    private let isFLVHEVC: Bool

    /// Longest wait for a server's goodbye, in seconds.
    private static let closeTimeout = 0.5

    /// Opens the source, or where its server sends its readers, and finds its video; gives up after
    /// `options.openTimeout`.
    ///
    /// `lookup`: says what a name means; may block.
    init(
        source: MediaSource,
        options: Demuxer.Options,
        watch: IODeadline,
        lookup: @escaping @Sendable (String) -> HostLookup = { HostLookup($0) }
    ) throws(MediaError) {
        self.watch = watch
        watch.allow(seconds: options.openTimeout)
        let opening = MediaOpening(options: options, watch: watch, lookup: lookup)
        let (found, guardian) = try opening.open(source)
        self.source = found
        self.guardian = guardian
        var opened: UnsafeMutablePointer<AVFormatContext>? = guardian.context
        do throws(MediaError) {
            guard let context = opened else { throw MediaError(.outOfMemory, "no memory to open \(source.name)") }
            self.context = context
            let stream = try opening.findVideo(in: context, found)
            self.stream = stream
            isFLVHEVC = FLVHEVC.isFound(stream.pointee.codecpar.pointee, container: context.pointee.iformat.pointee)
            if isFLVHEVC { try opening.configureHEVC(stream, in: context, found) }
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
        let status = av_read_frame(context, packet)
        // FFmpeg takes the end of an answer that did not tell its length for an error; a broken connection is another.
        if status == gw_error_from_errno(EIO), source.protocols.hasPrefix("http") { return gw_error_end }
        guard status >= 0, isFLVHEVC, isVideo(packet) else { return status }
        if case .picture = FLVHEVC.unwrap(packet) { return status }
        av_packet_unref(packet)
        return gw_error_again
    }

    /// True when the packet is of the video stream.
    func isVideo(_ packet: UnsafeMutablePointer<AVPacket>) -> Bool {
        packet.pointee.stream_index == stream.pointee.index
    }

    /// The error of a read that gave `status`.
    func readError(_ status: Int32) -> MediaError {
        if let stopped = MediaOpening.stopError(status, source, watch) { return stopped }
        let code: MediaError.Code = status == gw_error_invalid_data ? .brokenData : .readFailed
        return .failed(code, "cannot read on in \(source.name)", status: status)
    }
}

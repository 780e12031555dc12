internal import CFFmpeg
public import Flow
internal import Glibc

/// Writes access units as an MP4 file without encoding them anew, so that a buffered GOP becomes an evidence clip.
public enum ClipWriter {
    /// Writes `units` to `path`, index in front (plays while it loads).
    ///
    /// The file appears under its name only when it is complete; before, it is `path` with `.part` behind. It starts
    /// at time zero. Blocks for the disk.
    ///
    /// - Parameters:
    ///   - units: Of one stream, in decode order, the first one a keyframe.
    ///   - path: An existing file is replaced.
    /// - Throws: `brokenData` when the units do not start at a keyframe with its parameter sets, `writeFailed` with
    ///   path and reason when the disk is full or may not be written, `unsupportedCodec` for codings that MP4 cannot
    ///   hold, `outOfMemory`.
    public static func write(_ units: [AccessUnit], to path: String) throws(MediaError) {
        guard let first = units.first, first.isKeyframe else {
            throw MediaError(.brokenData, "cannot write \(path): a clip starts at a keyframe")
        }
        var header: [UInt8] = first.format.extradata
        if first.format.hasParameterSets {
            let sets = ParameterSets(of: first.bytes, codec: first.format.codec)
            guard sets.isSelfContained else {
                throw MediaError(.brokenData, "cannot write \(path): its first keyframe has no parameter sets")
            }
            header = sets.bytes
        }
        let partial = path + ".part"
        do throws(MediaError) {
            let file = try MP4File(path: partial, format: first.format, header: header)
            try file.write(units)
            try file.finish()
            guard rename(partial, path) == 0 else { throw failure(path, status: gw_error_from_errno(errno)) }
        } catch {
            unlink(partial)
            throw error
        }
    }

    /// The error of a write that gave `status`.
    fileprivate static func failure(_ path: String, status: Int32) -> MediaError {
        .failed(.writeFailed, "cannot write \(path)", status: status, advice: "check space and permissions")
    }
}

/// An MP4 file that is being written: owns the muxer and the open file.
private final class MP4File {
    private let path: String
    private let context: UnsafeMutablePointer<AVFormatContext>
    private let stream: UnsafeMutablePointer<AVStream>

    init(path: String, format: StreamFormat, header: [UInt8]) throws(MediaError) {
        _ = FFmpegLibrary.prepared
        self.path = path
        var made: UnsafeMutablePointer<AVFormatContext>?
        // With the prefix a colon in the name has no meaning for FFmpeg.
        let address = "file:" + path
        var status = avformat_alloc_output_context2(&made, nil, "mp4", address)
        guard status >= 0, let context = made, let stream = avformat_new_stream(context, nil) else {
            avformat_free_context(made)
            throw MediaError(.outOfMemory, "no memory to write \(path)")
        }
        self.context = context
        self.stream = stream
        Self.describe(stream, format, header)
        status = avio_open(&context.pointee.pb, address, AVIO_FLAG_WRITE)
        guard status >= 0 else { throw ClipWriter.failure(path, status: status) }
        var settings: OpaquePointer?
        defer { av_dict_free(&settings) }
        av_dict_set(&settings, "movflags", "+faststart", 0)
        status = avformat_write_header(context, &settings)
        if status < 0, context.pointee.pb.pointee.error == 0 {
            let codec = String(cString: avcodec_get_name(format.codecID))
            throw .failed(.unsupportedCodec, "MP4 cannot hold \(codec)", status: status)
        }
        guard status >= 0 else { throw ClipWriter.failure(path, status: status) }
    }

    deinit {
        avio_closep(&context.pointee.pb)
        avformat_free_context(context)
    }

    private static func describe(_ stream: UnsafeMutablePointer<AVStream>, _ format: StreamFormat, _ header: [UInt8]) {
        stream.pointee.time_base = AVRational(num: 1, den: 90_000)
        guard let parameters = stream.pointee.codecpar else { return }
        parameters.pointee.codec_type = AVMEDIA_TYPE_VIDEO
        parameters.pointee.codec_id = format.codecID
        parameters.pointee.width = Int32(clamping: format.width)
        parameters.pointee.height = Int32(clamping: format.height)
        guard !header.isEmpty, let copy = av_mallocz(header.count + Int(AV_INPUT_BUFFER_PADDING_SIZE)) else { return }
        copy.copyMemory(from: header, byteCount: header.count)
        parameters.pointee.extradata = copy.assumingMemoryBound(to: UInt8.self)
        parameters.pointee.extradata_size = Int32(header.count)
    }

    /// Writes all units.
    ///
    /// MP4 wants decode times that grow and are never after the presentation.
    func write(_ units: [AccessUnit]) throws(MediaError) {
        let packet = try PacketBox()
        let origin = units.map(\.time).min() ?? .zero
        let late = units.map { $0.decodeTime.microseconds &- $0.time.microseconds }.max() ?? 0
        var lastTick = Int64.min
        var duration: Int64 = 90_000 / 25
        for (index, unit) in units.enumerated() {
            let decode = ticks(unit.decodeTime.microseconds &- max(0, late) &- origin.microseconds)
            let tick = max(decode, lastTick == .min ? decode : lastTick + 1)
            if index + 1 < units.count {
                duration = max(1, ticks(units[index + 1].decodeTime.microseconds &- unit.decodeTime.microseconds))
            }
            lastTick = tick
            let presentation = max(tick, ticks(unit.time.microseconds &- origin.microseconds))
            let status = packet.lend(unit) { packet in
                packet.pointee.stream_index = 0
                packet.pointee.dts = tick
                packet.pointee.pts = presentation
                packet.pointee.duration = duration
                av_packet_rescale_ts(packet, AVRational(num: 1, den: 90_000), stream.pointee.time_base)
                return av_write_frame(context, packet)
            }
            guard status >= 0 else { throw ClipWriter.failure(path, status: status) }
        }
    }

    /// Writes the index and closes the file.
    func finish() throws(MediaError) {
        var status = av_write_trailer(context)
        if status >= 0 { status = context.pointee.pb.pointee.error }
        let closed = avio_closep(&context.pointee.pb)
        guard status >= 0, closed >= 0 else { throw ClipWriter.failure(path, status: min(status, closed)) }
    }

    private func ticks(_ microseconds: Int64) -> Int64 {
        av_rescale(microseconds, 90_000, 1_000_000)
    }
}

internal import CFFmpeg
internal import Flow

/// How a source is opened: within what may be read, after its redirects, and in words that help when it fails.
struct MediaOpening {
    let options: Demuxer.Options
    let watch: IODeadline
    /// Says what a name means; may block.
    let lookup: @Sendable (String) -> HostLookup

    /// Opens `source` or where it leads; the context is the guard's.
    func open(_ source: MediaSource) throws(MediaError) -> (MediaSource, InputGuard) {
        _ = FFmpegLibrary.prepared
        let origin = try place(of: source)
        var source = source
        var leftAccount = false
        for _ in 0...InputGuard.mostRedirects {
            let guardian = InputGuard(
                source: source,
                localAddresses: options.localAddresses,
                origin: origin,
                watch: watch,
                lookup: lookup
            )
            let status = attempt(source, guardian, form: nil)
            if status >= 0 { return (source, guardian) }
            if let refusal = guardian.refusal { throw refusal }
            if let moved = try guardian.movedSource() {
                leftAccount = leftAccount || guardian.leftAccount
                source = moved
                continue
            }
            // Pictures in parts, as browsers show them, but without the mark before the first one: the pictures are
            // found by their own beginnings.
            if guardian.contentType.lowercased().hasPrefix("multipart/"), !watch.mustStop {
                let again = InputGuard(
                    source: source,
                    localAddresses: options.localAddresses,
                    origin: origin,
                    watch: watch,
                    lookup: lookup
                )
                if attempt(source, again, form: "mjpeg") >= 0 { return (source, again) }
            }
            throw error(
                status,
                source,
                type: guardian.contentType,
                leftAccount: leftAccount || guardian.leftAccount
            )
        }
        throw MediaError(
            .refused,
            "\(source.name) is not read: its server sends its readers on more than \(InputGuard.mostRedirects) times"
        )
    }

    /// Where the source is; throws when nothing may be read there.
    private func place(of source: MediaSource) throws(MediaError) -> HostPlace {
        guard !source.isLocalFile else {
            guard options.localAddresses == .any else {
                throw MediaError(
                    .refused,
                    "\(source.name) is a file, and ingest.local_addresses lets no camera be one: correct the address, "
                        + "or set that to any"
                )
            }
            return .thisMachine
        }
        let place = lookup(MediaAddress(source.address)?.host ?? "").place
        guard options.localAddresses.allow(place) else {
            throw MediaError(.refused, "the address of \(source.name) \(LocalAddresses.refusal(place))")
        }
        return place
    }

    /// Opens once, FFmpeg's status; by one way after the other where FFmpeg does not ask before it connects.
    private func attempt(_ source: MediaSource, _ guardian: InputGuard, form: String?) -> Int32 {
        guard source.connectsUnasked else {
            return attempt(source, ConnectWay(text: source.address), guardian, form: form)
        }
        var status = gw_error_from_errno(EPERM)
        for way in guardian.waysToMain() ?? [] {
            status = attempt(source, way, guardian, form: form)
            guard ConnectWay.isUnreachable(status), guardian.moved == nil, !watch.mustStop else { break }
        }
        return status
    }

    private func attempt(_ source: MediaSource, _ way: ConnectWay, _ guardian: InputGuard, form: String?) -> Int32 {
        guard let context = avformat_alloc_context() else { return gw_error_no_memory }
        guardian.attach(to: context)
        guardian.give(way)
        var settings: OpaquePointer?
        defer { av_dict_free(&settings) }
        av_dict_set(&settings, "protocol_whitelist", source.protocols, 0)
        av_dict_set(&settings, "format_whitelist", MediaForms.formats, 0)
        av_dict_set(&settings, "rtsp_transport", options.rtspTransport.rawValue, 0)
        // Long enough to see a parameter set and the frame rate; packets read meanwhile are kept, not lost.
        if !source.isLocalFile { context.pointee.max_analyze_duration = options.lowLatency ? 500_000 : 2_000_000 }
        if options.lowLatency {
            context.pointee.flags |= AVFMT_FLAG_NOBUFFER
            context.pointee.probesize = 500_000
        }
        var opened: UnsafeMutablePointer<AVFormatContext>? = context
        // On failure FFmpeg frees the context.
        let status = avformat_open_input(&opened, way.text, form.flatMap { av_find_input_format($0) }, &settings)
        if status < 0 { guardian.detach() }
        return status
    }

    /// The first video of an open context; the other streams are not read.
    func findVideo(
        in context: UnsafeMutablePointer<AVFormatContext>,
        _ source: MediaSource
    ) throws(MediaError) -> UnsafeMutablePointer<AVStream> {
        let status = avformat_find_stream_info(context, nil)
        if status < 0 || watch.mustStop { throw error(status, source, type: "", leftAccount: false) }
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
        let parameters = video.pointee.codecpar.pointee
        let container = context.pointee.iformat.pointee
        guard avcodec_find_decoder(parameters.codec_id) != nil || FLVHEVC.isFound(parameters, container: container)
        else { throw unknownCoding(parameters, container: container, source) }
        return video
    }

    /// Reads on to the configuration of H.265 in FLV, which stands before its first picture.
    func configureHEVC(
        _ video: UnsafeMutablePointer<AVStream>,
        in context: UnsafeMutablePointer<AVFormatContext>,
        _ source: MediaSource
    ) throws(MediaError) {
        let packet = try PacketBox()
        while !watch.mustStop {
            let status = av_read_frame(context, packet.pointer)
            guard status >= 0 else { throw error(status, source, type: "", leftAccount: false) }
            defer { packet.clear() }
            guard packet.pointer.pointee.stream_index == video.pointee.index,
                case .configuration = FLVHEVC.unwrap(packet.pointer)
            else { continue }
            if FLVHEVC.configure(video.pointee.codecpar, by: packet.pointer) { return }
            throw MediaError(.outOfMemory, "no memory to open \(source.name)")
        }
        throw error(gw_error_timed_out, source, type: "", leftAccount: false)
    }

    private func unknownCoding(
        _ parameters: AVCodecParameters,
        container: AVInputFormat,
        _ source: MediaSource
    ) -> MediaError {
        let codec = String(cString: avcodec_get_name(parameters.codec_id))
        guard String(cString: container.name).hasSuffix("flv"), parameters.codec_id == AV_CODEC_ID_NONE else {
            return MediaError(.unsupportedCodec, "\(source.name): this FFmpeg cannot decode its video (\(codec))")
        }
        // The newer form of FLV has letters instead of numbers for H.265 and what came after it.
        return MediaError(
            .unsupportedCodec,
            "\(source.name): its video is none that FLV had a number for, probably H.265 in the newer form, which is not "
                + "read: take its RTSP or HLS address, or set the camera to H.264"
        )
    }

    /// The error of an opening; `type` is the media type that the server gave.
    private func error(_ status: Int32, _ source: MediaSource, type: String, leftAccount: Bool) -> MediaError {
        if let stopped = Self.stopError(status, source, watch) { return stopped }
        let type = String(type.prefix { $0 != ";" }.prefix(80))
        let advice =
            switch status {
            case gw_error_invalid_data where type == "text/html":
                "it answers with a web page and no stream; give the address of the stream itself"
            case gw_error_invalid_data where type.lowercased().contains("mpegurl"):
                "nothing that its playlist names can be read; does another server that it names ask for a password?"
            case gw_error_invalid_data where !source.isLocalFile && !type.isEmpty:
                "it answers with \(type), which holds no stream that is known here; give the address of the stream"
            case gw_error_invalid_data:
                "it is not a media file, or its index is missing (a recording cut short); try ffprobe on it"
            case gw_error_format:
                "its form is none of those that are read; take RTSP, HLS, FLV, MPEG-TS, MP4 or JPEG"
            case gw_error_unauthorized where leftAccount:
                "it sends its readers on, and its password stays with its own host and port: give the address that it "
                    + "sends to, with the account for it"
            case gw_error_unauthorized: "check user and password"
            default: source.isLocalFile ? "check the file" : "check address and port, and that the camera is on"
            }
        return .failed(.openFailed, "cannot open \(source.name)", status: status, advice: advice)
    }

    /// The error of a call that was stopped by the switch or the clock; nil when it failed by itself.
    static func stopError(_ status: Int32, _ source: MediaSource, _ watch: IODeadline) -> MediaError? {
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
}

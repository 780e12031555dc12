internal import CFFmpeg
public import Flow
internal import Foundation
internal import Synchronization

/// Reads the coded pictures of one video stream from any file or URL that FFmpeg opens.
///
/// Calls block the thread, never longer than the time-outs of the options, whatever comes (a host name's look-up is the
/// resolver's affair), so a demuxer belongs on a worker thread. One thread at a time works with it; others wait.
public final class Demuxer: @unchecked Sendable {
    // Safety: `lock` is held while `input`, `packet`, `filter`, `clock` and the other variables are used;
    // `interrupt()` and `droppedUnits` touch only atomics.

    /// How RTSP carries its packets.
    public enum RTSPTransport: String, Hashable, Sendable, Codable {
        /// Interleaved in the RTSP connection: nothing is lost, firewalls let it through.
        case tcp
        /// Packets of their own: lost ones are damage in the picture.
        case udp
    }

    /// How to open and read.
    public struct Options: Hashable, Sendable {
        /// Longest time for opening and finding the video, in seconds.
        public var openTimeout: Double
        /// Longest time without a packet of the video, in seconds; three times that where a playlist tells of new ones.
        public var readTimeout: Double
        /// Longest time that `next` reads on without a picture that can be used, in seconds.
        public var keyframeTimeout: Double
        /// How RTSP carries its packets; means nothing for other sources.
        public var rtspTransport: RTSPTransport
        /// True to get keyframes only.
        public var keyframesOnly: Bool
        /// Which addresses close to this machine may be read; files only with `any`.
        public var localAddresses: LocalAddresses
        /// True to open fast and buffer little, at the price of less reliable stream information.
        public var lowLatency: Bool

        /// Makes options; the defaults suit a camera.
        public init(
            openTimeout: Double = 10,
            readTimeout: Double = 10,
            keyframeTimeout: Double = 120,
            rtspTransport: RTSPTransport = .tcp,
            keyframesOnly: Bool = false,
            localAddresses: LocalAddresses = .any,
            lowLatency: Bool = false
        ) {
            self.openTimeout = openTimeout
            self.readTimeout = readTimeout
            self.keyframeTimeout = keyframeTimeout
            self.rtspTransport = rtspTransport
            self.keyframesOnly = keyframesOnly
            self.localAddresses = localAddresses
            self.lowLatency = lowLatency
        }
    }

    /// What a decoder must know; the same value in every unit.
    public let format: StreamFormat
    /// What the container says about the stream.
    public let info: StreamInfo

    private let lock = NSLock()
    private let options: Options
    private let interrupter: Interrupter
    private let input: MediaInput
    private let filter: PacketFilter?
    private let packet: PacketBox
    private var clock: UnitClock
    private var knownSets: [UInt8]
    private var pending: [StampedUnit] = []
    private var hasKeyframe = false
    private var hasEnded = false
    private var wait = KeyframeWait()
    private let dropped = Atomic<Int>(0)

    /// Damaged packets in a row after which a source is given up.
    private static let toleratedErrors = 64
    /// Seconds without a keyframe after which H.264 pictures of I slices count as such, as some sources have no other.
    private static let plainIntraAfter = 10.0
    /// Times the time-out of reading that a playlist may take for its next segment.
    private static let segmentTimeouts = 3.0
    /// Units that wait at most for the first shown one, see `UnitClock`.
    private static let longestPreroll = 512

    /// A unit with the times of `UnitClock`, before they are relative.
    private struct StampedUnit {
        var time: Int64
        var decodeTime: Int64
        var isKeyframe: Bool
        var bytes: [UInt8]
    }

    /// Opens `url`, a path or anything that FFmpeg takes, and finds its first video stream.
    ///
    /// Cover pictures of audio files are no video.
    ///
    /// - Parameters:
    ///   - url: With user and password where needed; messages leave them out.
    ///   - options: Time-outs and modes.
    ///   - interrupter: A switch that also stops the opening itself.
    /// - Throws: `openFailed`, `timedOut`, `interrupted`, `refused`, `noVideo`, `unsupportedCodec`, `brokenData`, `outOfMemory`.
    public init(
        url: String,
        options: Options = Options(),
        interrupter: Interrupter = Interrupter()
    ) throws(MediaError) {
        let watch = IODeadline(interrupter: interrupter)
        let input = try MediaInput(source: MediaSource(url: url), options: options, watch: watch)
        let codecID = input.parameters.pointee.codec_id
        let codec = StreamFormat.Codec(codecID)
        self.input = input
        self.options = options
        self.interrupter = interrupter
        self.info = input.info
        self.packet = try PacketBox()
        switch codec {
        case .h264, .h265:
            let name = codec == .h264 ? "h264_mp4toannexb" : "hevc_mp4toannexb"
            let filter = try PacketFilter(name, parameters: input.parameters, timeBase: input.timeBase)
            self.knownSets = ParameterSets(of: filter.extradata, codec: codec).bytes
            self.filter = filter
        case .mjpeg, .other:
            self.knownSets = []
            self.filter = nil
        }
        self.format = StreamFormat(
            codec: codec,
            avCodecID: codecID.rawValue,
            width: info.width,
            height: info.height,
            extradata: filter == nil ? input.extradata : []
        )
        self.clock = UnitClock(frame: info.framesPerSecond.map { Int64(1_000_000 / max($0, 0.001)) } ?? 40_000)
    }

    /// Coded pictures that were left out: damaged, before the first keyframe, or a keyframe without parameter sets.
    ///
    /// May be asked at any time, also while another thread reads.
    public var droppedUnits: Int { dropped.load(ordering: .relaxed) }

    /// Makes a call that blocks, and every later one, fail with `interrupted`; from any thread, never blocks.
    public func interrupt() {
        interrupter.interrupt()
    }

    /// Reads the next coded picture, in decode order, times in microseconds since the first shown picture.
    ///
    /// H.264 and H.265 start at a keyframe, are Annex B, and every keyframe has its parameter sets in front. Pictures
    /// that only prepare the first shown one (a clip cut between keyframes) have a negative time. Gaps and jumps in
    /// the time stamps are smoothed: `decodeTime` strictly grows.
    ///
    /// - Returns: Nil at the end of the stream, also of a file that was cut off.
    /// - Throws: `timedOut`, `interrupted`, `readFailed`, `brokenData`, `outOfMemory`; close the demuxer then.
    ///   `noKeyframe` each time that `keyframeTimeout` has passed: ask again, or close it.
    public func next() throws(MediaError) -> AccessUnit? {
        lock.lock()
        defer { lock.unlock() }
        while pending.isEmpty || !clock.hasOrigin {
            guard !hasEnded, let unit = try readUnit() else { break }
            pending.append(unit)
        }
        guard !pending.isEmpty else { return nil }
        let unit = pending.removeFirst()
        return AccessUnit(
            format: format,
            time: clock.relative(unit.time),
            decodeTime: clock.relative(unit.decodeTime),
            isKeyframe: unit.isKeyframe,
            bytes: unit.bytes
        )
    }

    /// The next unit that can be used; nil at the end.
    private func readUnit() throws(MediaError) -> StampedUnit? {
        while try readVideoPacket() {
            defer { packet.clear() }
            let isOver = wait.isOver(after: options.keyframeTimeout, now: Double(IODeadline.now()) / 1e9)
            if let unit = usableUnit() {
                wait.ended()
                return unit
            }
            guard !isOver else { throw noKeyframe }
        }
        hasEnded = true
        return nil
    }

    private var noKeyframe: MediaError {
        MediaError(
            .noKeyframe,
            "\(input.source.name) sends, but no keyframe came for \(Int(wait.seconds.rounded())) s: set the camera's "
                + "I-frame interval (GOP) to 4 s or less, and turn off intra refresh (GDR) and \"smart\" coding (H.264+, "
                + "H.265+)"
        )
    }

    /// What the packet holds, with its times; nil when it is of no use.
    private func usableUnit() -> StampedUnit? {
        let flags = packet.pointer.pointee.flags
        let isMarked = flags & AV_PKT_FLAG_KEY != 0
        let mayBegin = isMarked || format.codec == .h264 && wait.seconds >= Self.plainIntraAfter
        // Not AVDISCARD_NONKEY: FFmpeg 5.1 then gives the keyframes of an MP4 with B frames wrong times.
        if options.keyframesOnly, !mayBegin { return nil }
        guard hasKeyframe || mayBegin || filter == nil, let coded = coded(isMarked: isMarked, mayBegin: mayBegin) else {
            dropped.add(1, ordering: .relaxed)
            return nil
        }
        if options.keyframesOnly, !coded.isKeyframe { return nil }
        hasKeyframe = hasKeyframe || coded.isKeyframe
        let isShown = flags & AV_PKT_FLAG_DISCARD == 0 || pending.count >= Self.longestPreroll
        let times = clock.stamp(
            presentation: microseconds(packet.pointer.pointee.pts),
            decode: microseconds(packet.pointer.pointee.dts),
            isShown: isShown
        )
        return StampedUnit(
            time: times.time,
            decodeTime: times.decodeTime,
            isKeyframe: coded.isKeyframe,
            bytes: coded.bytes
        )
    }

    /// Fills the packet with the next one of the video stream; false at the end.
    private func readVideoPacket() throws(MediaError) -> Bool {
        input.watch.allow(seconds: options.readTimeout * (info.container == "hls" ? Self.segmentTimeouts : 1))
        var errors = 0
        while true {
            let status = input.read(into: packet.pointer)
            // Data may flow so fast that FFmpeg never waits and never asks: audio without end is no video either.
            if input.watch.mustStop { throw input.readError(status) }
            if status >= 0 {
                if input.isVideo(packet.pointer) { return true }
                packet.clear()
            } else if status == gw_error_end {
                return false
            } else if status == gw_error_again {
                Thread.sleep(forTimeInterval: 0.005)
            } else if status == gw_error_invalid_data, errors < Self.toleratedErrors {
                errors += 1
                dropped.add(1, ordering: .relaxed)
            } else {
                throw input.readError(status)
            }
        }
    }

    /// The packet's bytes as they leave the demuxer, and whether decoding can begin with them; nil when they are of no use.
    ///
    /// - Parameters:
    ///   - isMarked: Whether FFmpeg says that it is a keyframe. It says so of every recovery point, also where the picture
    ///     needs those before it, as with intra refresh: who decodes keyframes only has no use for such a one.
    ///   - mayBegin: Whether it is looked at for one.
    /// - Returns: Annex B, a keyframe with its parameter sets in front.
    private func coded(isMarked: Bool, mayBegin: Bool) -> (bytes: [UInt8], isKeyframe: Bool)? {
        guard let filter else { return packet.pointer.pointee.size > 0 ? (packet.bytes, isMarked) : nil }
        guard filter.apply(to: packet.pointer) >= 0 else { return nil }
        let bytes = packet.bytes
        let asOther: (bytes: [UInt8], isKeyframe: Bool)? = hasKeyframe && !bytes.isEmpty ? (bytes, false) : nil
        guard mayBegin else { return asOther }
        let own = ParameterSets(of: bytes, codec: format.codec)
        if own.isSelfContained { knownSets = own.bytes }
        if own.needsOthers, options.keyframesOnly || !isMarked { return asOther }
        if own.isSelfContained { return (bytes, true) }
        let completed = knownSets + bytes
        if ParameterSets(of: completed, codec: format.codec).isSelfContained { return (completed, true) }
        return isMarked ? nil : asOther
    }

    private func microseconds(_ time: Int64) -> Int64? {
        guard time != gw_no_time else { return nil }
        return av_rescale_q(time, input.timeBase, AVRational(num: 1, den: 1_000_000))
    }
}

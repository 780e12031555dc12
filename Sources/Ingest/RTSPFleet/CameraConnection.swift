import Flow
import NIOCore
import RTSP

/// One camera's RTSP connection: bytes to `ClientSession` and `RTPDepacketiser`, pictures to the fleet.
///
/// Lives on its event loop. While a session is being set up the channel reads by itself; once the stream plays it is
/// read when the fleet's timer says so, which costs a third of reading whenever something is there.
final class CameraConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Bytes that may wait for the rest of a message or frame: the longest frame and the longest message.
    private static let pendingLimit = 256 << 10
    /// Time for a camera to answer a TEARDOWN.
    private static let farewell = TimeAmount.milliseconds(1500)
    /// Pictures of one read at most; more than a camera sends in minutes.
    private static let pictureLimit = 4096
    /// Looks in a row that find nothing new of a description: one of untold length is whole then, and one that should be
    /// longer, or of which nothing has come, is given up as it is.
    private static let quietLooks = (whole: 2, short: 8)
    /// Times that a full buffer is read on at once; what is beyond waits for the next read, so that others have their turn.
    private static let readsAtOnce = 4

    // Strong, and so a circle with the fleet: it ends with the connection, which never outlives its time-outs.
    private let owner: any CameraConnectionOwner
    private let camera: FleetCamera
    private var session: ClientSession
    private var parser = RTSPParser(limits: .camera)
    private var scanner = InterleavedScanner(highestChannel: 1)
    private var pending = ByteBuffer()
    private var depacketiser: RTPDepacketiser?
    private var channels = TransportHeader.Channels(rtp: 0, rtcp: 1)
    private var roles: ChannelRoles?
    private let keeping: RTPDepacketiser.Keeping
    /// Where read buffers go back to; nil with TLS.
    private let reads: SharedReadBuffer?
    /// True when the last read filled its buffer, and so may have left bytes behind.
    private var wasFull = false
    private var readsLeft = CameraConnection.readsAtOnce
    /// Bytes that have come since the last read that was due.
    private(set) var bytesRead = 0
    /// Bytes of a description without a length at the last look, and looks in a row that found as many.
    private var openBody = (bytes: 0, looks: 0)
    private var pictures: [CodedUnit] = []
    /// Who our reports are from.
    private let reporter = UInt32.random(in: 1...UInt32.max)
    private var context: ChannelHandlerContext?
    private var isOver = false
    private var isLeft = false

    init(
        camera: FleetCamera,
        session: ClientSession,
        keeping: RTPDepacketiser.Keeping,
        reads: SharedReadBuffer?,
        owner: any CameraConnectionOwner
    ) {
        self.camera = camera
        self.session = session
        self.keeping = keeping
        self.reads = reads
        self.owner = owner
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { begin(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        begin(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        perform(session.disconnected())
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        perform(session.disconnected(because: FleetDialer.reason(error)))
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let read = unwrapInboundIn(data)
        wasFull = read.writableBytes == 0
        bytesRead += read.readableBytes
        workOff(read)
        reads?.giveBack(read)
    }

    private func workOff(_ read: ByteBuffer) {
        guard !isOver else { return }
        var bytes = read
        if pending.readableBytes > 0 {
            pending.writeBuffer(&bytes)
            bytes = pending
            pending = ByteBuffer()
        }
        owner.working(on: camera)
        defer { owner.workDone() }
        do throws(RTSPError) {
            try take(&bytes)
        } catch {
            return perform(session.receiveGarbage(error))
        }
        guard !isOver else { return }
        keepRest(of: bytes)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if !pictures.isEmpty {
            if !isLeft { owner.received(pictures, camera: camera) }
            pictures.removeAll(keepingCapacity: true)
        }
        if wasFull, isPlaying, readsLeft > 0 {
            readsLeft -= 1
            context.read()
        }
        if isPlaying { owner.hasRead(bytesRead, camera: camera) }
        context.flush()
    }

    /// What the camera has taught by now.
    var lessons: CameraLessons { session.lessons }

    /// True once the stream plays.
    var isPlaying: Bool { depacketiser != nil && !isOver }

    /// Packets lost, refused and so on, so far.
    var counters: RTPDepacketiser.Counters? { depacketiser?.counters }

    /// Reads what has come.
    func read() {
        bytesRead = 0
        readsLeft = Self.readsAtOnce
        context?.read()
    }

    /// Does not charge the camera with so many seconds in which nobody looked at its socket.
    func excuse(_ seconds: Double) {
        session.excuse(seconds)
    }

    /// Lets time pass: keep-alives and time-outs.
    func timePassed(to now: MediaTime) {
        endQuietDescription()
        perform(session.timePassed(to: now))
        context?.flush()
    }

    /// A description whose length the camera does not tell, or tells too long, ends when nothing more comes.
    private func endQuietDescription() {
        guard let body = parser.unendedBody else { return }
        let bytes = body.bytes + pending.readableBytes
        openBody = bytes == openBody.bytes ? (bytes, openBody.looks + 1) : (bytes, 0)
        let isWhole = bytes > 0 && !body.isCounted
        guard openBody.looks >= (isWhole ? Self.quietLooks.whole : Self.quietLooks.short) else { return }
        openBody = (0, 0)
        if let message = parser.endBody(with: &pending) { receive(message) }
    }

    /// The connection could not be opened.
    func connectFailed(_ reason: String) {
        perform(session.connectFailed(reason))
    }

    /// Closes at once, without a word to the camera or the fleet.
    func abandon() {
        isOver = true
        context?.close(promise: nil)
    }

    /// Ends the session in order; the fleet hears no more of it.
    func leave() {
        isLeft = true
        stop()
        guard let loop = context?.eventLoop else { return }
        let own = NIOLoopBound(self, eventLoop: loop)
        loop.scheduleTask(in: Self.farewell) { own.value.abandon() }
    }

    /// Ends the session in order: takes leave, reads until the camera has answered.
    func stop() {
        context?.channel.setOption(.autoRead, value: true).whenFailure { _ in }
        perform(session.stop(at: owner.elapsed()))
        context?.flush()
    }

    private func begin(_ context: ChannelHandlerContext) {
        // A name may be found, or a second address of it answer, after the fleet has given this try up.
        guard !isOver else { return context.close(promise: nil) }
        // A name may mean anything: what it led to is known only now, before a word was said.
        let place = context.channel.remoteAddress?.ipAddress.map { HostPlace(ofLiteral: $0) }
        if let refusal = owner.refusal(of: place ?? .elsewhere, camera: camera) {
            return finish(RTSPError(.unsupported, refusal))
        }
        perform(session.connected(at: owner.elapsed()))
        context.flush()
    }

    /// Takes whole frames and messages off the front of `bytes`.
    private func take(_ bytes: inout ByteBuffer) throws(RTSPError) {
        let before = scanner.counters.frames
        while !isOver, bytes.readableBytes > 0 {
            // Before the session plays there are no frames, and afterwards hardly anything else.
            if isPlaying, parser.isBetweenMessages {
                guard try takeFrames(&bytes) else { break }
            }
            guard let message = try parser.next(&bytes) else { break }
            receive(message)
        }
        if scanner.counters.frames != before { session.receiveFrame(at: owner.elapsed()) }
    }

    /// Takes frames off the front of `bytes`; true when a message follows, false when more bytes must come first.
    private func takeFrames(_ bytes: inout ByteBuffer) throws(RTSPError) -> Bool {
        let result = bytes.withUnsafeReadableBytes { raw in
            scanner.scan(raw) { channel, payload in takeFrame(channel, payload) }
        }
        bytes.moveReaderIndex(forwardBy: result.consumed)
        if result.stop == .lost {
            throw RTSPError(.malformed, "what the camera sends between its packets is no RTSP")
        }
        return result.stop == .message
    }

    private func takeFrame(_ channel: UInt8, _ payload: UnsafeRawBufferPointer) {
        switch roles?.role(channel, payload) {
        case .media:
            depacketiser?.take(payload) { picture in
                if pictures.count < Self.pictureLimit { pictures.append(picture) }
            }
        case .report:
            if let report = SenderReport(reading: payload) { owner.received(report, camera: camera) }
        case .other, nil:
            break
        }
    }

    /// Copies what is left out of the read buffer, so that a few bytes do not hold all of it.
    private func keepRest(of bytes: ByteBuffer) {
        guard bytes.readableBytes > 0 else { return }
        guard bytes.readableBytes <= Self.pendingLimit else {
            let limit = Self.pendingLimit
            return perform(session.receiveGarbage(RTSPError(.tooLarge, "a message of more than \(limit) bytes")))
        }
        pending = ByteBuffer(bytes: bytes.readableBytesView)
    }

    private func receive(_ message: RTSPMessage) {
        let now = owner.elapsed()
        switch message {
        case .response(let response): perform(session.receive(response, at: now))
        case .request(let request): perform(session.receive(request, at: now))
        case .interleaved(let frame):
            frame.payload.withUnsafeReadableBytes { takeFrame(frame.channel, $0) }
        }
    }

    private func perform(_ actions: [ClientAction]) {
        for action in actions where !isOver {
            switch action {
            case .send(let request):
                write { $0.writeRTSP(request) }
                if isPlaying { reportReception() }
            case .respond(let response): write { $0.writeRTSP(response) }
            case .play(let track): play(track)
            case .started: start()
            case .report: reportReception()
            case .redirect(let url):
                isOver = true
                context?.close(promise: nil)
                owner.redirected(to: url, session: session, camera: camera)
            case .close(let failure): finish(failure)
            }
        }
    }

    private func play(_ track: PlayedTrack) {
        channels = track.channels
        parser.expectedChannels = channels
        let roles = ChannelRoles(channels: channels, payloadType: track.media.payloadType)
        scanner = InterleavedScanner(highestChannel: roles.highest)
        self.roles = roles
        do throws(RTSPError) {
            var made = try RTPDepacketiser(track: track.media, parameterSets: track.parameterSets)
            made.keeping = keeping
            depacketiser = made
        } catch {
            return finish(error)
        }
        owner.agreed(on: track, camera: camera)
    }

    /// The stream runs: from now on the fleet's timer says when to read.
    private func start() {
        context?.channel.setOption(.autoRead, value: false).whenFailure { _ in }
        owner.started(camera: camera)
    }

    /// Says what was received, along with a sign of life: some cameras take only this for one.
    private func reportReception() {
        guard let report = depacketiser?.receiverReport(ssrc: reporter) else { return }
        write { buffer in
            let packet = report.packet(name: "gridwatch")
            buffer.writeMultipleIntegers(UInt8(ascii: "$"), channels.rtcp, UInt16(packet.readableBytes))
            buffer.writeImmutableBuffer(packet)
        }
    }

    private func write(_ body: (inout ByteBuffer) -> Void) {
        guard let context else { return }
        var buffer = context.channel.allocator.buffer(capacity: 512)
        body(&buffer)
        context.write(wrapOutboundOut(buffer), promise: nil)
    }

    /// Ends the connection, once.
    private func finish(_ failure: RTSPError?) {
        guard !isOver else { return }
        isOver = true
        context?.flush()
        context?.close(promise: nil)
        if !isLeft { owner.closed(failure, camera: camera) }
    }
}

import Flow
import Logging
import NIOCore
import RTSP
import Synchronization

/// One client's connection: bytes to `ServerSession`, its actions back, and the pictures of the stream that it plays.
///
/// Lives on its event loop; `LoopTicker` calls it there.
final class FarmConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let farm: FarmContext
    private let ticker: LoopTicker
    private var session: ServerSession
    private var parser = RTSPParser()
    private var pending = ByteBuffer()
    private var playback: Playback?
    private var context: ChannelHandlerContext?
    private var closesAt: MediaTime?

    /// Seconds that a client gets to read the last response before its connection is cut.
    private static let closingTime = 2.0

    init(farm: FarmContext, ticker: LoopTicker) {
        self.farm = farm
        self.ticker = ticker
        self.session = farm.makeSession()
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        farm.counters.connections.wrappingAdd(1, ordering: .relaxed)
        ticker.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        stop()
        ticker.remove(self)
        farm.counters.connections.wrappingSubtract(1, ordering: .relaxed)
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard closesAt == nil else { return }
        var bytes = unwrapInboundIn(data)
        if pending.readableBytes == 0 { pending = bytes } else { pending.writeBuffer(&bytes) }
        do throws(RTSPError) {
            while closesAt == nil, let message = try parser.next(&pending) { receive(message, context) }
            pending.discardReadBytes()
        } catch {
            farm.logger.debug("client sent no RTSP", metadata: ["reason": "\(error.message)"])
            perform(session.receiveGarbage(), context)
        }
        context.flush()
    }

    /// A client that does not read is not read either: its requests would only pile up answers.
    func channelWritabilityChanged(context: ChannelHandlerContext) {
        context.channel.setOption(.autoRead, value: context.channel.isWritable).whenFailure { _ in }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        farm.logger.debug("connection failed", metadata: ["reason": "\(error)"])
        context.close(promise: nil)
    }

    private func receive(_ message: RTSPMessage, _ context: ChannelHandlerContext) {
        let now = farm.elapsed()
        switch message {
        case .request(let request):
            perform(session.receive(request, at: now, from: farm.catalogue), context)
        case .interleaved:
            session.receiveFrame(at: now)
        case .response:
            break
        }
    }

    private func perform(_ actions: [ServerAction], _ context: ChannelHandlerContext) {
        for action in actions {
            switch action {
            case .respond(let response):
                var buffer = context.channel.allocator.buffer(capacity: 512)
                buffer.writeRTSP(response)
                context.write(wrapOutboundOut(buffer), promise: nil)
            case .start(let path, let channels): start(path, channels)
            case .stop: stop()
            case .close: close(context)
            }
        }
    }

    private func start(_ path: String, _ channels: TransportHeader.Channels) {
        guard playback == nil, let camera = farm.catalogue.camera(atPath: path) else { return }
        playback = Playback(
            camera: camera,
            channels: channels,
            elapsed: farm.elapsed().microseconds,
            startedAt: farm.startedAt
        )
        farm.counters.playing.wrappingAdd(1, ordering: .relaxed)
        farm.counters.sessions.wrappingAdd(1, ordering: .relaxed)
    }

    private func stop() {
        guard playback != nil else { return }
        playback = nil
        farm.counters.playing.wrappingSubtract(1, ordering: .relaxed)
    }

    /// Closes once the client has read what was written, or a little later without that.
    private func close(_ context: ChannelHandlerContext) {
        closesAt = farm.elapsed().advanced(bySeconds: Self.closingTime)
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in channel.close(promise: nil) }
    }

    /// Sends the pictures that are due.
    func tick(_ elapsed: Int64) {
        guard let context, playback != nil else { return }
        var written = 0
        while let step = playback?.next(at: elapsed, isWritable: context.channel.isWritable) {
            switch step {
            case .send(let frames):
                written += frames.readableBytes
                farm.counters.units.wrappingAdd(1, ordering: .relaxed)
                context.write(wrapOutboundOut(frames), promise: nil)
            case .dropped:
                farm.counters.droppedUnits.wrappingAdd(1, ordering: .relaxed)
            }
        }
        if written > 0, let frame = playback?.report(at: elapsed) { written += write(frame, context) }
        guard written > 0 else { return }
        farm.counters.bytes.wrappingAdd(written, ordering: .relaxed)
        context.flush()
    }

    private func write(_ frame: InterleavedFrame, _ context: ChannelHandlerContext) -> Int {
        var buffer = context.channel.allocator.buffer(capacity: 4 + frame.payload.readableBytes)
        guard (try? buffer.writeRTSP(frame)) != nil else { return 0 }
        let length = buffer.readableBytes
        context.write(wrapOutboundOut(buffer), promise: nil)
        return length
    }

    /// Ends what has been silent for too long.
    func checkTimeouts(_ now: MediaTime) {
        guard let context else { return }
        if let closesAt {
            if now > closesAt { context.close(promise: nil) }
        } else {
            perform(session.timePassed(to: now), context)
        }
    }
}

import NIOCore
import NIOHTTP1

/// Watches one connection on its event loop: deadlines, and heads that no two programs would read alike.
///
/// Stands between NIO's decoder and Hummingbird, and answers by itself what must not reach a page: a request that is
/// late, two hosts, a transfer encoding that is none, a chunk whose size is no number.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let door: ConnectionDoor
    private let isWelcome: Bool
    private var clock: RequestClock
    private var alarm: (at: Double, task: Scheduled<Void>)?
    private var isAnswerBegun = false
    private var isOver = false

    init(door: ConnectionDoor, welcome: ConnectionDoor.Welcome, isProxy: Bool) {
        self.door = door
        if case .taken = welcome { isWelcome = true } else { isWelcome = false }
        self.clock = RequestClock(door.limits, isProxy: isProxy, at: Self.now)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        setAlarm(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        alarm?.task.cancel()
        alarm = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        isOver = true
        alarm?.task.cancel()
        alarm = nil
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            guard isWelcome else { return refuse(door.refusals.crowded, context) }
            guard Self.isSound(head) else { return refuse(door.refusals.malformed, context) }
            clock.head(at: Self.now)
        case .body(let bytes): clock.received(bytes.readableBytes)
        case .end: clock.end(at: Self.now)
        }
        noteChange(context)
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isOver else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(let head): isAnswerBegun = head.status.code >= 200
        case .body: break
        case .end:
            isAnswerBegun = false
            clock.answered(at: Self.now)
            noteChange(context)
        }
        context.write(data, promise: promise)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        clock.writable(context.channel.isWritable, at: Self.now)
        setAlarm(context)
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { door.gone(context.channel) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is HTTPParserError { return refuse(door.refusals.malformed, context) }
        context.fireErrorCaught(error)
    }

    /// True for a head that says once, and clearly, whom it is for and how its body ends.
    ///
    /// A proxy in front may read an unclear one in another way, and take the rest of it for the next visitor's request.
    static func isSound(_ head: HTTPRequestHead) -> Bool {
        let hosts = head.headers["host"]
        guard hosts.count == 1 || (hosts.isEmpty && head.version == .http1_0) else { return false }
        let isPlain = hosts.allSatisfy { host in
            host.utf8.count <= 260
                && host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && !"/\\@?#\"<>".utf8.contains($0) }
        }
        guard isPlain else { return false }
        let encodings = head.headers["transfer-encoding"]
        guard encodings.isEmpty || encodings.map({ $0.lowercased() }) == ["chunked"] else { return false }
        return head.headers["content-length"].count + encodings.count <= 1
    }

    private func noteChange(_ context: ChannelHandlerContext) {
        door.set(clock.phase, of: context.channel)
        setAlarm(context)
    }

    private func setAlarm(_ context: ChannelHandlerContext) {
        guard !isOver, let deadline = clock.deadline else { return }
        // An alarm that is too early looks again: only one that is too late must be moved.
        if let alarm {
            guard deadline < alarm.at else { return }
            alarm.task.cancel()
        }
        let wait = TimeAmount.nanoseconds(Int64(max(0.01, deadline - Self.now) * 1e9))
        let task = context.eventLoop.assumeIsolated().scheduleTask(in: wait) { [weak self] in
            guard let self else { return }
            self.alarm = nil
            self.look(context)
        }
        alarm = (deadline, task)
    }

    private func look(_ context: ChannelHandlerContext) {
        guard !isOver else { return }
        switch clock.late(at: Self.now) {
        case nil: setAlarm(context)
        case .idle:
            isOver = true
            context.close(promise: nil)
        case .head, .body:
            door.countLate()
            refuse(door.refusals.late, context)
        case .stuck:
            door.countLate()
            isOver = true
            context.close(promise: nil)
        }
    }

    /// Says why, unless an answer is on its way already, and closes.
    private func refuse(_ refusal: ConnectionRefusals.Refusal, _ context: ChannelHandlerContext) {
        guard !isOver else { return }
        isOver = true
        guard !isAnswerBegun else { return context.close(promise: nil) }
        let body = ByteBuffer(string: refusal.body)
        var head = HTTPResponseHead(
            version: .http1_1,
            status: HTTPResponseStatus(statusCode: refusal.status),
            headers: [
                "Connection": "close", "Content-Type": "application/problem+json", "Cache-Control": "no-store",
                "X-Content-Type-Options": "nosniff", "Content-Length": String(body.readableBytes),
            ]
        )
        if refusal.status == 429 { head.headers.add(name: "Retry-After", value: "5") }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.close(promise: nil)
    }

    private static var now: Double { Double(NIODeadline.now().uptimeNanoseconds) / 1e9 }
}

@available(*, unavailable)
extension ConnectionGuard: Sendable {}

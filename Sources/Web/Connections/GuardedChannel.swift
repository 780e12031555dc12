import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1

/// Hummingbird's HTTP/1 behind the door.
struct GuardedChannel: ServerChildChannel {
    private struct Crowded: Error {}

    let http: HTTP1Channel
    let door: ConnectionDoor

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
        guard door.admit(channel) else { return refuse(channel) }
        return http.setup(channel: channel, logger: logger).flatMapThrowing { value in
            let pipeline = channel.pipeline.syncOperations
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            let guardian = ConnectionGuard(door: door, isProxy: door.isProxy(channel))
            try pipeline.addHandler(guardian, position: .after(decoder))
            return value
        }
    }

    func handle(value: HTTP1Channel.Value, logger: Logger) async {
        await http.handle(value: value, logger: logger)
    }

    /// Says why, and closes: the server forgets a connection whose preparation failed.
    private func refuse(_ channel: any Channel) -> EventLoopFuture<HTTP1Channel.Value> {
        let refusal = door.refusals.crowded
        let text =
            "HTTP/1.1 \(refusal.status) Too Many Requests\r\nConnection: close\r\nRetry-After: 5\r\n"
            + "Content-Type: application/problem+json\r\nContent-Length: \(refusal.body.utf8.count)\r\n\r\n"
            + refusal.body
        return channel.writeAndFlush(ByteBuffer(string: text))
            .flatMapErrorThrowing { _ in }
            .flatMap { channel.close() }
            .flatMapErrorThrowing { _ in }
            .flatMapThrowing { throw Crowded() }
    }
}

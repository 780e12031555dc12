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
        let welcome = door.admit(channel)
        if case .refused = welcome {
            // The server forgets a connection whose preparation failed.
            return channel.close().flatMapErrorThrowing { _ in }.flatMapThrowing { throw Crowded() }
        }
        return http.setup(channel: channel, logger: logger).flatMapThrowing { value in
            let pipeline = channel.pipeline.syncOperations
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            let guardian = ConnectionGuard(door: door, welcome: welcome, isProxy: door.isProxy(channel))
            try pipeline.addHandler(guardian, position: .after(decoder))
            return value
        }
    }

    func handle(value: HTTP1Channel.Value, logger: Logger) async {
        await http.handle(value: value, logger: logger)
    }
}

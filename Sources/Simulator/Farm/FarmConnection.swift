import Flow
import NIOCore
import RTSP

/// One client's connection: what is known of it between two events.
///
/// Belongs to the farm's thread. It owns its socket, which `FarmLoop` closes.
final class FarmConnection {
    /// Descriptor of the connected, non-blocking socket.
    let socket: Int32
    /// Its place among the connections, and a number that no other connection at this place had.
    let token: UInt64
    /// The listener that it came through.
    let listener: Int
    /// The RTSP session as the server sees it, without I/O.
    var session: ServerSession
    /// The camera that its first request named.
    var camera: Int?
    /// The stream that it plays.
    var playback: Playback?
    /// False once the socket is closed.
    var isOpen = true
    /// True until it plays for the first time: it counts as a handshake.
    var isHandshaking = true
    /// True while the timer wheel has an entry for it.
    var isScheduled = false
    /// When it is cut even if it does not end by itself; nothing is read any more.
    var closesAt: MediaTime?
    /// Until when a slow camera keeps its answer to itself.
    var heldUntil: Int64 = 0
    /// What the poller waits for.
    var interest = Poller.Interest.read

    private var parser = RTSPParser()
    private var pending = ByteBuffer()
    /// Bytes that the kernel did not take yet.
    private(set) var backlog = ByteBuffer()

    /// Bytes of answers that may wait before no more requests are read.
    private static let readLimit = 64 << 10

    init(socket: Int32, token: UInt64, listener: Int, session: ServerSession) {
        self.socket = socket
        self.token = token
        self.listener = listener
        self.session = session
    }

    /// A client that does not read is not read either: its requests would only pile up answers.
    var wantedInterest: Poller.Interest {
        var interest: Poller.Interest = backlog.readableBytes < Self.readLimit ? .read : []
        if backlog.readableBytes > 0, heldUntil == 0 { interest.insert(.write) }
        return interest
    }

    /// Takes bytes that have come.
    func take(_ bytes: UnsafeRawBufferPointer) {
        pending.writeBytes(bytes)
    }

    /// The next whole message of what has come; nil when there is none.
    func next() throws(RTSPError) -> RTSPMessage? {
        let message = try parser.next(&pending)
        if message == nil {
            if pending.readableBytes == 0 { pending = ByteBuffer() } else { pending.discardReadBytes() }
        }
        return message
    }

    /// Keeps bytes that could not be sent, behind those that wait already.
    func keep(_ bytes: UnsafeRawBufferPointer) {
        backlog.writeBytes(bytes)
    }

    /// Offers at most `limit` of the bytes that wait to `send`, which says how many are gone.
    func offer(limit: Int = .max, _ send: (UnsafeRawBufferPointer) -> StreamSocket.Outcome) -> StreamSocket.Outcome {
        let outcome = backlog.withUnsafeReadableBytes { send(UnsafeRawBufferPointer(rebasing: $0.prefix(limit))) }
        if case .done(let count) = outcome { backlog.moveReaderIndex(forwardBy: count) }
        if backlog.readableBytes == 0 { backlog = ByteBuffer() }
        return outcome
    }
}

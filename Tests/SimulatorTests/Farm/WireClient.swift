import Foundation
import NIOCore
import RTSP
import Testing

/// A plain RTSP client on a blocking socket, for what no real player does: vanish, send garbage, read slowly.
final class WireClient {
    private let descriptor: Int32
    private let url: String
    private var parser = RTSPParser()
    private var buffer = ByteBuffer()
    private var sequence = 0
    private var session: String?
    /// Frames that arrived while a response was awaited.
    private var early: [InterleavedFrame] = []

    struct Failure: Error {
        var message: String
    }

    /// Connects to the server of `url`, with a receive buffer of that many bytes when it is given.
    init(_ url: String, receiveBuffer: Int32? = nil) throws {
        let components = try #require(URLComponents(string: url))
        let port = try #require(components.port)
        self.url = url
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var size = receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        try #require(inet_pton(AF_INET, components.host ?? "", &address.sin_addr) == 1)
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw Failure(message: "cannot connect: \(errno)") }
    }

    deinit { close(descriptor) }

    func send(_ bytes: ByteBuffer) throws {
        let bytes = Array(buffer: bytes)
        guard Foundation.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw Failure(message: "cannot send: \(errno)")
        }
    }

    /// Asks and waits for the answer.
    func ask(_ method: String, path: String = "", _ headers: RTSPHeaders = [:]) throws -> RTSPResponse {
        sequence += 1
        var headers = headers
        headers["CSeq"] = String(sequence)
        headers["Session"] = session
        var bytes = ByteBuffer()
        bytes.writeRTSP(RTSPRequest(method: method, uri: url + path, headers: headers))
        try send(bytes)
        let response = try response()
        try #require(response.sequence == sequence)
        return response
    }

    /// The next response; frames in front of it are kept.
    func response() throws -> RTSPResponse {
        while let message = try receive() {
            switch message {
            case .response(let response): return response
            case .interleaved(let frame): early.append(frame)
            case .request: throw Failure(message: "a server asks nothing")
            }
        }
        throw Failure(message: "the connection ended before an answer")
    }

    /// Describes, sets up and plays on channels 0 and 1.
    func play() throws -> (description: SessionDescription, play: RTSPResponse) {
        let description = try ask("DESCRIBE")
        try #require(description.status == .ok)
        let setUp = try ask("SETUP", path: "/trackID=0", ["Transport": "RTP/AVP/TCP;unicast;interleaved=0-1"])
        try #require(setUp.status == .ok)
        session = setUp.headers["Session"].flatMap { SessionHeader($0)?.id }
        let play = try ask("PLAY", ["Range": "npt=0.000-"])
        try #require(play.status == .ok)
        return (try SessionDescription(reading: String(buffer: description.body)), play)
    }

    /// The next frame; nil when the server has closed the connection.
    func frame() throws -> InterleavedFrame? {
        if !early.isEmpty { return early.removeFirst() }
        guard let message = try receive() else { return nil }
        guard case .interleaved(let frame) = message else { throw Failure(message: "not a frame") }
        return frame
    }

    /// The next packet of the video.
    func packet() throws -> (header: RTPHeader, payload: [UInt8]) {
        while var frame = try frame() {
            guard frame.channel == 0 else { continue }
            let header = try RTPHeader(reading: &frame.payload)
            return (header, Array(buffer: frame.payload))
        }
        throw Failure(message: "the stream has ended")
    }

    /// The next message; nil when the server has closed the connection.
    func receive() throws -> RTSPMessage? {
        while true {
            if let message = try parser.next(&buffer) { return message }
            buffer.discardReadBytes()
            var bytes = [UInt8](repeating: 0, count: 65_536)
            let count = recv(descriptor, &bytes, bytes.count, 0)
            if count == 0 || count < 0 && errno == ECONNRESET { return nil }
            guard count > 0 else { throw Failure(message: "nothing came for 20 s: \(errno)") }
            buffer.writeBytes(bytes[..<count])
        }
    }
}

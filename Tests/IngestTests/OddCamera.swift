import Flow
import Foundation
import RTSP
import Synchronization

/// An RTSP camera that answers as a test says; its stream is one small keyframe ten times a second.
final class OddCamera: Sendable {
    /// What comes of a request.
    enum Answer: Sendable {
        /// A status line and headers; the description where DESCRIBE is answered with 200.
        case status(String, [String])
        /// Nothing.
        case silence
        /// The connection is closed.
        case hangUp

        static let ok = Answer.status("200 OK", [])
    }

    /// A request: its method, and those before it on the same connection.
    struct Request: Sendable {
        var method: String
        var before: [String]
    }

    private static let description = """
        m=video 0 RTP/AVP 96\r
        a=rtpmap:96 H264/90000\r
        a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0LAHtkD,aM48gA==\r
        a=control:track\r\n
        """
    private static let keyframe: [UInt8] = [0x65, 0x88, 0x84, 0x11, 0x22, 0x33]

    private let listener: Int32
    /// Where it listens, on 127.0.0.1.
    let port: UInt16
    private let log = Mutex<[[String]]>([])
    private let isOver = Atomic(false)
    private let timeout: Int
    private let tellsLength: Bool
    private let answer: @Sendable (Request) -> Answer

    /// The methods that came, by connection.
    var connections: [[String]] { log.withLock { $0 } }
    /// Its address.
    var url: String { "rtsp://127.0.0.1:\(port)/live" }

    /// Makes a camera that listens; `timeout`: seconds that it says its sessions live; `tellsLength`: false leaves out
    /// how long its description is.
    init(timeout: Int = 60, tellsLength: Bool = true, answer: @escaping @Sendable (Request) -> Answer) {
        self.timeout = timeout
        self.tellsLength = tellsLength
        self.answer = answer
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                _ = bind(listener, name, length)
                _ = listen(listener, 16)
                _ = getsockname(listener, name, &length)
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        NamedThread.start("odd camera") { [self] in serve() }
    }

    /// Ends all connections.
    func stop() {
        isOver.store(true, ordering: .relaxed)
    }

    private func serve() {
        defer { close(listener) }
        while !isOver.load(ordering: .relaxed) {
            guard Self.wait(listener) else { continue }
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { return }
            let number = log.withLock { log in
                log.append([])
                return log.count - 1
            }
            NamedThread.start("odd camera") { [self] in
                talk(connection, number)
                close(connection)
            }
        }
    }

    private static func wait(_ socket: Int32) -> Bool {
        var ready = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        return poll(&ready, 1, 100) == 1
    }

    private func talk(_ connection: Int32, _ number: Int) {
        var text = ""
        var sequence: UInt16 = 0
        var isPlaying = false
        var room = [UInt8](repeating: 0, count: 4096)
        while !isOver.load(ordering: .relaxed) {
            if isPlaying {
                sequence &+= 1
                guard send(connection, Self.frame(sequence)) else { return }
            }
            guard Self.wait(connection) else { continue }
            let count = recv(connection, &room, room.count, 0)
            guard count > 0 else { return }
            // Reports come between the requests; what matters of them is nothing.
            text += String(decoding: room[..<count].filter { $0 < 0x80 }, as: UTF8.self)
            while let end = text.firstRange(of: "\r\n\r\n") {
                let head = String(text[..<end.lowerBound])
                text = String(text[end.upperBound...])
                guard let method = respond(to: head, connection, number) else { return }
                isPlaying = isPlaying || method == "PLAY"
            }
        }
    }

    /// Answers a request; nil to hang up.
    private func respond(to head: String, _ connection: Int32, _ number: Int) -> String? {
        let methods = ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "GET_PARAMETER", "TEARDOWN"]
        guard let method = methods.first(where: { head.contains($0 + " rtsp://") }) else { return "" }
        let before = log.withLock { log in
            defer { log[number].append(method) }
            return log[number]
        }
        let sequence = head.split(separator: "\r\n").first { $0.hasPrefix("CSeq:") } ?? "CSeq: 0"
        switch answer(Request(method: method, before: before)) {
        case .hangUp: return nil
        case .silence: return method == "PLAY" ? "" : method
        case .status(let status, let headers):
            var lines = ["RTSP/1.0 \(status)", String(sequence), "Session: 4711;timeout=\(timeout)"] + headers
            let body = method == "DESCRIBE" && status.hasPrefix("200") ? Self.description : ""
            if method == "SETUP" { lines.append("Transport: RTP/AVP/TCP;unicast;interleaved=0-1") }
            if !body.isEmpty {
                lines.append(tellsLength ? "Content-Length: \(body.utf8.count)" : "Content-Type: application/sdp")
            }
            let reply = lines.joined(separator: "\r\n") + "\r\n\r\n" + body
            return send(connection, Array(reply.utf8)) ? method : nil
        }
    }

    private func send(_ connection: Int32, _ bytes: [UInt8]) -> Bool {
        Glibc.send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }

    private static func frame(_ sequence: UInt16) -> [UInt8] {
        let time = UInt32(sequence) * 9000
        var packet: [UInt8] = [0x80, 0xe0, UInt8(sequence >> 8), UInt8(sequence & 0xff)]
        packet += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: time >> $0) } + [0, 0, 0, 7] + keyframe
        return [0x24, 0, 0, UInt8(packet.count)] + packet
    }
}

public import NIOCore

/// Cuts the bytes of an RTSP connection into messages, however the network has split them.
///
/// Takes requests, responses and interleaved frames in any mix, with CRLF or bare LF line ends and with blank lines
/// between messages. It consumes line by line, so a sender that trickles bytes costs no more than one line is long.
/// After an error the position in the stream is lost: close the connection.
public struct RTSPParser: Sendable {
    /// How much of one message is taken before the sender is refused.
    public struct Limits: Hashable, Sendable {
        /// Bytes of a start line or header line.
        public var line = 4096
        /// Header lines of a message.
        public var headers = 64
        /// Bytes of a body.
        public var body = 65_536

        /// Makes the default limits.
        public init() {}
    }

    private enum State {
        case start
        case headers(Head)
        case body(Head, length: Int)
    }

    private enum StartLine {
        case request(method: String, uri: String, version: String)
        case response(status: RTSPStatus, reason: String)
    }

    private struct Head {
        var start: StartLine
        var headers = RTSPHeaders()
        var lines = 0
    }

    private let limits: Limits
    private var state = State.start

    /// Makes a parser that waits for the first message.
    public init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Takes the next whole message off the front of `buffer`.
    ///
    /// - Returns: Nil when more bytes are needed; what was consumed so far is remembered.
    /// - Throws: `malformed` or `tooLarge`.
    public mutating func next(_ buffer: inout ByteBuffer) throws(RTSPError) -> RTSPMessage? {
        while true {
            switch state {
            case .start:
                if buffer.readableBytesView.first == UInt8(ascii: "$") { return Self.frame(&buffer) }
                guard let line = try line(&buffer) else { return nil }
                if !line.isEmpty { state = .headers(Head(start: try Self.startLine(line))) }
            case .headers(var head):
                guard let line = try line(&buffer) else { return nil }
                if line.isEmpty {
                    state = .body(head, length: try bodyLength(head.headers))
                } else {
                    try add(line, to: &head)
                    state = .headers(head)
                }
            case .body(let head, let length):
                guard let body = buffer.readSlice(length: length) else { return nil }
                state = .start
                return Self.message(head, body)
            }
        }
    }

    private static func frame(_ buffer: inout ByteBuffer) -> RTSPMessage? {
        let start = buffer.readerIndex
        guard
            let channel: UInt8 = buffer.getInteger(at: start + 1),
            let length: UInt16 = buffer.getInteger(at: start + 2),
            buffer.readableBytes >= 4 + Int(length)
        else { return nil }
        buffer.moveReaderIndex(forwardBy: 4)
        guard let payload = buffer.readSlice(length: Int(length)) else { return nil }
        return .interleaved(InterleavedFrame(channel: channel, payload: payload))
    }

    /// The next line without its end; nil when its end has not arrived.
    private func line(_ buffer: inout ByteBuffer) throws(RTSPError) -> String? {
        let view = buffer.readableBytesView.prefix(limits.line + 1)
        guard let end = view.firstIndex(of: UInt8(ascii: "\n")) else {
            guard view.count <= limits.line else {
                throw RTSPError(.tooLarge, "an RTSP line is longer than \(limits.line) bytes")
            }
            return nil
        }
        var bytes = view[view.startIndex..<end]
        buffer.moveReaderIndex(forwardBy: bytes.count + 1)
        if bytes.last == UInt8(ascii: "\r") { bytes = bytes.dropLast() }
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else {
            throw RTSPError(.malformed, "an RTSP line holds control bytes: this is not RTSP")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func startLine(_ line: String) throws(RTSPError) -> StartLine {
        let parts = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: true)
        if line.hasPrefix("RTSP/") {
            guard parts.count >= 2, let code = Int(parts[1]), (100...999).contains(code) else {
                throw RTSPError(.malformed, "an RTSP status line needs a three-digit code: \(line.prefix(80))")
            }
            return .response(status: RTSPStatus(code), reason: parts.count > 2 ? String(parts[2]) : "")
        }
        guard parts.count == 3, parts[2].contains("/"), parts[0].utf8.allSatisfy(isMethodByte) else {
            throw RTSPError(.malformed, "a request line is METHOD URL RTSP/1.0, this is: \(line.prefix(80))")
        }
        return .request(method: String(parts[0]), uri: String(parts[1]), version: String(parts[2]))
    }

    private static func isMethodByte(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || byte == UInt8(ascii: "_")
    }

    private func add(_ line: String, to head: inout Head) throws(RTSPError) {
        head.lines += 1
        guard head.lines <= limits.headers else {
            throw RTSPError(.tooLarge, "an RTSP message has more than \(limits.headers) header lines")
        }
        if line.first == " " || line.first == "\t" {
            head.headers.continueLast(with: line.trimmed)
            return
        }
        guard let colon = line.firstIndex(of: ":"), colon != line.startIndex else {
            throw RTSPError(.malformed, "an RTSP header line has no name and colon: \(line.prefix(80))")
        }
        head.headers.add(line[..<colon].trimmed, line[line.index(after: colon)...].trimmed)
    }

    private func bodyLength(_ headers: RTSPHeaders) throws(RTSPError) -> Int {
        guard let text = headers["Content-Length"] else { return 0 }
        guard let length = Int(text), length >= 0 else {
            throw RTSPError(.malformed, "Content-Length is not a number: \(text.prefix(40))")
        }
        guard length <= limits.body else {
            throw RTSPError(.tooLarge, "an RTSP body of \(length) bytes; at most \(limits.body) are taken")
        }
        return length
    }

    private static func message(_ head: Head, _ body: ByteBuffer) -> RTSPMessage {
        switch head.start {
        case .request(let method, let uri, let version):
            .request(RTSPRequest(method: method, uri: uri, version: version, headers: head.headers, body: body))
        case .response(let status, let reason):
            .response(RTSPResponse(status, reason: reason, headers: head.headers, body: body))
        }
    }
}

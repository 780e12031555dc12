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
        /// Bytes in a row that are skipped to find the next message when something else stands in its place.
        ///
        /// 0 refuses them, which is right for a server. Cameras are read with more: some of them lose bytes of a frame
        /// or miscount a body. Header lines without a colon and lengths that are no number are overlooked then.
        public var skipped = 0

        /// Makes the default limits, those of a server.
        public init() {}

        /// What cameras need: more than one whole frame of garbage is skipped.
        public static let camera: Limits = {
            var limits = Limits()
            limits.skipped = 131_072
            return limits
        }()
    }

    private enum State {
        case start
        case headers(Head)
        case body(Head, length: Int)
        /// A description whose length is not told: its lines so far.
        case openBody(Head, ByteBuffer)
        case searching
    }

    private enum StartLine {
        case request(method: String, uri: String, version: String)
        case response(status: RTSPStatus, reason: String)
    }

    private struct Head {
        var start: StartLine
        var headers = RTSPHeaders()
        var lines = 0

        /// Whether a session description follows.
        var isDescription: Bool {
            guard case .response(let status, _) = start, (200...299).contains(status.code) else { return false }
            return headers["Content-Type"]?.lowercased().contains("application/sdp") == true
        }
    }

    private let limits: Limits
    private var state = State.start
    private var skippedInARow = 0

    /// Bytes that were skipped since the connection was opened, because no message stood there.
    public private(set) var skippedBytes = 0
    /// True once anything was understood.
    private var hasUnderstood = false
    /// The channels of the track that is played, once they are known: the search takes frames of these only.
    public var expectedChannels: TransportHeader.Channels?

    /// True when the next byte begins a message or frame, and nothing is being looked for.
    public var isBetweenMessages: Bool {
        if case .start = state { true } else { false }
    }

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
                if buffer.readableBytesView.first == UInt8(ascii: "$") {
                    guard let frame = Self.frame(&buffer) else { return nil }
                    skippedInARow = 0
                    return frame
                }
                if isLenient, RTSPSearch.isNoLine(buffer.readableBytesView, limit: limits.line) {
                    state = .searching
                } else {
                    guard let line = try line(&buffer) else { return nil }
                    if !line.isEmpty { try readStart(line) }
                }
            case .headers where isLenient && RTSPSearch.isNoLine(buffer.readableBytesView, limit: limits.line):
                // The rest of this message is lost; when it was an answer, waiting for it ends in time.
                state = .searching
            case .headers(var head):
                guard let line = try line(&buffer) else { return nil }
                if line.isEmpty {
                    hasUnderstood = true
                    state =
                        isLenient && head.isDescription && head.headers["Content-Length"] == nil
                        ? .openBody(head, ByteBuffer()) : .body(head, length: try bodyLength(head.headers))
                } else {
                    try add(line, to: &head)
                    state = .headers(head)
                }
            case .body(let head, let length):
                guard let body = buffer.readSlice(length: length) else { return nil }
                skippedInARow = 0
                // Some cameras count their descriptions wrongly: what goes on like one belongs to it.
                if isLenient, head.isDescription, RTSPSearch.goesOn(body, with: buffer.readableBytesView) {
                    state = .openBody(head, body)
                    continue
                }
                state = .start
                return Self.message(head, body)
            case .openBody(let head, var body):
                let hasEnded = RTSPSearch.takeDescription(&buffer, into: &body)
                guard body.readableBytes <= limits.body else {
                    throw RTSPError(.tooLarge, "an RTSP body of more than \(limits.body) bytes")
                }
                state = hasEnded ? .start : .openBody(head, body)
                return hasEnded ? Self.message(head, body) : nil
            case .searching:
                let search = RTSPSearch(buffer.readableBytesView, channels: expectedChannels)
                buffer.moveReaderIndex(forwardBy: search.skipped)
                try skip(search.skipped)
                guard search.isFound else { return nil }
                state = .start
            }
        }
    }

    private var isLenient: Bool { limits.skipped > 0 }

    /// What is known of a description whose end is not sure: bytes taken, and whether its length was told; nil when none
    /// is being read.
    public var unendedBody: (bytes: Int, isCounted: Bool)? {
        switch state {
        case .openBody(_, let body): (body.readableBytes, false)
        case .body(let head, _) where isLenient && head.isDescription: (0, true)
        default: nil
        }
    }

    /// Ends a description that is shorter than was told, or of untold length, because nothing more has come for a while.
    ///
    /// - Parameter rest: What has come and was not taken; taken with it.
    /// - Returns: The message; nil when none was being read.
    public mutating func endBody(with rest: inout ByteBuffer) -> RTSPMessage? {
        guard unendedBody != nil else { return nil }
        let head: Head
        var body = ByteBuffer()
        switch state {
        case .openBody(let known, let lines):
            head = known
            body = lines
        case .body(let known, _):
            head = known
        default:
            return nil
        }
        body.writeBuffer(&rest)
        state = .start
        return Self.message(head, body)
    }

    private mutating func skip(_ bytes: Int) throws(RTSPError) {
        skippedBytes += bytes
        skippedInARow += bytes
        guard skippedInARow <= limits.skipped else {
            throw RTSPError(.malformed, "more than \(limits.skipped) bytes in a row are no RTSP")
        }
    }

    private mutating func readStart(_ line: String) throws(RTSPError) {
        do throws(RTSPError) {
            state = .headers(Head(start: try Self.startLine(line)))
        } catch {
            guard isLenient else { throw error }
            if !hasUnderstood, line.hasPrefix("HTTP/") {
                throw RTSPError(
                    .malformed,
                    "it answers in HTTP: the port of its address is that of web pages, RTSP has mostly 554"
                )
            }
            try skip(line.utf8.count)
            state = .searching
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
        guard bytes.allSatisfy(RTSPSearch.isText) else {
            throw RTSPError(.malformed, "an RTSP line holds control bytes: this is not RTSP")
        }
        return RawText.decode(bytes)
    }

    private static func startLine(_ line: String) throws(RTSPError) -> StartLine {
        let parts = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: true)
        if line.prefix(5).uppercased() == "RTSP/" {
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
            if isLenient { return }
            throw RTSPError(.malformed, "an RTSP header line has no name and colon: \(line.prefix(80))")
        }
        head.headers.add(line[..<colon].trimmed, line[line.index(after: colon)...].trimmed)
    }

    private func bodyLength(_ headers: RTSPHeaders) throws(RTSPError) -> Int {
        guard let text = headers["Content-Length"] else { return 0 }
        guard let length = Int(text), length >= 0 else {
            if isLenient { return 0 }
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

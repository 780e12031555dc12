import NIOCore

/// The search for the next message among bytes that are none.
///
/// A frame is believed when behind `$` stand a likely channel, room for an RTP or RTCP header, and version 2: one in
/// some hundred thousand places of noise looks like that. A response is believed when `RTSP/` and a digit stand there.
struct RTSPSearch {
    /// Bytes to drop.
    private(set) var skipped = 0
    /// True when a message starts behind them; else more bytes are needed.
    private(set) var isFound = false

    private enum Match {
        case yes
        case no
        case undecided
    }

    /// The bytes of an RTCP header with its sender, the smallest packet there is.
    private static let smallestPacket: UInt16 = 8
    private static let response = Array("RTSP/".utf8)

    init(_ bytes: ByteBufferView, channels: TransportHeader.Channels?) {
        var position = bytes.startIndex
        search: while position < bytes.endIndex {
            switch Self.match(bytes[position...], channels) {
            case .no: position += 1
            case .undecided: break search
            case .yes:
                isFound = true
                break search
            }
        }
        skipped = position - bytes.startIndex
    }

    private static func match(_ bytes: ByteBufferView, _ channels: TransportHeader.Channels?) -> Match {
        guard let first = bytes.first else { return .undecided }
        let start = bytes.startIndex
        if first == UInt8(ascii: "$") {
            if bytes.count > 1, let channels, bytes[start + 1] != channels.rtp, bytes[start + 1] != channels.rtcp {
                return .no
            }
            guard bytes.count >= 5 else { return .undecided }
            let length = UInt16(bytes[start + 2]) << 8 | UInt16(bytes[start + 3])
            return length >= smallestPacket && bytes[start + 4] >> 6 == 2 ? .yes : .no
        }
        guard first & 0xdf == UInt8(ascii: "R") else { return .no }
        for (offset, wanted) in response.enumerated() {
            guard offset < bytes.count else { return .undecided }
            let byte = bytes[start + offset]
            guard byte == wanted || byte & 0xdf == wanted else { return .no }
        }
        guard bytes.count > response.count else { return .undecided }
        return (0x30...0x39).contains(bytes[start + response.count]) ? .yes : .no
    }

    /// True when no line of text can stand at the front of `bytes`: nothing has to be awaited to know that.
    static func isNoLine(_ bytes: ByteBufferView, limit: Int) -> Bool {
        var count = 0
        for byte in bytes {
            if byte == UInt8(ascii: "\n") { return false }
            count += 1
            if count > limit { return true }
            guard !isText(byte) else { continue }
            let next = bytes.startIndex + count
            // A carriage return belongs to the end of a line.
            guard byte == UInt8(ascii: "\r"), next == bytes.endIndex || bytes[next] == UInt8(ascii: "\n") else {
                return true
            }
        }
        return false
    }

    /// Whether `bytes` go on with a session description: with one of its lines, or in the middle of one.
    static func goesOn(_ body: ByteBuffer, with bytes: ByteBufferView) -> Bool {
        guard let first = bytes.first, first != UInt8(ascii: "$") else { return false }
        let isWithinLine = body.readableBytes > 0 && body.readableBytesView.last != UInt8(ascii: "\n")
        if isWithinLine, first != UInt8(ascii: "\r"), first != UInt8(ascii: "\n") {
            return match(bytes, nil) == .no
        }
        return isAttribute(bytes.drop { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") })
    }

    /// Takes lines of a session description, `a=…`, and blank ones; true when something else follows.
    static func takeDescription(_ buffer: inout ByteBuffer, into body: inout ByteBuffer) -> Bool {
        var isWithinLine = body.readableBytes > 0 && body.readableBytesView.last != UInt8(ascii: "\n")
        while let first = buffer.readableBytesView.first {
            let view = buffer.readableBytesView
            guard first != UInt8(ascii: "$") else { return true }
            guard let end = view.firstIndex(of: UInt8(ascii: "\n")) else { return false }
            let line = view[view.startIndex...end]
            let isBlank = line.allSatisfy { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
            guard isBlank || isWithinLine || isAttribute(line) else { return true }
            isWithinLine = false
            body.writeBytes(line)
            buffer.moveReaderIndex(forwardBy: line.count)
        }
        return false
    }

    /// Whether a line of a session description begins here.
    private static func isAttribute(_ bytes: some RandomAccessCollection<UInt8>) -> Bool {
        guard let first = bytes.first, bytes.count > 1 else { return false }
        return (0x61...0x7a).contains(first) && bytes.dropFirst().first == UInt8(ascii: "=")
    }

    /// True for what may stand in a line.
    static func isText(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != 0x7f || byte == 0x09
    }
}

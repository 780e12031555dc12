/// Walks the interleaved frames (RFC 2326, 10.12) in the bytes of an RTSP connection, without copying any.
///
/// Frames are the mass of a connection, so they do not go through `RTSPParser`: the scanner lends each payload to a
/// closure and stops where the parser has to take over. Some cameras put stray bytes between frames; the scanner then
/// skips to the next thing that looks like a frame of a known channel or like a message.
public struct InterleavedScanner: Sendable {
    /// What was met so far.
    public private(set) var counters = Counters()

    private let highestChannel: UInt8
    private let limits: Limits
    /// Stray bytes since the last frame or message.
    private var strayRun = 0

    /// Bytes of `$`, channel and length.
    private static let frameHeader = 4
    /// What RTSP messages begin with; `_` and a blank after the method keep chance matches rare.
    private static let messageStarts: [[UInt8]] = [
        "RTSP/", "rtsp/", "OPTIONS ", "GET_PARAMETER ", "SET_PARAMETER ", "ANNOUNCE ", "REDIRECT ", "TEARDOWN ",
        "DESCRIBE ",
        "SETUP ", "PLAY ", "PAUSE ", "RECORD ", "PLAY_NOTIFY ",
    ].map { Array($0.utf8) }

    /// Makes a scanner for a connection whose tracks use the channels 0…`highestChannel`.
    public init(highestChannel: UInt8, limits: Limits = Limits()) {
        self.highestChannel = highestChannel
        self.limits = limits
    }

    /// Hands each whole frame at the front of `bytes` to `body`.
    ///
    /// - Parameters:
    ///   - bytes: What was left of the last call and, behind it, what was received since.
    ///   - body: Gets channel and payload; the payload is valid during the call only.
    /// - Returns: How much to take off the front, and what to do next.
    public mutating func scan(
        _ bytes: UnsafeRawBufferPointer,
        _ body: (_ channel: UInt8, _ payload: UnsafeRawBufferPointer) -> Void
    ) -> Result {
        var position = 0
        while position < bytes.count {
            if bytes[position] == UInt8(ascii: "$"), strayRun == 0 {
                let left = bytes.count - position
                guard left >= Self.frameHeader else { break }
                let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
                guard left >= Self.frameHeader + length else { break }
                let channel = bytes[position + 1]
                let start = position + Self.frameHeader
                position = start + length
                if channel <= highestChannel {
                    counters.frames &+= 1
                    body(channel, UnsafeRawBufferPointer(rebasing: bytes[start..<position]))
                } else {
                    counters.otherChannels &+= 1
                }
            } else if let stop = leaveFrames(bytes, &position) {
                return Result(consumed: position, stop: stop)
            }
        }
        return Result(consumed: position, stop: .needsMore)
    }

    /// Deals with bytes that are no frame; nil when a frame, confirmed where needed, is at `position`.
    private mutating func leaveFrames(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) -> Stop? {
        while position < bytes.count {
            switch Self.messageStart(bytes, position) {
            case .yes:
                strayRun = 0
                return .message
            case .unknown:
                return .needsMore
            case .no:
                break
            }
            if strayRun > 0 {
                switch isFrame(bytes, position) {
                case .yes:
                    strayRun = 0
                    return nil
                case .unknown:
                    return .needsMore
                case .no:
                    break
                }
            }
            // Blank lines between messages are usual and no disorder.
            let byte = bytes[position]
            if strayRun > 0 || byte != UInt8(ascii: "\r") && byte != UInt8(ascii: "\n") {
                if strayRun == 0 { counters.resynchronisations &+= 1 }
                strayRun += 1
                counters.strayBytes &+= 1
                guard strayRun <= limits.stray else { return .lost }
            } else if position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: "$") {
                position += 1
                return nil
            }
            position += 1
        }
        return .needsMore
    }

    private enum Answer {
        case yes, no, unknown
    }

    /// Whether a message begins at `position`; unknown when the bytes end within its first word.
    private static func messageStart(_ bytes: UnsafeRawBufferPointer, _ position: Int) -> Answer {
        let first = bytes[position]
        // Few cameras write all their answers in small letters.
        guard (UInt8(ascii: "A")...UInt8(ascii: "T")).contains(first) || first == UInt8(ascii: "r") else { return .no }
        let left = bytes.count - position
        for word in messageStarts {
            let length = min(left, word.count)
            if (0..<length).allSatisfy({ bytes[position + $0] == word[$0] }) {
                return length == word.count ? .yes : .unknown
            }
        }
        return .no
    }

    /// Whether, after stray bytes, a frame begins at `position`.
    ///
    /// Known channel, fitting length, version 2 as RTP and RTCP have it, and behind it the next thing begins.
    private func isFrame(_ bytes: UnsafeRawBufferPointer, _ position: Int) -> Answer {
        guard bytes[position] == UInt8(ascii: "$") else { return .no }
        let left = bytes.count - position
        guard left > Self.frameHeader else { return .unknown }
        let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
        guard bytes[position + 1] <= highestChannel, bytes[position + 4] >> 6 == 2,
            (ControlPacket.shortest...limits.resynchronisingFrame).contains(length)
        else { return .no }
        let next = position + Self.frameHeader + length
        guard next < bytes.count else { return .unknown }
        return bytes[next] == UInt8(ascii: "$") ? .yes : Self.messageStart(bytes, next)
    }
}

extension InterleavedScanner {
    /// How much disorder is taken before the connection is given up.
    public struct Limits: Hashable, Sendable {
        /// Stray bytes in a row that are skipped.
        public var stray = 65_536
        /// Longest frame, in bytes, that may end a run of stray bytes; longer ones are more likely chance.
        public var resynchronisingFrame = 16_384

        /// Makes the default limits.
        public init() {}
    }

    /// Why a scan ended.
    public enum Stop: Hashable, Sendable {
        /// What is left is an unfinished frame or the beginning of something; call again with more bytes behind it.
        case needsMore
        /// What is left begins with an RTSP message: `RTSPParser` takes it, then the scan goes on.
        case message
        /// More stray bytes than the limit: close the connection.
        case lost
    }

    /// What a scan did.
    public struct Result: Hashable, Sendable {
        /// Bytes from the front that are done with.
        public var consumed: Int
        /// Why it ended.
        public var stop: Stop
    }

    /// What was met so far.
    public struct Counters: Hashable, Sendable {
        /// Frames that were handed out.
        public var frames = 0
        /// Frames of channels above the highest known one; skipped.
        public var otherChannels = 0
        /// Times that the framing was lost.
        public var resynchronisations = 0
        /// Bytes that were skipped as stray.
        public var strayBytes = 0

        /// Makes counters that stand at zero.
        public init() {}
    }
}

public import NIOCore

/// What a client asks.
public struct RTSPRequest: Hashable, Sendable {
    /// The method in capitals, for example `DESCRIBE`.
    public var method: String
    /// The request URI as written; an absolute URL, or `*`.
    public var uri: String
    /// The protocol version as written; this library speaks `RTSP/1.0`.
    public var version: String
    /// The header fields.
    public var headers: RTSPHeaders
    /// The body; mostly empty.
    public var body: ByteBuffer

    /// Makes a request.
    public init(
        method: String,
        uri: String,
        version: String = "RTSP/1.0",
        headers: RTSPHeaders = [:],
        body: ByteBuffer = ByteBuffer()
    ) {
        self.method = method
        self.uri = uri
        self.version = version
        self.headers = headers
        self.body = body
    }

    /// The number that ties the response to this request; nil when the header is missing or not a number.
    public var sequence: Int? { headers["CSeq"].flatMap { Int($0) } }
}

/// What a server answers.
public struct RTSPResponse: Hashable, Sendable {
    /// The status.
    public var status: RTSPStatus
    /// The words behind the status code; for people only.
    public var reason: String
    /// The header fields.
    public var headers: RTSPHeaders
    /// The body; the session description in the answer to `DESCRIBE`.
    public var body: ByteBuffer

    /// Makes a response; `reason` is the standard's own when nil.
    public init(
        _ status: RTSPStatus,
        reason: String? = nil,
        headers: RTSPHeaders = [:],
        body: ByteBuffer = ByteBuffer()
    ) {
        self.status = status
        self.reason = reason ?? status.reason
        self.headers = headers
        self.body = body
    }

    /// The number of the request that this answers; nil when the header is missing or not a number.
    public var sequence: Int? { headers["CSeq"].flatMap { Int($0) } }
}

/// A binary packet between the messages of a connection (RFC 2326, 10.12): RTP or RTCP of one stream.
public struct InterleavedFrame: Hashable, Sendable {
    /// The channel that `SETUP` agreed on: even for RTP, the next one for RTCP by custom.
    public var channel: UInt8
    /// The packet, at most 65,535 bytes.
    public var payload: ByteBuffer

    /// Makes a frame.
    public init(channel: UInt8, payload: ByteBuffer) {
        self.channel = channel
        self.payload = payload
    }
}

/// One unit of an RTSP connection, in either direction.
public enum RTSPMessage: Hashable, Sendable {
    /// From client to server.
    case request(RTSPRequest)
    /// From server to client.
    case response(RTSPResponse)
    /// Media, or a report about it.
    case interleaved(InterleavedFrame)
}

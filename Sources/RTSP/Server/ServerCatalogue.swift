public import Flow

/// Where a session picks up a running stream.
public struct RTPPosition: Hashable, Sendable {
    /// Sequence number of the first packet that the session gets.
    public var sequence: UInt16
    /// RTP time of that packet.
    public var timestamp: UInt32
    /// Source of the packets.
    public var ssrc: UInt32

    /// Makes a position.
    public init(sequence: UInt16, timestamp: UInt32, ssrc: UInt32) {
        self.sequence = sequence
        self.timestamp = timestamp
        self.ssrc = ssrc
    }
}

/// The live streams that a server can give, found by the path of the URL: one video track each.
public protocol ServerCatalogue {
    /// What the stream is; nil when there is none at `path`.
    func description(ofPath path: String) -> SessionDescription?

    /// Where a session that starts to play at `now` begins; nil when there is no stream at `path`.
    func position(ofPath path: String, at now: MediaTime) -> RTPPosition?
}

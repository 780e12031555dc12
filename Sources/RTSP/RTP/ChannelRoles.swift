/// Tells media from reports among the interleaved frames of a connection, whatever channels the camera puts them on.
///
/// Some cameras swap the two channels that `SETUP` agreed on, or count on from another session. What a frame is can be
/// seen: reports have types of their own, media has the payload type of the track.
public struct ChannelRoles: Hashable, Sendable {
    /// What a frame is.
    public enum Role: Hashable, Sendable {
        /// An RTP packet of the track.
        case media
        /// RTCP.
        case report
        /// Something else, for example a track that nobody has asked for.
        case other
    }

    /// The highest channel on which the track is looked for.
    public let highest: UInt8
    private let channels: TransportHeader.Channels
    private let payloadType: UInt8
    private var isAsAgreed = false

    /// Makes the roles of a connection: the channels that were agreed on, and the payload type of the track.
    public init(channels: TransportHeader.Channels, payloadType: UInt8) {
        self.channels = channels
        self.payloadType = payloadType
        highest = max(channels.rtp, channels.rtcp, 3)
    }

    /// What a frame is; packets elsewhere are the track's only as long as none has come where they belong.
    @inline(__always)
    public mutating func role(_ channel: UInt8, _ payload: UnsafeRawBufferPointer) -> Role {
        if ControlPacket.isControl(payload) { return .report }
        if channel == channels.rtp {
            isAsAgreed = true
            return .media
        }
        guard !isAsAgreed, payload.count >= RTPHeader.length, payload[0] >> 6 == 2,
            payload[1] & 0x7f == payloadType
        else { return .other }
        return .media
    }
}

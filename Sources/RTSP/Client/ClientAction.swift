/// The track that a client gets, known once `SETUP` is answered.
public struct PlayedTrack: Hashable, Sendable {
    /// The chosen track: the first video whose coding can be decoded.
    public var media: MediaDescription
    /// The interleaved channels: those that the server names, else those that were asked for.
    public var channels: TransportHeader.Channels
    /// The source that the server announces; a hint, because cameras announce wrong ones.
    public var ssrc: UInt32?
    /// The parameter sets of the description; nil when they come in band only.
    public var parameterSets: ParameterSets?

    /// Makes a track.
    public init(
        media: MediaDescription,
        channels: TransportHeader.Channels,
        ssrc: UInt32? = nil,
        parameterSets: ParameterSets? = nil
    ) {
        self.media = media
        self.channels = channels
        self.ssrc = ssrc
        self.parameterSets = parameterSets
    }
}

/// What the owner of a connection must do after an event of its `ClientSession`, in order.
public enum ClientAction: Hashable, Sendable {
    /// Write this request.
    case send(RTSPRequest)
    /// Write this response to a request of the server.
    case respond(RTSPResponse)
    /// Write a receiver report alone: the sign of life of cameras that take no request for one.
    case report
    /// Take media of this track from now on.
    ///
    /// Comes with the answer to `SETUP`, before `PLAY` is sent, because many cameras send the first packets before they
    /// answer `PLAY`. Comes once per connection.
    case play(PlayedTrack)
    /// `PLAY` is answered: the stream runs, and the camera counts as connected; with what it says of the first packet.
    case started(RTPInfoHeader?)
    /// Close the connection, connect to this address with a new parser, and call `connected(at:)` of the same session.
    case redirect(RTSPURL)
    /// Close the connection once everything is written; nil when this is the orderly end. Nothing follows.
    case close(RTSPError?)
}

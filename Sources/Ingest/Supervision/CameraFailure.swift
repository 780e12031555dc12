/// Why a camera is not in service.
public enum CameraFailure: UInt8, Sendable, Hashable, CaseIterable {
    /// No route, refused port, name unknown.
    case unreachable
    /// No answer in time.
    case timedOut
    /// The other side closed the connection.
    case closed
    /// What came was not what the protocol asks for.
    case garbled
    /// The address is not known there (404): often a device that its platform has lost for now.
    case notFound
    /// The other side has no session left for us (453, 503).
    case busy
    /// Open, but no access unit comes.
    case silent
    /// Open, and always the same picture comes.
    case samePicture
    /// User or password are wrong.
    case unauthorized
    /// There is no video in it.
    case noVideo
    /// There is no decoder for its video.
    case unsupported
    /// It does not send over TCP.
    case otherTransport
    /// The address cannot be read.
    case badAddress
    /// Worker processes died while they worked on its stream.
    case crashes
    /// It does not send over TCP, and nothing of what it sends over UDP arrives.
    case udpBlocked
    /// It sends over UDP only, while its platform is visited in turn over TCP.
    case patrolOverUDP

    /// Whether it may go away by itself; otherwise a person is needed.
    public var isRetriable: Bool {
        switch self {
        case .unauthorized, .noVideo, .unsupported, .otherTransport, .badAddress, .crashes, .udpBlocked, .patrolOverUDP:
            false
        default: true
        }
    }

    /// A short name for tables and pages, for example `timed_out`.
    public var code: String {
        switch self {
        case .timedOut: "timed_out"
        case .notFound: "not_found"
        case .samePicture: "same_picture"
        case .noVideo: "no_video"
        case .badAddress: "bad_address"
        case .otherTransport: "other_transport"
        case .udpBlocked: "udp_blocked"
        case .patrolOverUDP: "patrol_over_udp"
        default: "\(self)"
        }
    }

    /// Whether a failed handshake says that the host itself answered: for `ConnectPacer.handshakeEnded`.
    public var reachedHost: Bool {
        self != .unreachable && self != .timedOut
    }

    /// A sentence for a person.
    public var explanation: String {
        switch self {
        case .unreachable: "cannot be reached: check its power, network and address"
        case .timedOut: "does not answer in time"
        case .closed: "closed the connection"
        case .garbled: "sends what its protocol does not allow"
        case .notFound: "is not known at its address: the device may be offline on its platform"
        case .busy: "has no session left for us"
        case .silent: "is connected but sends no video"
        case .samePicture: "repeats the same picture"
        case .unauthorized: "refuses user and password: correct them in the registry"
        case .noVideo: "has no video in its stream: check the address"
        case .unsupported: "sends video that cannot be decoded here"
        case .otherTransport:
            "does not send over TCP: set ingest.rtsp_transport, or its own transport in the registry, to auto or udp"
        case .badAddress: "has an address that cannot be read: correct it in the registry"
        case .crashes: "is in quarantine: its stream made worker processes crash or hang"
        case .udpBlocked:
            "does not send over TCP, and nothing of what it sends over UDP arrives: let its UDP packets through the "
                + "firewalls on the way, or turn on RTP over TCP in its settings"
        case .patrolOverUDP:
            "sends over UDP only, while the other cameras of its platform are visited over TCP: turn on RTP over TCP for "
                + "it, or take its platform out of the patrol"
        }
    }
}

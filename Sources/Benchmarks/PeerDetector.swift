internal import Detection
public import Flow

/// An algorithm of another product, written anew from its description, that says of each picture whether it would alarm.
///
/// All of them work on the same small grey pictures as detection does, so that the comparison is one of ideas; numbers of
/// pixels are scaled from the resolution that the product takes by default. Not thread-safe; the same pictures give the
/// same answers.
public protocol PeerDetector {
    /// Seconds between two pictures that it takes by default; 0 for every picture.
    static var interval: Double { get }
    /// Bytes that it keeps of a camera at this size.
    var stateBytes: Int { get }
    /// Takes the next picture.
    ///
    /// `area` tells which pixels are watched, one entry for each.
    ///
    /// - Returns: Whether it alarms.
    mutating func alarms(_ plane: LumaPlane, in area: WatchedArea) -> Bool
}

/// The pixels that a rule watches.
public struct WatchedArea: Sendable {
    /// One entry for each pixel, row by row.
    public let isInside: [Bool]
    /// How many are watched.
    public let count: Int

    /// The pixels whose centre is inside an outline, all for nil.
    public init(polygon: [NormalizedPoint]?, width: Int, height: Int) {
        let region = Region(polygon: polygon, width: width, height: height)
        isInside = (0..<width * height).map { region.contains(column: $0 % width, row: $0 / width) }
        count = region.count
    }
}

/// The peers that are compared.
public enum Peer: String, Sendable, CaseIterable {
    /// Difference to a slow average, contours (Frigate's improved motion detector).
    case frigate
    /// Difference to a blended reference, alarmed, filtered and blob pixels of a zone (ZoneMinder's default preset).
    case zoneminder
    /// Difference to a reference with a self-tuning noise level, despeckled and labelled (Motion's defaults).
    case motion
    /// Three keyframes, pixels that differ from both others (Kerberos).
    case kerberos
    /// A mixture of Gaussians for each pixel, opened, blobs of the least share (like MOG2).
    case mog2

    /// Makes the detector for pictures of a size.
    public func make(width: Int, height: Int) -> any PeerDetector {
        switch self {
        case .frigate: FrigatePeer(width: width, height: height)
        case .zoneminder: ZoneMinderPeer(width: width, height: height)
        case .motion: MotionPeer(width: width, height: height)
        case .kerberos: KerberosPeer(width: width, height: height)
        case .mog2: MixturePeer(width: width, height: height)
        }
    }
}

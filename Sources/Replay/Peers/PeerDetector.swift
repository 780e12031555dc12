public import Flow
internal import Foundation

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
        guard let polygon else {
            isInside = Array(repeating: true, count: width * height)
            count = width * height
            return
        }
        var inside = [Bool](repeating: false, count: width * height)
        for row in 0..<height {
            let y = (Double(row) + 0.5) / Double(height)
            for column in 0..<width {
                inside[row * width + column] = Self.holds(polygon, (Double(column) + 0.5) / Double(width), y)
            }
        }
        isInside = inside
        count = max(1, inside.count { $0 })
    }

    private static func holds(_ polygon: [NormalizedPoint], _ x: Double, _ y: Double) -> Bool {
        var isInside = false
        for index in polygon.indices {
            let (a, b) = (polygon[index], polygon[(index + 1) % polygon.count])
            guard (a.y <= y) != (b.y <= y) else { continue }
            if x < a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x) { isInside.toggle() }
        }
        return isInside
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

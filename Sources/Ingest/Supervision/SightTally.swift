public import Flow
import RTSP

/// What came of a camera's stream since detection looked at one of its pictures: why there is no newer one.
///
/// One per camera, on its worker; a few additions per unit.
public struct SightTally: Sendable {
    /// Longest time between keyframes that is believed, seconds.
    private static let longestGap = 3600.0
    /// Seconds of the stream without a keyframe from which on that is said of the camera.
    private static let longWithout = 15.0

    /// Units since then, of any kind.
    public private(set) var units = 0
    /// Pictures since then on which decoding could begin: damaged ones, and those that were chosen.
    public private(set) var keyframes = 0
    /// What the decoder said of the last one that it refused.
    public private(set) var message: String?
    private var keyframeAt: MediaTime?
    /// The part of the stream since then, or since the last keyframe, that has come.
    private var part: (from: MediaTime, to: MediaTime)?
    private var gaps: (last: Double, before: Double)?
    private var fate: SightReason?

    /// Makes a tally of nothing.
    public init() {}

    /// Seconds of the stream between keyframes: the shorter of the last two times, because one may have been lost.
    ///
    /// Nil before there were two keyframes.
    public var keyframeGap: Double? {
        gaps.map { min($0.last, $0.before) }
    }

    /// Takes a unit that came.
    public mutating func took(_ unit: AccessUnit) {
        units += 1
        part = (unit.isKeyframe ? unit.decodeTime : part?.from ?? unit.decodeTime, unit.decodeTime)
        guard unit.isKeyframe else { return }
        measureGap(to: unit.decodeTime)
        if unit.bytes.isEmpty {
            meet(Self.omission(of: unit))
        } else if unit.isDamaged {
            meet(.damaged)
        }
    }

    /// A whole picture was chosen to be looked at; what comes of it will be told.
    ///
    /// - Parameter isQueued: Whether it waits for its turn, so that it is our fault when nothing comes of it.
    public mutating func chose(isQueued: Bool) {
        meet(isQueued ? .behind : .decoder)
    }

    /// A chosen picture was refused by the decoder.
    public mutating func failed(_ message: String) {
        self.message = message
        fate = .decoder
    }

    /// A picture was looked at: all is well.
    public mutating func looked() {
        units = 0
        keyframes = 0
        part = nil
        fate = nil
        message = nil
    }

    /// Why nothing was looked at.
    ///
    /// - Parameters:
    ///   - isLosing: Whether units of the camera are being dropped here, because there are too many.
    ///   - comesWhole: Whether all units of the stream would have come, so that too few are our lateness.
    /// - Returns: What was in the way of the last keyframe, or that there was none.
    public func reason(isLosing: Bool, comesWhole: Bool = true) -> SightReason {
        if isLosing { return .behind }
        if keyframes > 0, let fate { return fate }
        guard comesWhole else { return .noKeyframe }
        // Time of the stream, not of the clock: who reads late has not seen that there is no keyframe.
        return part.map { $0.to.seconds(since: $0.from) >= Self.longWithout } ?? false ? .noKeyframe : .behind
    }

    /// Why a picture came without its bytes: event loops leave those behind that nobody can decode.
    private static func omission(of unit: AccessUnit) -> SightReason {
        if unit.size > RTPDepacketiser.Limits().unitBytes { return .tooLarge }
        if unit.isDamaged { return .damaged }
        return unit.format.codec == .mjpeg ? .incompleteJPEG : .noParameterSets
    }

    private mutating func measureGap(to time: MediaTime) {
        defer { keyframeAt = time }
        guard let gap = keyframeAt.map({ time.seconds(since: $0) }), gap > 0, gap <= Self.longestGap else { return }
        gaps = (gap, gaps?.last ?? .infinity)
    }

    private mutating func meet(_ reason: SightReason) {
        keyframes += 1
        fate = reason
    }
}

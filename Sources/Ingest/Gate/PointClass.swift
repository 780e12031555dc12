/// How closely a monitoring point is watched: what its class means for the gate.
public enum PointClass: Int, Sendable, Hashable, CaseIterable {
    /// Class I: the points that matter most.
    case first = 1
    /// Class II.
    case second = 2
    /// Class III.
    case third = 3

    /// Longest time between two decoded keyframes, seconds; a camera may have its own.
    public var floorSeconds: Double {
        switch self {
        case .first: 10
        case .second: 60
        case .third: 300
        }
    }

    /// Bytes of the group of pictures that are kept for bursts; 0: keyframes only.
    public var burstBytes: Int {
        switch self {
        case .first: 512 << 10
        case .second: 256 << 10
        case .third: 0
        }
    }
}

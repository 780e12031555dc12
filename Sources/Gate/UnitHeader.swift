public import Flow

/// What the gate may know of an access unit: everything but its bytes.
public struct UnitHeader: Sendable, Hashable {
    /// When it is to be decoded, on the clock of the source; grows from unit to unit.
    public var time: MediaTime
    /// Bytes of the coded picture.
    public var size: Int
    /// True when decoding can start here.
    public var isKeyframe: Bool
    /// True when bytes of it were lost on the way.
    public var isDamaged: Bool

    /// Makes a header from its parts.
    public init(time: MediaTime, size: Int, isKeyframe: Bool, isDamaged: Bool = false) {
        self.time = time
        self.size = size
        self.isKeyframe = isKeyframe
        self.isDamaged = isDamaged
    }
}

extension UnitHeader {
    /// The header of a unit.
    public init(_ unit: AccessUnit) {
        self.init(
            time: unit.decodeTime,
            size: unit.size,
            isKeyframe: unit.isKeyframe,
            isDamaged: unit.isDamaged
        )
    }
}

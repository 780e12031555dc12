public import Flow

/// The units of one camera since its last keyframe, for a burst; bounded in bytes.
///
/// A group that outgrows the bound is given up whole until the next keyframe: without its beginning the rest cannot be
/// decoded.
public struct GOPBuffer: Sendable {
    /// Why units are not there.
    public enum Loss: Sendable, Hashable {
        /// Nothing is missing.
        case none
        /// No keyframe has come yet, or the stream was interrupted.
        case noKeyframe
        /// The group is larger than the bound.
        case outgrown
        /// Bytes of a unit are missing, or were never wanted.
        case incomplete
    }

    /// Bytes kept at most; 0 keeps nothing.
    public let limit: Int
    /// The units, keyframe first, in decode order; empty when there is a loss.
    public private(set) var units: [AccessUnit] = []
    /// Their bytes.
    public private(set) var bytes = 0
    /// What is missing.
    public private(set) var loss = Loss.noKeyframe
    /// Units dropped so far because their group outgrew the bound.
    public private(set) var dropped = 0

    /// Makes an empty buffer.
    public init(limit: Int) {
        self.limit = max(0, limit)
    }

    /// Adds the next unit; a keyframe drops the group before it.
    public mutating func add(_ unit: AccessUnit) {
        if unit.isKeyframe {
            clear()
            loss = .none
        }
        guard loss == .none else {
            if loss == .outgrown { dropped += 1 }
            return
        }
        guard !unit.isDamaged, !unit.bytes.isEmpty else {
            clear()
            loss = .incomplete
            return
        }
        guard bytes + unit.bytes.count <= limit else {
            dropped += units.count + 1
            clear()
            loss = .outgrown
            return
        }
        units.append(unit)
        bytes += unit.bytes.count
    }

    /// Forgets the group: the stream was interrupted, or what follows does not continue it.
    public mutating func interrupted() {
        clear()
        loss = .noKeyframe
    }

    private mutating func clear() {
        units = []
        bytes = 0
    }
}

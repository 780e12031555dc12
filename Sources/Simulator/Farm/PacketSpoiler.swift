import Flow

/// What faults do to single packets of a camera: a pure function of source and sequence number.
struct PacketSpoiler {
    /// What becomes of a packet.
    enum Verdict: Hashable {
        /// It is sent as it is.
        case keep
        /// It is left out; its sequence number is missing, as on a bad network.
        case drop
        /// Its payload is damaged, from these bits.
        case damage(UInt64)
        /// It is sent behind bytes that are no packet, made from these bits.
        case strayBytes(UInt64)
    }

    private let isLossy: Bool
    private let isGarbled: Bool
    private let ssrc: UInt32

    /// One packet in so many is lost or damaged.
    private static let damageInterval: UInt64 = 50
    /// One packet in so many has stray bytes in front: whoever reads must find the next packet, or connect again.
    private static let strayInterval: UInt64 = 200

    /// Makes the spoiler of a camera; nil when its packets go out as they are.
    init?(_ kinds: FaultPlan.Kinds, ssrc: UInt32) {
        guard !kinds.isDisjoint(with: [.loss, .garbage]) else { return nil }
        self.isLossy = kinds.contains(.loss)
        self.isGarbled = kinds.contains(.garbage)
        self.ssrc = ssrc
    }

    /// What becomes of the packet of that number.
    func verdict(_ sequence: UInt16) -> Verdict {
        let bits = SplitMix64.mix(UInt64(ssrc) << 16 | UInt64(sequence))
        if isLossy, bits % Self.damageInterval == 0 { return .drop }
        guard isGarbled else { return .keep }
        let other = bits >> 20
        if ssrc % 2 == 0 { return other % Self.damageInterval == 0 ? .damage(bits) : .keep }
        return other % Self.strayInterval == 0 ? .strayBytes(bits) : .keep
    }
}

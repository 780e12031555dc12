/// A small seeded generator of random numbers: the same seed gives the same numbers on every machine.
///
/// Good enough for noise and rain, not for secrets.
struct SplitMix64 {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    /// The next 64 random bits.
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        return SplitMix64.mix(state)
    }

    /// A number in 0..<1 with 24 random bits.
    mutating func unit() -> Float {
        Float(next() >> 40) * (1 / 16_777_216)
    }

    /// A number in `low`..<`high`.
    mutating func number(_ low: Float, _ high: Float) -> Float {
        low + (high - low) * unit()
    }

    /// An integer in 0..<`bound`.
    mutating func integer(below bound: Int) -> Int {
        Int(next() >> 33) % bound
    }

    /// Spreads every input bit over the whole word.
    static func mix(_ value: UInt64) -> UInt64 {
        var bits = value
        bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
        return bits ^ (bits >> 31)
    }
}

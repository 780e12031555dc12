import Flow

/// What noise, rain and foliage draw: single precision, as the renderer reckons.
extension SplitMix64 {
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
}

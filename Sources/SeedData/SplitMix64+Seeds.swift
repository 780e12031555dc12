import Flow

/// What the generator of seeds draws; not the library's `random(in:)`, whose method may change between versions.
extension SplitMix64 {
    /// A number in 0..<1 with 53 random bits.
    mutating func unit() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// A number between two bounds.
    mutating func between(_ low: Double, _ high: Double) -> Double {
        low + (high - low) * unit()
    }

    /// A number in 0..<count.
    mutating func below(_ count: Int) -> Int {
        Int(next() % UInt64(count))
    }

    /// One element; the array is not empty.
    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[below(elements.count)]
    }
}

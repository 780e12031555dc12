/// Reads bits of a NAL unit from the front, without its emulation prevention bytes.
struct NALBitReader {
    private let bytes: UnsafeRawBufferPointer
    private var next: Int
    /// Zero bytes in a row before `next`.
    private var zeros = 0
    /// The bits to come, from the most significant one; zeros behind them.
    private var cache: UInt64 = 0
    private var available = 0

    /// True once more bits were asked for than there are; they were zeros.
    private(set) var isExhausted = false

    /// Starts at the byte with the index `start`.
    init(_ bytes: UnsafeRawBufferPointer, from start: Int) {
        self.bytes = bytes
        self.next = start
    }

    private mutating func refill() {
        while available <= 56, next < bytes.count {
            let byte = bytes[next]
            next += 1
            if zeros >= 2, byte == 3 {
                zeros = 0
                continue
            }
            zeros = byte == 0 ? zeros + 1 : 0
            cache |= UInt64(byte) << UInt64(56 - available)
            available += 8
        }
    }

    /// The next `count` bits, 1…32, most significant first.
    mutating func bits(_ count: Int) -> UInt32 {
        if available < count { refill() }
        let value = UInt32(truncatingIfNeeded: cache >> UInt64(64 - count))
        if available < count { isExhausted = true }
        cache <<= UInt64(count)
        available = max(0, available - count)
        return value
    }

    /// Passes over `count` bits.
    mutating func skip(_ count: Int) {
        var left = count
        while left > 0, !isExhausted {
            _ = bits(min(left, 32))
            left -= 32
        }
    }

    /// The next Exp-Golomb number; nil when it is longer than 32 bits or runs over the end.
    mutating func expGolomb() -> UInt32? {
        refill()
        let zeros = cache.leadingZeroBitCount
        guard zeros < 32, zeros < available else {
            isExhausted = true
            return nil
        }
        skip(zeros)
        let value = bits(zeros + 1)
        return isExhausted ? nil : value - 1
    }
}

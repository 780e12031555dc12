internal import Glibc

/// NAL units between start codes (ITU-T H.264 annex B, H.265 annex B).
enum AnnexB {
    /// Calls `body` with the bytes of each NAL unit, without start code and trailing zeros.
    static func forEachUnit(in bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
        guard let base = bytes.baseAddress else { return }
        var unitStart: Int?
        var position = 0
        // `memchr` for the 1 of the start code is much faster than looking at every byte.
        while let found = memchr(base + position, 1, bytes.count - position) {
            let one = base.distance(to: UnsafeRawPointer(found))
            position = one + 1
            guard one >= 2, bytes[one - 1] == 0, bytes[one - 2] == 0 else { continue }
            if let unitStart { emit(bytes, from: unitStart, to: one - 2, body) }
            unitStart = position
        }
        if let unitStart { emit(bytes, from: unitStart, to: bytes.count, body) }
    }

    private static func emit(
        _ bytes: UnsafeRawBufferPointer,
        from start: Int,
        to end: Int,
        _ body: (UnsafeRawBufferPointer) -> Void
    ) {
        var end = end
        while end > start, bytes[end - 1] == 0 { end -= 1 }
        if end > start { body(UnsafeRawBufferPointer(rebasing: bytes[start..<end])) }
    }
}

/// Reads bits of a NAL unit from the front, without its emulation prevention bytes; zeros after the end.
struct NALBitReader {
    private let bytes: UnsafeRawBufferPointer
    private var next: Int
    private var zeros = 0
    private var current: UInt8 = 0
    private var bitsLeft = 0

    /// Starts behind the unit's header of `headerBytes` bytes.
    init(_ bytes: UnsafeRawBufferPointer, headerBytes: Int) {
        self.bytes = bytes
        self.next = headerBytes
    }

    private mutating func loadByte() {
        current = next < bytes.count ? bytes[next] : 0
        next += 1
        if zeros >= 2, current == 3 {
            zeros = 0
            current = next < bytes.count ? bytes[next] : 0
            next += 1
        }
        zeros = current == 0 ? zeros + 1 : 0
        bitsLeft = 8
    }

    /// The next `count` bits, at most 32, most significant first.
    mutating func bits(_ count: Int) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<count {
            if bitsLeft == 0 { loadByte() }
            bitsLeft -= 1
            value = value << 1 | UInt32(current >> UInt8(bitsLeft) & 1)
        }
        return value
    }

    /// Passes over `count` bits.
    mutating func skip(_ count: Int) {
        for _ in 0..<count { _ = bits(1) }
    }

    /// The next Exp-Golomb number; nil when it is longer than 32 bits, which no valid stream holds here.
    mutating func expGolomb() -> UInt32? {
        var zeros = 0
        while bits(1) == 0 {
            zeros += 1
            if zeros > 31 { return nil }
        }
        return (1 << UInt32(zeros)) - 1 + bits(zeros)
    }
}

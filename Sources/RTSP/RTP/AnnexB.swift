/// Network abstraction layer units in the byte-stream form of H.264 and H.265 (their Annex B).
public enum AnnexB {
    /// The units between the start codes of `bytes`, without start codes and without the zero bytes around them.
    ///
    /// - Returns: Ranges of `bytes`, in order, none empty; no range when there is no start code.
    public static func units(_ bytes: [UInt8]) -> [Range<Int>] {
        bytes.withUnsafeBytes { units($0) }
    }

    static func units(_ bytes: UnsafeRawBufferPointer) -> [Range<Int>] {
        var found: [Range<Int>] = []
        guard var code = startCode(in: bytes, from: 0) else { return found }
        while true {
            let start = code + 3
            let next = startCode(in: bytes, from: start)
            var end = next ?? bytes.count
            // A unit never ends in a zero byte (ISO/IEC 14496-10, 7.4.1): those belong to the byte stream.
            while end > start, bytes[end - 1] == 0 { end -= 1 }
            if end > start { found.append(start..<end) }
            guard let next else { return found }
            code = next
        }
    }

    /// A unit without the zero bytes behind it, which belong to the start code that follows.
    static func withoutZeros(_ unit: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var end = unit.count
        while end > 0, unit[end - 1] == 0 { end -= 1 }
        return UnsafeRawBufferPointer(rebasing: unit[..<end])
    }

    /// Where the next three bytes 0, 0, 1 begin.
    static func startCode(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var index = start
        // The third byte of a start code is 1, so a larger byte there lets the search jump over three.
        while index + 2 < bytes.count {
            if bytes[index + 2] > 1 {
                index += 3
            } else if bytes[index] == 0, bytes[index + 1] == 0, bytes[index + 2] == 1 {
                return index
            } else {
                index += 1
            }
        }
        return nil
    }
}

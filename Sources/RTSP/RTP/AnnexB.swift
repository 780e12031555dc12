/// Network abstraction layer units in the byte-stream form of H.264 and H.265 (their Annex B).
public enum AnnexB {
    /// The units between the start codes of `bytes`, without start codes and without the zero bytes around them.
    ///
    /// - Returns: Ranges of `bytes`, in order, none empty; no range when there is no start code.
    public static func units(_ bytes: [UInt8]) -> [Range<Int>] {
        bytes.withUnsafeBufferPointer { units($0) }
    }

    private static func units(_ bytes: UnsafeBufferPointer<UInt8>) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var unitStart: Int?
        var index = 0
        // The third byte of a start code is 1, so a larger byte there lets the search jump over three.
        while index + 2 < bytes.count {
            if bytes[index + 2] > 1 {
                index += 3
            } else if bytes[index] == 0, bytes[index + 1] == 0, bytes[index + 2] == 1 {
                append(unitStart, index, bytes, &found)
                index += 3
                unitStart = index
            } else {
                index += 1
            }
        }
        append(unitStart, bytes.count, bytes, &found)
        return found
    }

    /// A unit never ends in a zero byte (ISO/IEC 14496-10, 7.4.1): those belong to the byte stream.
    private static func append(
        _ start: Int?,
        _ end: Int,
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ found: inout [Range<Int>]
    ) {
        guard let start else { return }
        var end = end
        while end > start, bytes[end - 1] == 0 { end -= 1 }
        if end > start { found.append(start..<end) }
    }
}

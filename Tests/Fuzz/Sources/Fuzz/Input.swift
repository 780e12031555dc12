/// The fuzzer's bytes, taken from the front; zeros when there are no more.
struct Input {
    private(set) var rest: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) {
        rest = bytes
    }

    var isEmpty: Bool { rest.isEmpty }

    mutating func byte() -> UInt8 {
        guard let byte = rest.first else { return 0 }
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst())
        return byte
    }

    mutating func integer<Value: FixedWidthInteger>(_: Value.Type = Value.self) -> Value {
        var value: Value = 0
        for _ in 0..<Value.bitWidth / 8 { value = value << 8 | Value(truncatingIfNeeded: byte()) }
        return value
    }

    /// At most `count` bytes.
    mutating func bytes(_ count: Int) -> [UInt8] {
        let taken = Array(rest.prefix(count))
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        return taken
    }

    /// All that is left.
    mutating func all() -> [UInt8] { bytes(rest.count) }

    /// Cuts bytes into pieces as a network might, by numbers that the input gives.
    static func pieces(of bytes: [UInt8], sizes: [UInt8]) -> [ArraySlice<UInt8>] {
        var pieces: [ArraySlice<UInt8>] = []
        var rest = bytes[...]
        var index = 0
        while !rest.isEmpty {
            let size = sizes.isEmpty ? 1 : Int(sizes[index % sizes.count]) + 1
            pieces.append(rest.prefix(size))
            rest = rest.dropFirst(size)
            index += 1
        }
        return pieces
    }
}

extension Array where Element == UInt8 {
    /// Lends a copy of exactly this size, so that the address sanitizer sees a read beside it.
    func withExactCopy<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
        defer { copy.deallocate() }
        copy.copyBytes(from: self)
        return body(UnsafeRawBufferPointer(copy))
    }
}

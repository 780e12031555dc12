internal import Foundation

/// CRC-32C (Castagnoli), the checksum of iSCSI and ext4: finds every single flipped bit and every short burst.
enum CRC32C {
    /// The checksum of a spool row: of its sequence number (8 bytes, little endian) and its body behind it.
    ///
    /// The number is included so that a body that turns up under another number is found too.
    static func ofRow(sequence: Int64, body: Data) -> UInt32 {
        body.withUnsafeBytes { ofRow(sequence, $0) }
    }

    /// The same, of a body in an array.
    static func ofRow(sequence: Int64, bytes: [UInt8]) -> UInt32 {
        bytes.withUnsafeBytes { ofRow(sequence, $0) }
    }

    private static func ofRow(_ sequence: Int64, _ body: UnsafeRawBufferPointer) -> UInt32 {
        let head = withUnsafeBytes(of: sequence.littleEndian) { update(~0, $0) }
        return ~update(head, body)
    }

    /// The checksum of `bytes`.
    static func of(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.withUnsafeBytes { update(~0, $0) }
    }

    private static func update(_ state: UInt32, _ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var state = state
        for byte in bytes {
            state = table[Int((state ^ UInt32(byte)) & 0xff)] ^ (state >> 8)
        }
        return state
    }

    /// What each value of the lowest byte adds; 0x82f63b78 is the polynomial with its bits reversed.
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in
            value & 1 == 1 ? (value >> 1) ^ 0x82f6_3b78 : value >> 1
        }
    }
}

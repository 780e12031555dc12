import Glibc

/// An IP address, or all that share its first bits: `10.0.0.0/8`, `::1`.
public struct AddressRange: Sendable, Hashable, CustomStringConvertible {
    private let bytes: [UInt8]
    private let bits: Int

    /// Reads an address of IPv4 or IPv6, with `/bits` behind it or without.
    ///
    /// - Returns: Nil for anything else: a host's name, an address with a port, more bits than the address has.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let bytes = Self.bytes(String(first)) else { return nil }
        var bits = bytes.count * 8
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
                let given = Int(parts[1]), given <= bits
            else { return nil }
            bits = given
        }
        self.bytes = bytes
        self.bits = bits
    }

    /// Reads a list with commas or blanks between its members.
    ///
    /// - Returns: Nil when one of them is no address; an empty list for an empty text.
    public static func list(_ text: String) -> [AddressRange]? {
        let names = text.split(whereSeparator: { $0 == "," || $0.isWhitespace })
        let ranges = names.compactMap { AddressRange(String($0)) }
        return ranges.count == names.count ? ranges : nil
    }

    /// True when `address` is an IP address of the range; an IPv4 address that is written as IPv6 counts as IPv4.
    public func contains(_ address: String) -> Bool {
        guard let other = Self.bytes(address), other.count == bytes.count else { return false }
        let whole = bits / 8
        guard bytes.prefix(whole) == other.prefix(whole) else { return false }
        let rest = bits % 8
        return rest == 0 || (bytes[whole] ^ other[whole]) >> (8 - rest) == 0
    }

    /// The address as it is written shortest, so that one has one name; nil when `text` is none.
    public static func canonical(_ text: String) -> String? {
        bytes(text).map(Self.text)
    }

    /// What one holder has around an address, for limits of each.
    ///
    /// The address itself; of IPv6 the 64 bits of its network, within which a single machine takes as many addresses as it
    /// likes. A text that is no address comes back as it is.
    public static func holder(of text: String) -> String {
        guard let bytes = bytes(text) else { return text }
        guard bytes.count == 16, bytes != Self.loopback else { return Self.text(bytes) }
        return Self.text(Array(bytes.prefix(8)) + [UInt8](repeating: 0, count: 8)) + "/64"
    }

    /// This machine, `::1`.
    private static let loopback = [UInt8](repeating: 0, count: 15) + [1]

    /// The address, and the bits when they are not all of them.
    public var description: String {
        let address = Self.text(bytes)
        return bits == bytes.count * 8 ? address : "\(address)/\(bits)"
    }

    private static func text(_ bytes: [UInt8]) -> String {
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes, &buffer, socklen_t(buffer.count))
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// 4 or 16 bytes; nil when `text` is no address.
    private static func bytes(_ text: String) -> [UInt8]? {
        guard text.utf8.count < 64, !text.utf8.contains(0) else { return nil }
        var four = [UInt8](repeating: 0, count: 4)
        if inet_pton(AF_INET, text, &four) == 1 { return four }
        var sixteen = [UInt8](repeating: 0, count: 16)
        guard inet_pton(AF_INET6, text, &sixteen) == 1 else { return nil }
        let mapped = sixteen.prefix(10).allSatisfy { $0 == 0 } && sixteen[10] == 0xff && sixteen[11] == 0xff
        return mapped ? Array(sixteen[12...]) : sixteen
    }
}

internal import Glibc

/// Where a host lies, as far as it matters for what a stranger's address may reach.
public enum HostPlace: Hashable, Sendable {
    /// Another machine, by an address that is routed.
    case elsewhere
    /// This machine: loopback, the address that means "none", and what its own network interfaces have.
    case thisMachine
    /// The same wire only: what devices give themselves, and where clouds keep their machines' secrets.
    case link

    /// The place of an address or of a name that needs no look-up; names are `elsewhere` unless they say `localhost`.
    ///
    /// Takes every way of writing an address that the system's resolver takes: `127.1`, `0x7f000001`,
    /// `::ffff:127.0.0.1`, with brackets, zone or closing dot.
    ///
    /// - Parameters:
    ///   - host: As an address of a stream writes it.
    ///   - own: Which addresses are this machine's.
    public init(ofLiteral host: String, own: OwnAddresses = .system) {
        let name = Self.bare(host)
        switch Self.bytes(of: name) {
        case .four(let address): self = Self.four(address, own)
        case .six(let bytes): self = Self.six(bytes, own)
        case nil: self = name == "localhost" || name.hasSuffix(".localhost") ? .thisMachine : .elsewhere
        }
    }

    /// Whether a host is an address, and needs no look-up.
    static func isAddress(_ host: String) -> Bool {
        bytes(of: bare(host)) != nil
    }

    private enum Address {
        case four(UInt32)
        case six([UInt8])
    }

    /// Without brackets, zone and closing dots, in small letters.
    private static func bare(_ host: String) -> String {
        var text = host.lowercased()[...]
        if text.hasPrefix("["), text.hasSuffix("]") { text = text.dropFirst().dropLast() }
        if let zone = text.firstIndex(of: "%") { text = text[..<zone] }
        while text.hasSuffix(".") { text = text.dropLast() }
        return String(text)
    }

    private static func bytes(of name: String) -> Address? {
        var four = in_addr()
        if inet_aton(name, &four) != 0 { return .four(UInt32(bigEndian: four.s_addr)) }
        var six = in6_addr()
        guard inet_pton(AF_INET6, name, &six) == 1 else { return nil }
        return withUnsafeBytes(of: &six) { .six(Array($0)) }
    }

    private static func four(_ address: UInt32, _ own: OwnAddresses) -> HostPlace {
        switch (address >> 24, address >> 16 & 0xff) {
        // 0.0.0.0/8 means this machine to the connect call of Linux.
        case (127, _), (0, _): return .thisMachine
        case (169, 254): return .link
        default:
            let bytes = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: address >> $0) }
            return own.contains(bytes) ? .thisMachine : .elsewhere
        }
    }

    private static func six(_ bytes: [UInt8], _ own: OwnAddresses) -> HostPlace {
        let rest = UInt32(bytes[12]) << 24 | UInt32(bytes[13]) << 16 | UInt32(bytes[14]) << 8 | UInt32(bytes[15])
        if bytes.prefix(10).allSatisfy({ $0 == 0 }) {
            // IPv4 in IPv6, mapped or in the old compatible form, and `::` and `::1` themselves.
            if bytes[10] == 0xff, bytes[11] == 0xff { return four(rest, own) }
            if bytes[10] == 0, bytes[11] == 0 { return rest <= 1 ? .thisMachine : four(rest, own) }
        }
        if bytes[0] == 0xfe, bytes[1] & 0xc0 == 0x80 { return .link }
        return own.contains(bytes) ? .thisMachine : .elsewhere
    }
}

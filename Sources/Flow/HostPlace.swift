internal import Glibc

/// Where a host lies, as far as it matters for what a stranger's address may reach.
public enum HostPlace: Hashable, Sendable {
    /// Another machine, by an address that is routed.
    case elsewhere
    /// This machine: loopback, and the address that means "none".
    case thisMachine
    /// The same wire only: what devices give themselves, and where clouds keep their machines' secrets.
    case link

    /// The place of an address or of a name that needs no look-up; names are `elsewhere` unless they say `localhost`.
    ///
    /// Takes every way of writing an address that the system's resolver takes: `127.1`, `0x7f000001`,
    /// `::ffff:127.0.0.1`, with brackets, zone or closing dot.
    public init(ofLiteral host: String) {
        var text = host.lowercased()[...]
        if text.hasPrefix("["), text.hasSuffix("]") { text = text.dropFirst().dropLast() }
        if let zone = text.firstIndex(of: "%") { text = text[..<zone] }
        while text.hasSuffix(".") { text = text.dropLast() }
        let name = String(text)
        var four = in_addr()
        var six = in6_addr()
        if inet_aton(name, &four) != 0 {
            self = Self.four(UInt32(bigEndian: four.s_addr))
        } else if inet_pton(AF_INET6, name, &six) == 1 {
            self = withUnsafeBytes(of: &six) { Self.six(Array($0)) }
        } else {
            self = name == "localhost" || name.hasSuffix(".localhost") ? .thisMachine : .elsewhere
        }
    }

    /// The place of a host by what the system's resolver says of it; the nearest one of several addresses.
    ///
    /// Asks the resolver, which may block for seconds: not on an event loop. A name that is not known is `elsewhere`.
    public init(resolving host: String) {
        let literal = HostPlace(ofLiteral: host)
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard literal == .elsewhere, getaddrinfo(host, nil, &hints, &found) == 0 else {
            self = literal
            return
        }
        defer { freeaddrinfo(found) }
        var places: [HostPlace] = []
        var next = found
        while let entry = next {
            next = entry.pointee.ai_next
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let length = socklen_t(text.count)
            let status = getnameinfo(
                entry.pointee.ai_addr,
                entry.pointee.ai_addrlen,
                &text,
                length,
                nil,
                0,
                NI_NUMERICHOST
            )
            guard status == 0 else { continue }
            let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            places.append(HostPlace(ofLiteral: String(decoding: bytes, as: UTF8.self)))
        }
        self = places.first { $0 != .elsewhere } ?? .elsewhere
    }

    private static func four(_ address: UInt32) -> HostPlace {
        switch (address >> 24, address >> 16 & 0xff) {
        // 0.0.0.0/8 means this machine to the connect call of Linux.
        case (127, _), (0, _): .thisMachine
        case (169, 254): .link
        default: .elsewhere
        }
    }

    private static func six(_ bytes: [UInt8]) -> HostPlace {
        let rest = UInt32(bytes[12]) << 24 | UInt32(bytes[13]) << 16 | UInt32(bytes[14]) << 8 | UInt32(bytes[15])
        if bytes.prefix(10).allSatisfy({ $0 == 0 }) {
            // IPv4 in IPv6, mapped or in the old compatible form, and `::` and `::1` themselves.
            if bytes[10] == 0xff, bytes[11] == 0xff { return four(rest) }
            if bytes[10] == 0, bytes[11] == 0 { return rest <= 1 ? .thisMachine : four(rest) }
        }
        return bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80 ? .link : .elsewhere
    }
}

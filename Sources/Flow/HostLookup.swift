internal import Glibc

/// What a name means: asked once, so that what was checked is also what is connected to.
public struct HostLookup: Sendable, Hashable {
    /// The nearest place of all its addresses.
    public let place: HostPlace
    /// Its addresses, IPv4 before IPv6, at most `most`; the host itself where it is an address already, none where the
    /// resolver knows nothing.
    public let addresses: [String]
    /// Whether the host is an address already.
    public let isLiteral: Bool

    /// Addresses of a name that are tried at most.
    public static let most = 4

    /// Makes what a lookup has found of a name.
    public init(place: HostPlace, addresses: [String], isLiteral: Bool = false) {
        self.place = place
        self.addresses = addresses
        self.isLiteral = isLiteral
    }

    /// Asks the system's resolver, which may block for seconds: not on an event loop.
    ///
    /// A name that is not known is `elsewhere`, without addresses.
    public init(_ host: String) {
        if HostPlace.isAddress(host) {
            self.init(place: HostPlace(ofLiteral: host), addresses: [host], isLiteral: true)
            return
        }
        let found = Self.ask(host)
        let places = [HostPlace(ofLiteral: host)] + found.map { HostPlace(ofLiteral: $0) }
        // Sites are IPv4: a dead way over IPv6 would eat the time for opening.
        let sorted = found.filter { !$0.contains(":") } + found.filter { $0.contains(":") }
        self.init(
            place: places.first { $0 != .elsewhere } ?? .elsewhere,
            addresses: Array(sorted.prefix(Self.most))
        )
    }

    private static func ask(_ host: String) -> [String] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard !host.isEmpty, getaddrinfo(host, nil, &hints, &found) == 0 else { return [] }
        defer { freeaddrinfo(found) }
        var addresses: [String] = []
        var next = found
        while let entry = next {
            next = entry.pointee.ai_next
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let length = socklen_t(text.count)
            let (name, size) = (entry.pointee.ai_addr, entry.pointee.ai_addrlen)
            guard getnameinfo(name, size, &text, length, nil, 0, NI_NUMERICHOST) == 0 else { continue }
            let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            addresses.append(String(decoding: bytes, as: UTF8.self))
        }
        return addresses
    }
}

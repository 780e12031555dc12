internal import Glibc
internal import Synchronization

/// The addresses of this machine's own network interfaces.
///
/// Asked of the kernel at most every ten seconds: an address may come and go, by DHCP or with a standby. Any thread.
public final class OwnAddresses: Sendable {
    /// Those of the machine that this process runs on.
    public static let system = OwnAddresses(read: OwnAddresses.interfaces)

    /// Seconds for which an answer of the kernel is used.
    private static let validity = 10.0

    private struct State {
        var known: Set<[UInt8]> = []
        var readAt = -Double.infinity
    }

    private let state = Mutex(State())
    private let read: @Sendable () -> Set<[UInt8]>

    /// Makes a set that is read by `read`: four or sixteen bytes each, in network order.
    public init(read: @escaping @Sendable () -> Set<[UInt8]>) {
        self.read = read
    }

    /// Whether an address of four or sixteen bytes is one of this machine.
    public func contains(_ address: [UInt8]) -> Bool {
        let now = Clocks.system.monotonic()
        return state.withLock { state in
            if now - state.readAt >= Self.validity {
                state.known = read()
                state.readAt = now
            }
            return state.known.contains(address)
        }
    }

    /// What the kernel says; empty when it says nothing.
    private static func interfaces() -> Set<[UInt8]> {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return [] }
        defer { freeifaddrs(first) }
        var found: Set<[UInt8]> = []
        var next = first
        while let entry = next {
            next = entry.pointee.ifa_next
            guard let name = entry.pointee.ifa_addr else { continue }
            switch Int32(name.pointee.sa_family) {
            case AF_INET:
                name.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { address in
                    _ = found.insert(withUnsafeBytes(of: address.pointee.sin_addr) { Array($0) })
                }
            case AF_INET6:
                name.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { address in
                    _ = found.insert(withUnsafeBytes(of: address.pointee.sin6_addr) { Array($0) })
                }
            default: continue
            }
        }
        return found
    }
}

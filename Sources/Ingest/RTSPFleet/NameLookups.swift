import Flow
import NIOCore
import NIOPosix
import Synchronization

/// Looks up the names of cameras beside the event loops.
///
/// NIO looks up one name after the other, and asks the resolver for plain addresses, too: with a name server that is gone
/// each name takes it seconds, and every camera that is to be connected waits behind them. Here a few names are looked up
/// at once, each only once however many wait for it, and an address is never looked up.
final class NameLookups: Sendable {
    /// The resolver knows nothing of a name.
    struct UnknownName: Error {}

    /// Names looked up at once: a resolver that answers takes milliseconds, one that is gone seconds for each.
    private static let threads = 8
    /// Of all fleets of the process.
    static let shared = NameLookups(look: ask)

    private let pool: NIOThreadPool
    private let look: @Sendable (String) -> [String]
    private let waiting = Mutex<[String: [EventLoopPromise<[String]>]]>([:])

    /// `look`: gives the addresses of a name; may block for seconds.
    init(threads: Int = NameLookups.threads, look: @escaping @Sendable (String) -> [String]) {
        self.pool = NIOThreadPool(numberOfThreads: threads)
        self.look = look
        pool.start()
    }

    deinit { pool.shutdownGracefully { _ in } }

    /// What the system's resolver knows of a name; blocks, for seconds when nobody answers it.
    private static func ask(_ name: String) -> [String] {
        HostLookup(name).addresses.compactMap { address in
            // Ways of writing an address that only the system knows, such as `127.1`, are written plainly.
            literal(address, port: 0)?.ipAddress
                ?? (try? SocketAddress.makeAddressResolvingHost(address, port: 0))?.ipAddress
        }
    }

    /// The address of a host that is one already.
    static func literal(_ host: String, port: Int) -> SocketAddress? {
        try? SocketAddress(ipAddress: host, port: port)
    }

    /// The addresses of a name; fails with `UnknownName` when it has none.
    func addresses(of name: String, on eventLoop: any EventLoop) -> EventLoopFuture<[String]> {
        let promise = eventLoop.makePromise(of: [String].self)
        let isFirst = waiting.withLock { waiting in
            waiting[name, default: []].append(promise)
            return waiting[name]?.count == 1
        }
        guard isFirst else { return promise.futureResult }
        pool.submit { [self] _ in
            let found = look(name)
            for promise in waiting.withLock({ $0.removeValue(forKey: name) ?? [] }) {
                if found.isEmpty { promise.fail(UnknownName()) } else { promise.succeed(found) }
            }
        }
        return promise.futureResult
    }
}

/// The lookups as NIO asks for them: of one connection, which tries the addresses of both kinds.
struct FleetResolver: Resolver, Sendable {
    let lookups: NameLookups
    let eventLoop: any EventLoop

    func initiateAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        addresses(of: host, port) { $0.protocol == .inet }
    }

    func initiateAAAAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        addresses(of: host, port) { $0.protocol == .inet6 }
    }

    /// A lookup that nobody waits for ends by itself.
    func cancelQueries() {}

    private func addresses(
        of host: String,
        _ port: Int,
        _ isWanted: @escaping @Sendable (SocketAddress) -> Bool
    ) -> EventLoopFuture<[SocketAddress]> {
        lookups.addresses(of: host, on: eventLoop).map { found in
            found.compactMap { NameLookups.literal($0, port: port) }.filter(isWanted)
        }
    }
}

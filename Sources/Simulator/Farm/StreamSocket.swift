import Foundation

/// The calls of the system on TCP sockets that the farm needs; all return at once.
enum StreamSocket {
    /// What a call has led to.
    enum Outcome: Hashable {
        /// So many bytes, or the new socket.
        case done(Int)
        /// Nothing now; the poller tells when.
        case notNow
        /// The connection is over: the peer has ended it, or it is broken.
        case ended
        /// The process or the system has no more descriptors or memory.
        case exhausted
    }

    /// What the kernel holds for a client that does not read: so much and no more.
    private static let sendBuffer: Int32 = 256 << 10
    /// Connections that wait to be taken.
    private static let backlog: Int32 = 4096

    /// Listens at an endpoint.
    ///
    /// - Returns: The socket, and the port that it got.
    /// - Throws: `cannotListen`.
    static func listen(at endpoint: FarmEndpoint) throws(SimulatorError) -> (socket: Int32, port: Int) {
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(endpoint.host, String(endpoint.port), &hints, &list)
        guard status == 0, let address = list?.pointee else {
            throw failure(endpoint, String(cString: gai_strerror(status)))
        }
        defer { freeaddrinfo(list) }
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let made = socket(address.ai_family, type, 0)
        guard made >= 0 else { throw failure(endpoint, String(cString: strerror(errno))) }
        set(made, SOL_SOCKET, SO_REUSEADDR, 1)
        guard bind(made, address.ai_addr, address.ai_addrlen) == 0, Foundation.listen(made, backlog) == 0 else {
            let reason = String(cString: strerror(errno))
            close(made)
            throw failure(endpoint, reason)
        }
        return (made, port(of: made) ?? endpoint.port)
    }

    private static func failure(_ endpoint: FarmEndpoint, _ reason: String) -> SimulatorError {
        let place = "\(endpoint.host) port \(endpoint.port)"
        return SimulatorError(.cannotListen, "cannot listen on \(place): \(reason); choose another address or port")
    }

    private static func port(of socket: Int32) -> Int? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &length) }
        }
        guard status == 0 else { return nil }
        // Address families of version 4 and 6 have the port at the same place.
        return withUnsafeBytes(of: storage) { Int($0[2]) << 8 | Int($0[3]) }
    }

    private static func set(_ socket: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(socket, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Takes the next connection of a listening socket.
    static func accept(from listener: Int32) -> Outcome {
        let made = Foundation.accept(listener, nil, nil)
        guard made >= 0 else {
            switch errno {
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted
            default: return .notNow
            }
        }
        _ = fcntl(made, F_SETFL, O_NONBLOCK)
        _ = fcntl(made, F_SETFD, FD_CLOEXEC)
        set(made, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        set(made, SOL_SOCKET, SO_SNDBUF, sendBuffer)
        return .done(Int(made))
    }

    /// Sends what the kernel takes.
    static func send(_ bytes: UnsafeRawBufferPointer, to socket: Int32) -> Outcome {
        outcome(of: Foundation.send(socket, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL)))
    }

    /// Reads what has come, at most the size of `room`.
    static func receive(into room: UnsafeMutableRawBufferPointer, from socket: Int32) -> Outcome {
        let count = recv(socket, room.baseAddress, room.count, 0)
        return count == 0 ? .ended : outcome(of: count)
    }

    private static func outcome(of count: Int) -> Outcome {
        if count >= 0 { return .done(count) }
        return errno == EAGAIN || errno == EINTR ? .notNow : .ended
    }

    /// Sends no more; the peer sees the end behind what was sent.
    static func finish(_ socket: Int32) {
        shutdown(socket, Int32(SHUT_WR))
    }

    /// Closes the socket so that the peer sees a reset, as of a machine that has lost its power.
    static func reset(_ socket: Int32) {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
        close(socket)
    }
}

import Foundation
import Glibc

/// A TCP server on the loopback that sends what it was given and then says nothing more.
final class SilentServer: @unchecked Sendable {
    // Safety: `listener` is set once; `lock` is held while `clients` is used.
    private let listener: Int32
    private let lock = NSLock()
    private var clients: [Int32] = []
    let port: UInt16

    struct CannotListen: Error {}

    /// Listens on a free port; every client gets `greeting`.
    init(greeting: [UInt8] = []) throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        let status = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, size) == 0 && listen(descriptor, 8) == 0
                    && getsockname(descriptor, pointer, &size) == 0
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        guard status else { throw CannotListen() }
        let thread = Thread { [weak self] in
            while case let client = accept(descriptor, nil, nil), client >= 0 {
                self?.keep(client)
                var sent = 0
                while sent < greeting.count {
                    let part = greeting[sent...].withUnsafeBytes {
                        send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                    }
                    if part <= 0 { break }
                    sent += part
                }
            }
        }
        thread.start()
    }

    private func keep(_ client: Int32) {
        lock.lock()
        defer { lock.unlock() }
        clients.append(client)
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        for client in clients { close(client) }
    }
}

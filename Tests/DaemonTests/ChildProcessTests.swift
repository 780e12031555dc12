import Foundation
import Testing

@testable import Daemon
@testable import Live

@Suite struct ChildProcessTests {
    /// A socket that listens and has no close-on-exec mark, as libraries make them.
    private static func listener() -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                _ = bind(descriptor, pointer, length)
                _ = listen(descriptor, 8)
                _ = getsockname(descriptor, pointer, &length)
            }
        }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    @Test("a child has its report pipe and the three standard descriptors, and nothing else of its parent")
    func descriptors() async throws {
        let (descriptor, port) = Self.listener()
        defer { close(descriptor) }
        #expect(port > 0 && fcntl(descriptor, F_GETFD) & FD_CLOEXEC == 0)
        let child = try ChildProcess.start(executable: "/bin/sleep", arguments: ["60"], environment: [:])
        defer {
            child.signal(SIGKILL)
            _ = child.follow { _ in }
            child.release()
        }
        let folder = "/proc/\(child.identifier)/fd"
        let inherited = try FileManager.default.contentsOfDirectory(atPath: folder).compactMap { Int32($0) }.sorted()
        #expect(inherited == [0, 1, 2, ChildProcess.reportDescriptor])
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder + "/0") == "/dev/null")
    }
}

import Foundation
import TestSupport
import Testing

@testable import Daemon

@Suite struct ServiceManagerTests {
    @Test("systemd is told over its socket, one datagram a message")
    func datagrams() throws {
        let folder = try Folder()
        let path = folder.path + "/notify"
        let file = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(file) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(file, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
        let manager = ServiceManager(environment: ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "30000000"])
        #expect(manager.watchdogInterval == 15)
        manager.ready()
        manager.status("two\nlines")
        var messages: [String] = []
        for _ in 0..<2 {
            var buffer = [UInt8](repeating: 0, count: 200)
            let count = recv(file, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            messages.append(String(decoding: buffer.prefix(max(0, count)), as: UTF8.self))
        }
        #expect(messages == ["READY=1", "STATUS=two lines"])
    }

    @Test("without systemd nothing is sent and no watchdog is wanted")
    func absent() {
        let manager = ServiceManager(environment: [:])
        manager.ready()
        #expect(manager.watchdogInterval == nil)
        #expect(ServiceManager(environment: ["WATCHDOG_USEC": "1", "WATCHDOG_PID": "1"]).watchdogInterval == nil)
    }
}

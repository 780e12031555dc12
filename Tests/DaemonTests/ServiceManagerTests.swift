import Testing

@testable import Daemon

@Suite struct ServiceManagerTests {
    @Test("systemd is told over its socket, one datagram a message")
    func datagrams() throws {
        let socket = try NotifySocket()
        let manager = ServiceManager(environment: ["NOTIFY_SOCKET": socket.path, "WATCHDOG_USEC": "30000000"])
        #expect(manager.watchdogInterval == 15)
        manager.ready()
        manager.status("two\nlines")
        #expect(socket.messages() == ["READY=1", "STATUS=two lines"])
    }

    @Test("without systemd nothing is sent and no watchdog is wanted")
    func absent() {
        let manager = ServiceManager(environment: [:])
        manager.ready()
        #expect(manager.watchdogInterval == nil)
        #expect(ServiceManager(environment: ["WATCHDOG_USEC": "1", "WATCHDOG_PID": "1"]).watchdogInterval == nil)
    }
}

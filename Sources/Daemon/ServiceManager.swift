import Foundation
import Synchronization

/// Tells systemd how the daemon is doing, over the socket it names; does nothing when it names none.
///
/// Protocol: one datagram of `VARIABLE=value` lines, see `sd_notify(3)`.
public final class ServiceManager: Sendable {
    private let path: String?
    /// Seconds between watchdog signs that systemd wants; nil when it wants none.
    public let watchdogInterval: Double?

    /// Reads the socket and the watchdog time from the environment of the process.
    public convenience init() {
        self.init(environment: ProcessInfo.processInfo.environment)
    }

    /// Reads the socket and the watchdog time from an environment.
    init(environment: [String: String]) {
        path = environment["NOTIFY_SOCKET"].flatMap { $0.isEmpty ? nil : $0 }
        let isForUs = environment["WATCHDOG_PID"].map { $0 == String(getpid()) } ?? true
        watchdogInterval = environment["WATCHDOG_USEC"].flatMap(Double.init).flatMap {
            isForUs && $0 > 0 ? $0 / 1_000_000 / 2 : nil
        }
    }

    /// Says that the daemon works: it takes alerts, even when the database or cameras are still away.
    public func ready() { send("READY=1") }

    /// Says that the daemon stops.
    public func stopping() { send("STOPPING=1") }

    /// Says how it is doing, one line.
    public func status(_ text: String) {
        send("STATUS=" + text.replacing("\n", with: " "))
    }

    /// Gives a sign of life; call it only after every core loop has given its own.
    public func alive() { send("WATCHDOG=1") }

    private func send(_ message: String) {
        guard let path else { return }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        // A name that begins with @ is in the abstract namespace: its first byte is zero.
        if bytes.first == UInt8(ascii: "@") { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        let file = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard file >= 0 else { return }
        defer { close(file) }
        let payload = Array(message.utf8)
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(file, payload, payload.count, Int32(MSG_NOSIGNAL), $0, length)
            }
        }
    }
}

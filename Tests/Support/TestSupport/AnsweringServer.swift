public import Foundation
import Synchronization

/// A server on loopback that answers each request's head (HTTP or RTSP) with bytes, and remembers the heads.
public final class AnsweringServer: Sendable {
    /// What a request gets.
    public enum Answer: Sendable {
        /// These bytes; the connection stays open for the next request.
        case bytes([UInt8])
        /// These bytes, then the connection is closed.
        case last([UInt8])
        /// These bytes again and again, until the other side leaves.
        case endless(first: [UInt8], then: [UInt8], pause: TimeInterval)
    }

    /// TCP port on 127.0.0.1.
    public let port: UInt16
    private let file: Int32
    private let log = Log()

    /// Outlives the server where a connection does.
    private final class Log: Sendable {
        let heads = Mutex<[String]>([])
    }

    /// Starts to listen; `answer` runs on a thread of the connection.
    public init(_ answer: @escaping @Sendable (_ head: String) -> Answer) {
        file = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        port = withUnsafeMutablePointer(to: &address) { [file] pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                _ = bind(file, generic, length)
                _ = listen(file, 64)
                _ = getsockname(file, generic, &length)
            }
            return UInt16(bigEndian: pointer.pointee.sin_port)
        }
        Thread.detachNewThread { [log, file] in
            while true {
                let connection = accept(file, nil, nil)
                guard connection >= 0 else { return }
                Thread.detachNewThread {
                    Self.serve(connection) { head in
                        log.heads.withLock { $0.append(head) }
                        return answer(head)
                    }
                    close(connection)
                }
            }
        }
    }

    deinit { stop() }

    /// Stops listening; connections that stand end when their other side leaves.
    public func stop() { shutdown(file, Int32(SHUT_RDWR)) }

    /// The heads of all requests so far, in the order in which they came.
    public var requests: [String] { log.heads.withLock { $0 } }

    /// The head of an HTTP answer and its body.
    public static func http(_ status: Int, _ headers: [String] = [], _ body: [UInt8] = []) -> [UInt8] {
        let lines = ["HTTP/1.1 \(status) X", "Content-Length: \(body.count)", "Connection: close"] + headers
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body
    }

    /// The value of a header in a head; nil where it is missing.
    public static func header(_ name: String, in head: String) -> String? {
        let lines = head.split(separator: "\r\n").dropFirst()
        let line = lines.first { $0.lowercased().hasPrefix(name.lowercased() + ":") }
        return line.map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
    }

    private static func serve(_ connection: Int32, _ answer: (String) -> Answer) {
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 4096)
        let end = Array("\r\n\r\n".utf8)
        while true {
            while bytes.firstRange(of: end) == nil {
                let count = recv(connection, &part, part.count, 0)
                guard count > 0 else { return }
                bytes += part[..<count]
            }
            guard let found = bytes.firstRange(of: end) else { return }
            let head = String(decoding: bytes[..<found.lowerBound], as: UTF8.self)
            bytes.removeSubrange(..<found.upperBound)
            switch answer(head) {
            case .bytes(let answer):
                guard write(answer, connection) else { return }
            case .last(let answer):
                _ = write(answer, connection)
                shutdown(connection, Int32(SHUT_WR))
                return
            case .endless(let first, let then, let pause):
                guard write(first, connection) else { return }
                while write(then, connection) { Thread.sleep(forTimeInterval: pause) }
                return
            }
        }
    }

    private static func write(_ bytes: [UInt8], _ connection: Int32) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }
}

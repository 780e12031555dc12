import Foundation
import Glibc

/// What a server answered.
struct Answer: Sendable {
    let status: Int
    let headers: [(name: String, value: String)]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    /// `name=value` of the cookie that carries the session.
    var sessionCookie: String? {
        headers.filter { $0.name == "set-cookie" }.compactMap { $0.value.split(separator: ";").first.map(String.init) }
            .first { $0.contains("gw_session=") }
    }

    func header(_ name: String) -> String? { headers.first { $0.name == name.lowercased() }?.value }

    /// The JSON body as a dictionary; empty when it is none.
    var json: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any] ?? [:]
    }

    /// The objects of `items`.
    var items: [[String: Any]] { json["items"] as? [[String: Any]] ?? [] }
}

/// A small HTTP/1.1 client over a socket: it sends exactly the bytes that a test wants, also wrong ones.
struct HTTPClient: Sendable {
    struct Failure: Error {
        let text: String
    }

    let port: Int
    /// Address that the server sees.
    var source = "127.0.0.1"

    /// Sends these bytes and reads what comes until the server closes; they must ask it to, or be wrong.
    func raw(_ bytes: [UInt8]) async throws -> Answer {
        let answer = try await Self.blocking { [self] in
            let socket = try connect()
            defer { close(socket) }
            try Self.write(bytes, to: socket)
            return try Self.readAll(from: socket)
        }
        return try Self.parse(answer)
    }

    /// A connection that has sent these bytes and is left alone.
    func hold(_ bytes: [UInt8]) async throws -> HeldConnection {
        try await Self.blocking { [self] in
            let socket = try connect()
            try Self.write(bytes, to: socket)
            return HeldConnection(socket: socket)
        }
    }

    func send(
        _ method: String,
        _ path: String,
        headers: [(String, String)] = [],
        body: [UInt8] = []
    ) async throws -> Answer {
        let head = Self.head(method, path, headers, length: body.count, keepsOpen: false, port)
        let bytes = try await Self.blocking { [self] in
            let socket = try connect()
            defer { close(socket) }
            try Self.write(Array(head.utf8) + body, to: socket)
            return try Self.readAll(from: socket)
        }
        return try Self.parse(bytes)
    }

    /// Reads a stream until its text holds `marker`, then runs `act`, then reads on until it holds `end`.
    func stream(
        _ path: String,
        headers: [(String, String)],
        until marker: String,
        act: @Sendable () async throws -> Void,
        then end: String,
        seconds: Int = 20
    ) async throws -> String {
        let socket = try await Self.blocking { [self] in try connect() }
        defer { close(socket) }
        let head = Self.head("GET", path, headers, length: 0, keepsOpen: true, port)
        let first = try await Self.blocking {
            try Self.write(Array(head.utf8), to: socket)
            return try Self.readText(from: socket, until: marker, seconds: seconds)
        }
        try await act()
        let rest = try await Self.blocking { try Self.readText(from: socket, until: end, seconds: seconds) }
        return first + rest
    }

    private static func head(
        _ method: String,
        _ path: String,
        _ headers: [(String, String)],
        length: Int,
        keepsOpen: Bool,
        _ port: Int
    ) -> String {
        var lines = ["\(method) \(path) HTTP/1.1"]
        if !headers.contains(where: { $0.0.lowercased() == "host" }) { lines.append("Host: 127.0.0.1:\(port)") }
        if !keepsOpen { lines.append("Connection: close") }
        if length > 0 || method != "GET" { lines.append("Content-Length: \(length)") }
        lines += headers.map { "\($0.0): \($0.1)" }
        return lines.joined(separator: "\r\n") + "\r\n\r\n"
    }

    static func blocking<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        // A thread of its own: the server's database sessions need those of the dispatch queues.
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try work() }) }
        }
    }

    private func connect() throws -> Int32 {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var own = sockaddr_in()
        own.sin_family = sa_family_t(AF_INET)
        own.sin_addr.s_addr = inet_addr(source)
        _ = withUnsafePointer(to: &own) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        // A server that has refused a body reads no more of it.
        var patience = timeval(tv_sec: 2, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            close(socket)
            throw Failure(text: "no connection to port \(port)")
        }
        return socket
    }

    fileprivate static func write(_ bytes: [UInt8], to socket: Int32) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.send(socket, buffer.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            // A server may refuse a body before it has all of it: its answer counts.
            guard count > 0 else { return }
            sent += count
        }
    }

    fileprivate static func readAll(from socket: Int32) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(socket, &buffer, buffer.count, 0)
            guard count > 0 else { return bytes }
            bytes += buffer[0..<count]
        }
    }

    private static func readText(from socket: Int32, until marker: String, seconds: Int) throws -> String {
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !text.contains(marker) {
            let count = recv(socket, &buffer, buffer.count, 0)
            guard count > 0 else {
                if marker.isEmpty { return text }
                throw Failure(text: "the stream ended without \(marker): \(text)")
            }
            text += String(decoding: buffer[0..<count], as: UTF8.self)
        }
        return text
    }

    private static func parse(_ bytes: [UInt8]) throws -> Answer {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else {
            throw Failure(text: "no answer: \(String(decoding: bytes.prefix(200), as: UTF8.self))")
        }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        let headers = lines.dropFirst().compactMap { line -> (name: String, value: String)? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            return (line[..<colon].lowercased(), value)
        }
        return Answer(status: status, headers: headers, body: Array(bytes[end.upperBound...]))
    }
}

/// A connection that is kept as it is until it is dropped.
final class HeldConnection: Sendable {
    private let socket: Int32

    init(socket: Int32) {
        self.socket = socket
    }

    deinit { close(socket) }

    /// Sends more; nothing happens when the server has closed.
    func send(_ text: String) throws {
        try HTTPClient.write(Array(text.utf8), to: socket)
    }

    /// Says that nothing more will come.
    func endSending() {
        shutdown(socket, Int32(SHUT_WR))
    }

    /// True when the server has closed it; what it said before is dropped.
    var isClosed: Bool {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count == 0 { return true }
            if count < 0 { return errno != EAGAIN }
        }
    }

    /// True when the server has said something that nobody has read yet.
    var hasAnswer: Bool {
        var byte: UInt8 = 0
        return recv(socket, &byte, 1, Int32(MSG_DONTWAIT | MSG_PEEK)) > 0
    }

    /// All that the server says until it closes.
    func rest() async throws -> String {
        let socket = socket
        return try await HTTPClient.blocking { String(decoding: try HTTPClient.readAll(from: socket), as: UTF8.self) }
    }
}

/// A client that holds the session of one account, as a browser does; what the API answers is held against its document.
struct Browser: Sendable {
    let client: HTTPClient
    /// `name=value`; nil for nobody.
    let cookie: String?

    var headers: [(String, String)] {
        [("Accept", "application/json"), ("Sec-Fetch-Site", "same-origin")] + (cookie.map { [("Cookie", $0)] } ?? [])
    }

    func get(_ path: String, accept: String = "application/json") async throws -> Answer {
        let others = headers.filter { $0.0 != "Accept" }
        let answer = try await client.send("GET", path, headers: [("Accept", accept)] + others)
        OpenAPIDocument.hold("GET", path, answer)
        return answer
    }

    /// Opens a page.
    func page(_ path: String) async throws -> Answer { try await get(path, accept: "text/html") }

    func send(_ method: String, _ path: String, _ json: [String: any Sendable] = [:]) async throws -> Answer {
        let body = try JSONSerialization.data(withJSONObject: json)
        let type = [("Content-Type", "application/json")]
        let answer = try await client.send(method, path, headers: headers + type, body: Array(body))
        OpenAPIDocument.hold(method, path, answer)
        return answer
    }

    func upload(_ path: String, _ bytes: [UInt8], type: String = "image/jpeg") async throws -> Answer {
        let answer = try await client.send("POST", path, headers: headers + [("Content-Type", type)], body: bytes)
        OpenAPIDocument.hold("POST", path, answer)
        return answer
    }
}

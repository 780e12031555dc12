import Foundation
import Glibc

/// What a server answered.
struct Answer: Sendable {
    let status: Int
    let headers: [(name: String, value: String)]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

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

    func send(
        _ method: String,
        _ path: String,
        headers: [(String, String)] = [],
        body: [UInt8] = []
    ) async throws -> Answer {
        let head = Self.head(method, path, headers, length: body.count, keepsOpen: false, port)
        let bytes = try await Self.blocking {
            let socket = try Self.connect(port)
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
        let socket = try await Self.blocking { try Self.connect(port) }
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

    private static func connect(_ port: Int) throws -> Int32 {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
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

    private static func write(_ bytes: [UInt8], to socket: Int32) throws {
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

    private static func readAll(from socket: Int32) throws -> [UInt8] {
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

/// A client that holds the session of one account, as a browser does.
struct Browser: Sendable {
    let client: HTTPClient
    /// `name=value`; nil for nobody.
    let cookie: String?

    var headers: [(String, String)] {
        [("Accept", "application/json"), ("Sec-Fetch-Site", "same-origin")] + (cookie.map { [("Cookie", $0)] } ?? [])
    }

    func get(_ path: String, accept: String = "application/json") async throws -> Answer {
        let others = headers.filter { $0.0 != "Accept" }
        return try await client.send("GET", path, headers: [("Accept", accept)] + others)
    }

    /// Opens a page.
    func page(_ path: String) async throws -> Answer { try await get(path, accept: "text/html") }

    func send(_ method: String, _ path: String, _ json: [String: any Sendable] = [:]) async throws -> Answer {
        let body = try JSONSerialization.data(withJSONObject: json)
        let type = [("Content-Type", "application/json")]
        return try await client.send(method, path, headers: headers + type, body: Array(body))
    }

    func upload(_ path: String, _ bytes: [UInt8], type: String = "image/jpeg") async throws -> Answer {
        try await client.send("POST", path, headers: headers + [("Content-Type", type)], body: bytes)
    }
}

import Detection
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

extension Response {
    /// A JSON document: snake_case keys, times as RFC 3339 in UTC.
    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let data = try encoder.encode(value)
        return Response(
            status: status,
            headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: data))
        )
    }

    /// JSON that the database wrote.
    static func json(text: String) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text))
        )
    }

    /// Text of a type.
    static func text(_ text: String, _ type: String = "text/plain; charset=utf-8") -> Response {
        Response(
            status: .ok,
            headers: [.contentType: type],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text))
        )
    }

    /// Done, and nothing to say.
    static var done: Response { Response(status: .noContent) }
}

extension Request {
    /// Reads a JSON body of at most 64 KiB.
    ///
    /// - Throws: `WebError`: `unsupportedType` unless it says `application/json`, `tooLarge`, `badRequest`.
    func json<Value: Decodable>(_ type: Value.Type) async throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try await decode(type, decoder)
    }

    /// Reads a JSON body of at most 64 KiB whose keys are those of the type, as rules and settings have them.
    ///
    /// - Throws: `WebError` as `json` does; with `invalid` and the words of detection for a rule that cannot be used.
    func document<Value: Decodable>(_ type: Value.Type) async throws -> Value {
        try await decode(type, JSONDecoder())
    }

    private func decode<Value: Decodable>(_ type: Value.Type, _ decoder: JSONDecoder) async throws -> Value {
        guard headers[.contentType]?.lowercased().hasPrefix("application/json") ?? false else {
            throw WebError(.unsupportedType)
        }
        let bytes = try await bytes(atMost: 64 * 1024)
        // Neither the database nor a file's name can hold it, and no keyboard writes it.
        guard !bytes.contains(0), !Self.holdsEscapedNUL(bytes) else { throw WebError(.badRequest, .body) }
        do {
            return try decoder.decode(type, from: Data(bytes.isEmpty ? Array("{}".utf8) : bytes))
        } catch let error as DetectionError {
            throw error
        } catch {
            throw WebError(.badRequest, .body)
        }
    }

    /// Reads a body.
    ///
    /// - Throws: `WebError` with `tooLarge`, before a byte is read when the length is announced.
    func bytes(atMost limit: Int) async throws -> [UInt8] {
        if let length = headers[.contentLength].flatMap({ Int($0) }), length > limit { throw WebError(.tooLarge) }
        do {
            let bytes = Array(try await body.collect(upTo: limit).readableBytesView)
            // A connection that breaks in the middle looks like the end of the body.
            if let length = headers[.contentLength].flatMap({ Int($0) }), length != bytes.count {
                throw WebError(.badRequest, .bodyCut)
            }
            return bytes
        } catch is NIOTooManyBytesError {
            throw WebError(.tooLarge)
        }
    }

    /// True when a text of the JSON holds U+0000: `\\u0000` with an odd number of backslashes before the u.
    private static func holdsEscapedNUL(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while let found = rest.firstRange(of: Array("\\u0000".utf8)) {
            let before = bytes[..<found.lowerBound].reversed().prefix { $0 == UInt8(ascii: "\\") }.count
            if before.isMultiple(of: 2) { return true }
            rest = bytes[found.upperBound...]
        }
        return false
    }

    /// A value of the query, trimmed; nil when it is missing or empty.
    ///
    /// - Throws: `WebError` with `badRequest` when it is longer than 128 characters.
    func query(_ name: String) throws -> String? {
        let pairs = (uri.query ?? "").split(separator: "&").map { $0.split(separator: "=", maxSplits: 1) }
        guard let pair = pairs.first(where: { $0.first ?? "" == name }), pair.count == 2 else { return nil }
        guard let decoded = pair[1].replacing("+", with: " ").removingPercentEncoding else {
            throw WebError(.badRequest, .queryValue)
        }
        let text = decoded.trimmingCharacters(in: .whitespacesAndNewlines)
        guard text.count <= 128, !text.contains("\0") else { throw WebError(.badRequest, .queryValue) }
        return text.isEmpty ? nil : text
    }

    /// A whole number of the query.
    func queryNumber(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = try query(name) else { return nil }
        guard let number = Int(text), range.contains(number) else { throw WebError(.badRequest, .queryValue) }
        return number
    }

    /// A word of the query that must be one of `allowed`.
    func queryWord(_ name: String, of allowed: some Collection<String>) throws -> String? {
        guard let text = try query(name) else { return nil }
        guard allowed.contains(text) else { throw WebError(.badRequest, .queryValue) }
        return text
    }
}

import Foundation
import TestSupport
import Testing
import Yams

/// `docs/openapi.yaml`, and whether real answers are what it says.
///
/// Every answer that a test's browser gets from the API is held against it, so that a key which the document does not
/// know fails the test that met it.
struct OpenAPIDocument: Sendable {
    /// A value as the document describes it.
    indirect enum Schema: Sendable {
        /// Anything.
        case any
        /// A text, number or truth value, perhaps one of few words.
        case plain(type: String, words: [String])
        case list(Schema)
        /// `others`: what further keys hold; nil when there are none.
        case object(properties: [String: Schema], required: [String], others: Schema?)
        /// A name under `components/schemas`.
        case named(String)
    }

    /// What an operation answers, by status.
    struct Operation: Sendable {
        let method: String
        let path: String
        let answers: [String: Body]
    }

    /// What an answer holds.
    struct Body: Sendable {
        /// Nil for no JSON.
        let schema: Schema?
    }

    /// The document of this checkout.
    static let shared = Result { try OpenAPIDocument() }

    let operations: [Operation]
    private let schemas: [String: Schema]

    init() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/openapi.yaml")
        try self.init(text: String(contentsOf: file, encoding: .utf8))
    }

    init(text: String) throws {
        let root = try #require(try Yams.load(yaml: text) as? [String: Any])
        let components = root["components"] as? [String: Any] ?? [:]
        let shared = components["responses"] as? [String: Any] ?? [:]
        schemas = (components["schemas"] as? [String: Any] ?? [:]).mapValues(Self.schema)
        operations = (root["paths"] as? [String: Any] ?? [:]).flatMap { path, value in
            (value as? [String: Any] ?? [:]).compactMap { method, value -> Operation? in
                guard ["get", "post", "put", "delete"].contains(method), let operation = value as? [String: Any],
                    let answers = operation["responses"] as? [String: Any]
                else { return nil }
                let bodies = answers.mapValues { value -> Body in
                    var answer = value as? [String: Any] ?? [:]
                    if let name = answer["$ref"] as? String {
                        answer = shared[Self.last(name)] as? [String: Any] ?? [:]
                    }
                    let content = answer["content"] as? [String: Any] ?? [:]
                    let json = content["application/json"] ?? content["application/problem+json"]
                    return Body(schema: (json as? [String: Any])?["schema"].map(Self.schema))
                }
                return Operation(method: method.uppercased(), path: path, answers: bodies)
            }
        }
    }

    private static func last(_ reference: String) -> String { String(reference.split(separator: "/").last ?? "") }

    private static func schema(_ value: Any) -> Schema {
        guard let value = value as? [String: Any] else { return .any }
        if let reference = value["$ref"] as? String { return .named(last(reference)) }
        switch value["type"] as? String {
        case "object":
            let others = value["additionalProperties"].map { $0 as? Bool == true ? Schema.any : schema($0) }
            return .object(
                properties: (value["properties"] as? [String: Any] ?? [:]).mapValues(schema),
                required: value["required"] as? [String] ?? [],
                others: others
            )
        case "array": return .list(value["items"].map(schema) ?? .any)
        case let type?: return .plain(type: type, words: value["enum"] as? [String] ?? [])
        case nil: return .any
        }
    }

    /// The operation that a request goes to; nil for a path that is none of the API.
    func operation(_ method: String, _ path: String) -> Operation? {
        let asked = path.prefix { $0 != "?" }.split(separator: "/", omittingEmptySubsequences: false)
        func matches(_ path: String) -> Bool {
            let parts = path.split(separator: "/", omittingEmptySubsequences: false)
            return parts.count == asked.count && zip(parts, asked).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
        }
        // A path that is written out goes before one with a part to fill in.
        return operations.filter { $0.method == method && matches($0.path) }
            .min { $0.path.count { $0 == "{" } < $1.path.count { $0 == "{" } }
    }

    /// What of an answer is not as the document says, each with where; empty when all is.
    func problems(_ operation: Operation, status: Int, bytes: [UInt8], isJSON: Bool) -> [String] {
        let other = status >= 400 ? operation.answers["default"] : nil
        guard let body = operation.answers[String(status)] ?? other else {
            return ["status \(status) is not documented"]
        }
        guard isJSON else { return [] }
        guard let schema = body.schema else { return ["JSON that is not documented"] }
        guard let value = try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed) else {
            return ["no JSON"]
        }
        return problems(value, schema, at: "answer")
    }

    private func problems(_ value: Any, _ schema: Schema, at place: String) -> [String] {
        switch schema {
        case .any: return []
        case .named(let name):
            guard let known = schemas[name] else { return ["\(place): there is no schema \(name)"] }
            return problems(value, known, at: place)
        case .plain(let type, let words):
            let isText = value is String
            guard isText == (type == "string"), !(value is [Any]), !(value is [String: Any]) else {
                return ["\(place): is no \(type)"]
            }
            guard let text = value as? String, !words.isEmpty, !words.contains(text) else { return [] }
            return ["\(place): '\(text)' is none of its words"]
        case .list(let element):
            guard let list = value as? [Any] else { return ["\(place): is no list"] }
            return list.enumerated().flatMap { problems($1, element, at: "\(place)[\($0)]") }
        case .object(let properties, let required, let others):
            guard let object = value as? [String: Any] else { return ["\(place): is no object"] }
            let missing = required.filter { object[$0] == nil }.map { "\(place): lacks \($0)" }
            return missing
                + object.sorted { $0.key < $1.key }.flatMap { key, value -> [String] in
                    guard let known = properties[key] ?? others else {
                        return ["\(place): \(key) is not documented"]
                    }
                    return problems(value, known, at: "\(place).\(key)")
                }
        }
    }

    /// Records what of an answer is not as the document says; pages and files are passed over.
    static func hold(_ method: String, _ path: String, _ answer: Answer) {
        guard path.hasPrefix("/api/"), let document = try? shared.get(),
            let operation = document.operation(method, path)
        else { return }
        let type = answer.header("content-type") ?? ""
        let isJSON = type.hasPrefix("application/json") || type.hasPrefix("application/problem+json")
        let found = document.problems(operation, status: answer.status, bytes: answer.body, isJSON: isJSON)
        guard !found.isEmpty else { return }
        let places = Set(found.map { $0.replacing(/\[\d+\]/, with: "[]") }).sorted().prefix(8)
        Issue.record(
            "docs/openapi.yaml, \(method) \(operation.path), \(answer.status): \(places.joined(separator: "; "))"
        )
    }
}

@Suite struct OpenAPIDocumentTests {
    private static let text = """
        paths:
          /a/{id}:
            get:
              responses:
                "200": {$ref: "#/components/responses/A"}
                default: {content: {application/problem+json: {schema: {type: object, required: [title], properties: {title: {type: string}}}}}}
          /a/b:
            get: {responses: {"204": {description: Nothing}}}
        components:
          responses: {A: {content: {application/json: {schema: {$ref: "#/components/schemas/A"}}}}}
          schemas:
            A: {type: object, required: [n], properties: {n: {type: integer}, kind: {type: string, enum: [x]}, list: {type: array, items: {$ref: "#/components/schemas/A"}}, by: {type: object, additionalProperties: {type: integer}}}}
        """

    @Test(
        "a key, a word or a status that the document does not know is found, wherever it stands",
        arguments: [
            (200, #"{"n": 1, "kind": "x", "list": [{"n": 2}], "by": {"any": 3}}"#, ""),
            (200, #"{"n": 1, "list": [{"n": 2, "more": 1}]}"#, "answer.list[0]: more is not documented"),
            (200, #"{"kind": "x"}"#, "answer: lacks n"), (200, #"{"n": 1, "kind": "y"}"#, "none of its words"),
            (200, #"{"n": "1"}"#, "answer.n: is no integer"), (200, #"[1]"#, "answer: is no object"),
            (200, #"{"n": 1, "by": {"any": {}}}"#, "answer.by.any"), (201, #"{"n": 1}"#, "status 201"),
            (404, #"{"title": "gone"}"#, ""), (404, #"{"title": "gone", "why": "x"}"#, "why is not documented"),
        ]
    )
    func finds(status: Int, body: String, words: String) throws {
        let document = try OpenAPIDocument(text: Self.text)
        let operation = try #require(document.operation("GET", "/a/7?x=1"))
        let found = document.problems(operation, status: status, bytes: Array(body.utf8), isJSON: true)
        #expect(words.isEmpty ? found.isEmpty : found.contains { $0.contains(words) }, "\(found)")
        #expect(document.operation("GET", "/a/b")?.answers["204"] != nil)
        #expect(document.operation("GET", "/b") == nil)
    }
}

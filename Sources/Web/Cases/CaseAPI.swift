import Cases
import Foundation
import HTTPTypes
import Hummingbird
import Store

/// `/api/v1/cases`: list, detail and what operators do.
struct CaseAPI: Sendable {
    let reader: CaseReader
    let desk: CaseActions

    var routes: [Route] {
        [
            .get("/api/v1/cases", .everyone, list),
            .get("/api/v1/cases/counts", .everyone, counts),
            .get("/api/v1/cases/{id}", .everyone, detail),
            .post("/api/v1/cases/{id}/dispatch", .operators, dispatch),
            .post("/api/v1/cases/{id}/reject", .operators, reject),
            .post("/api/v1/cases/{id}/supervise", .operators, supervise),
            .post("/api/v1/cases/{id}/rework", .operators, rework),
            .post("/api/v1/cases/{id}/approve", .operators, approve),
        ]
    }

    private struct Dispatch: Decodable {
        /// Nil for the post that holds the case's grid.
        let postId: Int?
        let note: String?
        /// The version of the case that the person saw; nil for programs that have not looked.
        let version: Int?
    }

    private struct Rejection: Decodable {
        let reason: String
        let note: String?
        let version: Int?
    }

    private struct Note: Decodable {
        let note: String?
        let version: Int?
    }

    @Sendable private func list(_ request: Request, _ context: WebContext) async throws -> Response {
        let page = try await reader.list(
            try CaseFilter(request),
            order: try CaseOrder(request),
            access: try context.access(),
            after: try request.query("after"),
            limit: try request.queryNumber("limit", in: 1...200) ?? 50
        )
        return try Response.json(page)
    }

    @Sendable private func counts(_ request: Request, _ context: WebContext) async throws -> Response {
        try Response.json(try await reader.counts(access: try context.access()))
    }

    @Sendable private func detail(_ request: Request, _ context: WebContext) async throws -> Response {
        guard let found = try await reader.detail(id: try context.number("id"), access: try context.access()) else {
            throw WebError(.notFound)
        }
        return try Response.json(found)
    }

    @Sendable private func dispatch(_ request: Request, _ context: WebContext) async throws -> Response {
        let body = try await request.json(Dispatch.self)
        return try await act(context, body.note) { id, actor, note in
            try await desk.dispatch(case: id, toPost: body.postId, by: actor, note: note, seen: body.version)
        }
    }

    @Sendable private func reject(_ request: Request, _ context: WebContext) async throws -> Response {
        let body = try await request.json(Rejection.self)
        let reason = try FalseAlarm.reason(body.reason)
        return try await act(context, body.note) { id, actor, note in
            try await desk.reject(case: id, reason: reason, by: actor, note: note, seen: body.version)
        }
    }

    @Sendable private func supervise(_ request: Request, _ context: WebContext) async throws -> Response {
        let body = try await request.json(Note.self)
        return try await act(context, body.note) { id, actor, note in
            try await desk.supervise(case: id, by: actor, note: note, seen: body.version)
        }
    }

    @Sendable private func rework(_ request: Request, _ context: WebContext) async throws -> Response {
        let body = try await request.json(Note.self)
        return try await act(context, body.note) { id, actor, note in
            try await desk.rework(case: id, by: actor, note: note, seen: body.version)
        }
    }

    @Sendable private func approve(_ request: Request, _ context: WebContext) async throws -> Response {
        let body = try await request.json(Note.self)
        return try await act(context, body.note) { id, actor, note in
            try await desk.approve(case: id, by: actor, note: note, seen: body.version)
        }
    }

    /// Does something with the case of the path and answers with the case as it is then.
    private func act(
        _ context: WebContext,
        _ note: String?,
        _ action: (Int, CaseActor, String?) async throws -> CaseStanding
    ) async throws -> Response {
        let id = try context.number("id")
        let access = try context.access()
        _ = try await action(id, try context.actor(), try NoteText.check(note))
        guard let found = try await reader.detail(id: id, access: access) else { throw WebError(.notFound) }
        return try Response.json(found)
    }
}

extension CaseFilter {
    /// Reads the filter of a list from the query.
    ///
    /// - Throws: `WebError` with `badRequest` for a value that no list offers.
    init(_ request: Request) throws {
        self.init()
        let states = State.allCases.map(\.rawValue)
        self.state = try request.queryWord("state", of: states).flatMap(State.init) ?? .open
        self.stage = try request.query("stage")
        self.hazardType = try request.query("hazard")
        self.severity = try request.queryNumber("severity", in: 1...4)
        self.gridID = try request.queryNumber("grid", in: 1...Int(Int32.max))
        self.cameraID = try request.query("camera")
        self.text = try request.query("q")
        self.isHeldBack = try request.queryWord("held_back", of: ["0", "1"]) == "1"
        self.isOverdue = try request.queryWord("overdue", of: ["0", "1"]) == "1"
    }
}

extension CaseOrder {
    /// Reads the order of a list from the query; nil when it asks for none.
    ///
    /// - Throws: `WebError` with `badRequest` for an order that no list has.
    init?(_ request: Request) throws {
        let direction = try request.queryWord("dir", of: ["asc", "desc"])
        guard let key = try request.queryWord("sort", of: Key.allCases.map(\.rawValue)).flatMap(Key.init) else {
            return nil
        }
        self = direction.map { CaseOrder(key, isDescending: $0 == "desc") } ?? .first(key)
    }
}

/// Notes that people write.
enum NoteText {
    /// The note without blanks around it; nil when nothing is left.
    ///
    /// - Throws: `WebError` with `invalid` when it is too long.
    static func check(_ note: String?) throws -> String? {
        let text = note?.trimmingCharacters(in: .whitespacesAndNewlines).replacing("\0", with: "") ?? ""
        guard text.count <= CaseLimits.note else { throw WebError(.invalid, .textLength) }
        return text.isEmpty ? nil : text
    }
}

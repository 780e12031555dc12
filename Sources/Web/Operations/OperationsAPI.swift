import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Store

/// `/api/v1/operations` and what operators change there: quarantine, platforms, sampling.
struct OperationsAPI: Sendable {
    let desk: OperationsService

    var routes: [Route] {
        [
            .get("/api/v1/operations", .office, report),
            .post("/api/v1/quarantine/{camera}/release", .operators, release),
            .post("/api/v1/set-aside-alerts/retry", .operators, retrySetAside),
            .post("/api/v1/platforms", .operators, setPlatform),
            .delete("/api/v1/platforms/{host}", .operators, removePlatform),
            .post("/api/v1/sampling-overrides", .operators, setOverride),
            .delete("/api/v1/sampling-overrides/{id}", .operators, removeOverride),
        ]
    }

    private struct PlatformDraft: Decodable {
        let host: String
        let name: String
        let patrolSessions: Int?
        let note: String?
    }

    private struct OverrideDraft: Decodable {
        let camera: String?
        let tag: String?
        let interval: Int
        let schedule: [SamplingWindow]?
    }

    private struct Key: Encodable {
        let id: Int
    }

    @Sendable private func report(_ request: Request, _ context: WebContext) async throws -> Response {
        try Response.json(try await desk.report())
    }

    @Sendable private func release(_ request: Request, _ context: WebContext) async throws -> Response {
        let camera = try context.text("camera")
        guard try await desk.quarantine.release(camera) else { throw WebError(.notFound) }
        await note("quarantine released", camera, context)
        return .done
    }

    @Sendable private func retrySetAside(_ request: Request, _ context: WebContext) async throws -> Response {
        let outcome = try await desk.setAside.retry()
        await note("set-aside alerts tried again", "\(outcome.stored) stored, \(outcome.left) left", context)
        return try Response.json(outcome)
    }

    @Sendable private func setPlatform(_ request: Request, _ context: WebContext) async throws -> Response {
        let draft = try await request.json(PlatformDraft.self)
        let platform = Platform(
            host: draft.host.trimmingCharacters(in: .whitespacesAndNewlines),
            name: draft.name.trimmingCharacters(in: .whitespacesAndNewlines),
            patrolSessions: draft.patrolSessions,
            note: try NoteText.check(draft.note)
        )
        try await desk.platforms.set(platform)
        await note("platform set", platform.host, context)
        return .done
    }

    @Sendable private func removePlatform(_ request: Request, _ context: WebContext) async throws -> Response {
        let host = try context.text("host", atMost: 255)
        guard try await desk.platforms.remove(host: host) else { throw WebError(.notFound) }
        await note("platform removed", host, context)
        return .done
    }

    @Sendable private func setOverride(_ request: Request, _ context: WebContext) async throws -> Response {
        let draft = try await request.json(OverrideDraft.self)
        let target: SamplingOverrides.Target
        switch (draft.camera, draft.tag) {
        case (let camera?, nil): target = .camera(camera.trimmingCharacters(in: .whitespacesAndNewlines))
        case (nil, let tag?): target = .tag(tag.trimmingCharacters(in: .whitespacesAndNewlines))
        default: throw WebError(.invalid, .samplingTarget)
        }
        let schedule = try SamplingWindow.text(draft.schedule)
        let id = try await desk.overrides.set(target, interval: draft.interval, schedule: schedule)
        await note("sampling override set", "\(draft.camera ?? draft.tag ?? "") \(draft.interval) s", context)
        return try Response.json(Key(id: id), status: .created)
    }

    @Sendable private func removeOverride(_ request: Request, _ context: WebContext) async throws -> Response {
        let id = try context.number("id")
        guard id <= Int(Int32.max), try await desk.overrides.remove(id: id) else { throw WebError(.notFound) }
        await note("sampling override removed", String(id), context)
        return .done
    }

    /// Writes the change to the log, and lets the next report show it.
    private func note(_ message: String, _ what: String, _ context: WebContext) async {
        let by = context.visitor?.account.login ?? "-"
        context.logger.notice("\(message)", metadata: ["what": "\(what.prefix(200))", "by": "\(by)"])
        await desk.changed()
    }
}

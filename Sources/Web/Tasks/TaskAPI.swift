import Cases
import HTTPTypes
import Hummingbird
import Store

/// `/api/v1/tasks`: the worker's side of a case.
struct TaskAPI: Sendable {
    let reader: TaskReader
    let desk: CaseActions
    let photos: PhotoStore

    var routes: [Route] {
        [
            .get("/api/v1/tasks", .everyone, list),
            .get("/api/v1/tasks/{id}", .everyone, detail),
            .post("/api/v1/tasks/{id}/accept", .roles([.worker]), accept),
            .post("/api/v1/tasks/{id}/photos", .roles([.worker]), addPhoto),
            .delete("/api/v1/tasks/{id}/photos/{sha256}", .roles([.worker]), removePhoto),
            .post("/api/v1/tasks/{id}/handled", .roles([.worker]), handled),
            .post("/api/v1/tasks/{id}/false-alarm", .roles([.worker]), falseAlarm),
        ]
    }

    private struct Report: Decodable {
        let note: String?
        let photos: [String]?
        /// Whether the worker agrees to tell when and where the pictures were taken.
        let origin: Bool?
        /// The version of the task that the person saw; nil for programs that have not looked.
        let version: Int?
    }

    private struct Sight: Decodable {
        let version: Int?
    }

    private struct Refusal: Decodable {
        let reason: String
        let note: String?
        let version: Int?
    }

    @Sendable private func list(_ request: Request, _ context: WebContext) async throws -> Response {
        let account = try context.requireVisitor().account
        let states = TaskReader.State.allCases.map(\.rawValue)
        let page = try await reader.list(
            try request.queryWord("state", of: states).flatMap(TaskReader.State.init) ?? .active,
            post: account.role == .worker ? account.postID : nil,
            access: account.access,
            after: try request.query("after"),
            limit: try request.queryNumber("limit", in: 1...200) ?? 50
        )
        return try Response.json(page)
    }

    @Sendable private func detail(_ request: Request, _ context: WebContext) async throws -> Response {
        try Response.json(try await task(context))
    }

    @Sendable private func accept(_ request: Request, _ context: WebContext) async throws -> Response {
        // Clients that name no version need no body.
        let isJSON = request.headers[.contentType] != nil
        let seen = isJSON ? try await request.json(Sight.self).version : nil
        let task = try await task(context)
        try await desk.accept(task: task.id, by: try context.actor(), seen: seen)
        return try await detail(request, context)
    }

    /// Takes the bytes of one picture; the report then names it by its hash.
    ///
    /// Pictures go one by one, before the report: on a bad network each can be sent again alone, and the same bytes
    /// twice are one picture. With `origin=1` the worker agrees to tell when and where this one was taken.
    @Sendable private func addPhoto(_ request: Request, _ context: WebContext) async throws -> Response {
        let wantsOrigin = try request.queryWord("origin", of: ["0", "1"]) == "1"
        let task = try await ownTask(context)
        guard task.state.isActive else { throw Self.over(task) }
        guard request.headers[.contentType]?.lowercased().hasPrefix("image/") ?? false else {
            throw WebError(.unsupportedType, .notAPicture)
        }
        let account = try context.requireVisitor().account.id
        let length = min(request.headers[.contentLength].flatMap { Int($0) } ?? .max, PhotoStore.maximumBytes)
        guard length >= 0 else { throw WebError(.badRequest) }
        try photos.uploads.enter(account, bytes: length)
        defer { photos.uploads.leave(account, bytes: length) }
        let bytes: [UInt8]
        do {
            bytes = try await request.bytes(atMost: PhotoStore.maximumBytes)
        } catch let error as WebError where error.code == .tooLarge {
            throw WebError(.tooLarge, .pictureSize)
        }
        let photo = try await photos.keep(bytes, task: task.id, wantsOrigin ? .origin : .pixels)
        return try Response.json(photo, status: .created)
    }

    /// Takes a picture back that was sent and not reported: it makes room for another one.
    @Sendable private func removePhoto(_ request: Request, _ context: WebContext) async throws -> Response {
        let task = try await ownTask(context)
        let hash = try context.text("sha256", atMost: 64)
        guard task.state.isActive else { throw Self.over(task) }
        guard !task.photos.contains(where: { $0.sha256 == hash }) else { throw WebError(.conflict, .taskNotYours) }
        try await photos.forget(sha256: hash, task: task.id)
        return .done
    }

    @Sendable private func handled(_ request: Request, _ context: WebContext) async throws -> Response {
        let body = try await request.json(Report.self)
        let note = try NoteText.check(body.note)
        let task = try await task(context)
        let hashes = body.photos ?? []
        guard hashes.count <= CaseLimits.photos, Set(hashes).count == hashes.count else {
            throw WebError(.invalid, .tooManyPictures)
        }
        let found = try hashes.map { hash in
            guard let photo = photos.photo(sha256: hash, task: task.id) else {
                throw WebError(.invalid, .pictureMissing)
            }
            return photo
        }
        let kept = found.map { photo in
            let origin = body.origin == true ? photos.origin(of: photo) : nil
            return TaskPhoto(path: photo.path, sha256: photo.sha256, bytes: photo.bytes, origin: origin)
        }
        try await desk.handled(task: task.id, by: try context.actor(), note: note, photos: kept, seen: body.version)
        photos.forgetOrigins(of: found)
        return try await detail(request, context)
    }

    @Sendable private func falseAlarm(_ request: Request, _ context: WebContext) async throws -> Response {
        let body = try await request.json(Refusal.self)
        let note = try NoteText.check(body.note)
        let reason = try FalseAlarm.reason(body.reason)
        let task = try await task(context)
        try await desk.falseAlarm(
            task: task.id,
            by: try context.actor(),
            reason: reason,
            note: note,
            seen: body.version
        )
        return try await detail(request, context)
    }

    private func task(_ context: WebContext) async throws -> TaskSummary {
        guard let task = try await reader.task(id: try context.number("id"), access: try context.access()) else {
            throw WebError(.notFound)
        }
        return task
    }

    /// Why nothing can be added to a task any more.
    private static func over(_ task: TaskSummary) -> StoreError {
        task.state == .cancelled
            ? StoreError(.conflict, "task \(task.id) was taken back", because: .taskWithdrawn, after: task.withdrawal)
            : StoreError(.conflict, "task \(task.id) is finished", because: .taskChanged)
    }

    /// The task of the path, when it belongs to the visitor's post.
    ///
    /// For pictures only, which come before the report; actions on the task are refused by the workflow.
    private func ownTask(_ context: WebContext) async throws -> TaskSummary {
        let task = try await task(context)
        do {
            try CaseWorkflow.requireHolder(of: task.postID, try context.actor())
        } catch let error as CaseError {
            throw StoreError(.forbidden, error.message, because: .foreignTask)
        }
        return task
    }
}

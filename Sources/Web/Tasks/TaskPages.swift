import Cases
import Foundation
import HTTPTypes
import Hummingbird
import Store

/// The worker's pages, made for a phone in the sun.
struct TaskPages: Sendable {
    let tasks: TaskReader
    let pages: PageRenderer

    var routes: [Route] {
        [
            .get("/tasks", .everyone, list),
            .get("/tasks/{id}", .everyone, detail),
        ]
    }

    /// `GET /tasks`: a worker sees those of his post, others those of everybody.
    @Sendable func list(_ request: Request, _ context: WebContext) async throws -> Response {
        let strings = pages.strings(context.language)
        let account = try context.requireVisitor().account
        let states = TaskReader.State.allCases.map(\.rawValue)
        let state = try request.queryWord("state", of: states).flatMap(TaskReader.State.init) ?? .active
        let page = try await tasks.list(
            state,
            post: account.role == .worker ? account.postID : nil,
            access: account.access,
            after: try request.query("after"),
            limit: 30
        )
        let values: [String: Any] = [
            "rows": page.items.map { TaskView.row($0, reader: account.id, context.language, strings) },
            "is_empty": page.items.isEmpty, "is_active": state == .active, "is_finished": state == .finished,
            "has_next": page.next != nil,
            "next": page.next.map { "/tasks?" + Choices.query(request, replacing: "after", with: $0) } ?? "",
        ]
        return pages.page("tasks", values, context)
    }

    /// `GET /tasks/{id}`.
    @Sendable func detail(_ request: Request, _ context: WebContext) async throws -> Response {
        let strings = pages.strings(context.language)
        let account = try context.requireVisitor().account
        guard let task = try await tasks.task(id: try context.number("id"), access: account.access) else {
            throw WebError(.notFound)
        }
        var values = TaskView.row(task, reader: account.id, context.language, strings)
        let isOwn = account.role == .worker && task.postID == account.postID
        values["can_accept"] = isOwn && task.state == .open
        values["can_finish"] = isOwn && task.state == .accepted
        values["can_report_false"] = isOwn && task.state.isActive
        values["is_foreign"] = !isOwn
        values["is_own"] = isOwn
        values["task_act"] = TaskView.act(task, reader: account.id, strings)
        values["too_many"] = strings[WebError.Reason.tooManyPictures.rawValue]
        values["reasons"] = Choices.labelled(FalseAlarm.codes, "reason", chosen: nil, strings)
        values["maximum_photos"] = CaseLimits.photos
        return pages.page("task", values, context)
    }
}

/// What the templates of tasks show.
enum TaskView {
    /// What was done with a task last, as a sentence; empty for one that is as it was given.
    static func act(_ task: TaskSummary, reader: Int, _ strings: Strings) -> String {
        let acts: [(CaseEventKind, String?, Date?)] = [
            (task.state == .handled ? .handled : .falseAlarm, task.finishedBy, task.finishedAt),
            (.accepted, task.acceptedBy, task.acceptedAt),
        ]
        let done = acts.lazy.compactMap { kind, who, when in
            who.flatMap { who in when.map { CaseAct(kind: kind, actor: who, accountID: nil, at: $0, post: nil) } }
        }
        return RefusalText.act(task.withdrawal ?? done.first, key: "act_task", reader: reader, strings)
    }

    /// A card of the list, and all that the detail page shows.
    ///
    /// `reader`: account of who reads it.
    static func row(_ task: TaskSummary, reader: Int, _ language: Language, _ strings: Strings) -> [String: Any] {
        let isActive = task.state.isActive
        let left = TimeLeft(deadline: isActive ? task.deadlineAt : nil, from: task.dueFrom, strings)
        let name = task.address ?? task.cameraName ?? task.hazard.text(language)
        let links = task.latitude.flatMap { latitude in
            task.longitude.map { MapLinks.links(longitude: $0, latitude: latitude, name: name) }
        }
        return [
            "seen_version": task.version, "is_withdrawn": task.withdrawal != nil,
            "withdrawal": RefusalText.act(task.withdrawal, key: "act_task", reader: reader, strings),
            "id": task.id, "case_id": task.caseID, "case_number": task.caseNumber, "task_state": task.state.rawValue,
            "task_state_label": strings.label("taskstate", task.state.rawValue), "is_task_active": task.state.isActive,
            "post": task.post, "hazard": task.hazard.text(language), "severity": task.severity,
            "severity_label": strings.label("severity", String(task.severity)),
            "grid": task.grid?.name ?? strings["no_grid"], "grid_path": task.grid?.path ?? strings["no_grid"],
            "camera": task.cameraName ?? "", "address": task.address ?? "", "has_address": task.address != nil,
            "created": LocalTime.short(task.createdAt), "deadline": LocalTime.short(task.deadlineAt),
            "deadline_machine": LocalTime.machine(task.deadlineAt), "start_machine": LocalTime.machine(task.createdAt),
            "lamp": isActive ? left.lamp : "done", "left": isActive ? left.text : "",
            "accepted": task.acceptedAt.map(LocalTime.short) ?? "", "has_accepted": task.acceptedAt != nil,
            "accepted_by": task.acceptedBy ?? "", "finished": task.finishedAt.map(LocalTime.short) ?? "",
            "has_finished": task.finishedAt != nil, "finished_by": task.finishedBy ?? "",
            "reason": task.reason.map { strings.label("reason", $0) } ?? "", "has_reason": task.reason != nil,
            "note": task.note ?? "", "has_note": task.note != nil,
            "picture": task.picture?.path ?? "", "has_picture": task.picture != nil,
            "nopic": strings[task.pictureRemovedAt == nil ? "no_picture" : "picture_over"],
            "photos": task.photos.map { photo($0, of: task, strings) }, "has_photos": !task.photos.isEmpty,
            "fault": FaultText.sentence(task.faultReason, strings) ?? "", "has_fault": task.faultReason != nil,
            "has_place": links != nil,
            "maps": (links ?? []).map { ["app": $0.app, "url": $0.url, "label": strings.label("map_app", $0.app)] },
        ]
    }

    /// A photo, with when and where it was taken where the worker told it.
    private static func photo(_ photo: ReportPhoto, of task: TaskSummary, _ strings: Strings) -> [String: Any] {
        var origin =
            photo.takenAt.map { [strings["photo_taken"].replacing("{time}", with: LocalTime.minute($0))] } ?? []
        if let longitude = photo.longitude, let latitude = photo.latitude {
            origin.append(String(format: "%.6f, %.6f", latitude, longitude))
            if let east = task.longitude, let north = task.latitude {
                let away = metres(from: (longitude, latitude), to: (east, north))
                origin.append(strings["photo_away"].replacing("{n}", with: String(away)))
            }
        }
        return [
            "path": photo.path, "sha256": photo.sha256, "origin": origin.joined(separator: " · "),
            "has_origin": !origin.isEmpty,
        ]
    }

    /// Metres between two places; right to the metre within the county.
    static func metres(from: (longitude: Double, latitude: Double), to: (longitude: Double, latitude: Double)) -> Int {
        let degree = 111_195.0
        let north = (to.latitude - from.latitude) * degree
        let east = (to.longitude - from.longitude) * degree * cos((from.latitude + to.latitude) * .pi / 360)
        return Int((north * north + east * east).squareRoot().rounded())
    }
}

import Foundation
import HTTPTypes
import Hummingbird
import Store

/// The worker's pages, made for a phone in the sun.
struct TaskPages: Sendable {
    let site: Site

    /// `GET /tasks`: a worker sees those of his post, others those of everybody.
    @Sendable func list(_ request: Request, _ context: WebContext) async throws -> Response {
        let strings = site.pages.strings(context.language)
        let account = try context.requireVisitor().account
        let states = TaskReader.State.allCases.map(\.rawValue)
        let state = try request.queryWord("state", of: states).flatMap(TaskReader.State.init) ?? .active
        let page = try await site.tasks.list(
            state,
            post: account.role == .worker ? account.postID : nil,
            access: account.access,
            after: try request.query("after"),
            limit: 30
        )
        let values: [String: Any] = [
            "rows": page.items.map { TaskView.row($0, context.language, strings) },
            "is_empty": page.items.isEmpty, "is_active": state == .active, "is_finished": state == .finished,
            "has_next": page.next != nil,
            "next": page.next.map { "/tasks?" + Choices.query(request, replacing: "after", with: $0) } ?? "",
        ]
        return site.pages.page("tasks", values, context)
    }

    /// `GET /tasks/{id}`.
    @Sendable func detail(_ request: Request, _ context: WebContext) async throws -> Response {
        let strings = site.pages.strings(context.language)
        let account = try context.requireVisitor().account
        guard let task = try await site.tasks.task(id: try context.number("id"), access: account.access) else {
            throw WebError(.notFound)
        }
        var values = TaskView.row(task, context.language, strings)
        let isOwn = account.role == .worker && task.postID == account.postID
        values["can_accept"] = isOwn && task.state == "open"
        values["can_finish"] = isOwn && task.state == "accepted"
        values["can_report_false"] = isOwn && ["open", "accepted"].contains(task.state)
        values["is_foreign"] = !isOwn
        values["reasons"] = Choices.labelled(FalseAlarm.codes, "reason", chosen: nil, strings)
        values["maximum_photos"] = PhotoStore.maximumCount
        return site.pages.page("task", values, context)
    }
}

/// What the templates of tasks show.
enum TaskView {
    /// A card of the list, and all that the detail page shows.
    static func row(_ task: TaskSummary, _ language: Language, _ strings: Strings) -> [String: Any] {
        let isActive = ["open", "accepted"].contains(task.state)
        let left = TimeLeft(deadline: isActive ? task.deadlineAt : nil, from: task.createdAt, strings)
        let place = task.latitude.flatMap { latitude in task.longitude.map { (latitude, $0) } }
        return [
            "id": task.id, "case_id": task.caseID, "case_number": task.caseNumber, "task_state": task.state,
            "task_state_label": strings.label("taskstate", task.state), "is_task_active": isActive,
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
            "photos": task.photos.map { ["path": $0.path, "sha256": $0.sha256] }, "has_photos": !task.photos.isEmpty,
            "has_place": place != nil,
            "place": place.map { String(format: "%.6f,%.6f", $0.0, $0.1) } ?? "",
        ]
    }
}

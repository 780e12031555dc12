import Cases
import Foundation
import Store

/// What the templates of cases show.
enum CaseView {
    /// A row of the list.
    static func row(_ item: CaseSummary, _ language: Language, _ strings: Strings) -> [String: Any] {
        let isOpen = item.outcome == nil
        let left = TimeLeft(deadline: isOpen ? item.dueAt : nil, from: item.dueFrom, strings)
        let isNew = ["inspection", "report"].contains(item.stage)
        return [
            "id": item.id, "number": item.number, "hazard": item.hazard.text(language), "severity": item.severity,
            "severity_label": strings.label("severity", String(item.severity)), "stage": item.stage,
            "stage_label": strings.label("stage", item.stage), "is_open": isOpen,
            "outcome": item.outcome ?? "", "outcome_label": item.outcome.map { strings.label("outcome", $0) } ?? "",
            "grid": item.grid?.name ?? strings["no_grid"], "grid_path": item.grid?.path ?? strings["no_grid"],
            "camera_id": item.cameraID ?? "", "camera": item.cameraName ?? "", "has_camera": item.cameraID != nil,
            "address": item.address ?? "", "has_address": item.address != nil, "alerts": item.alertCount,
            "opened": LocalTime.short(item.openedAt), "opened_full": LocalTime.second(item.openedAt),
            "opened_machine": LocalTime.machine(item.openedAt), "last_alert": LocalTime.short(item.lastAlertAt),
            "closed": item.closedAt.map(LocalTime.short) ?? "", "has_deadline": isOpen && item.dueAt != nil,
            "deadline": item.dueAt.map(LocalTime.short) ?? "",
            "deadline_machine": item.dueAt.map(LocalTime.machine) ?? "",
            "deadline_label": strings[isNew ? "limit_triage" : "limit_handle"],
            "is_unstaffed": isOpen && isNew && item.unstaffedAt != nil, "seen_version": item.version,
            "lamp": isOpen ? left.lamp : "done", "left": left.text,
            "is_held_back": isOpen && item.heldBackAt != nil && item.stage == "inspection",
            "assignee": item.assignee ?? "", "has_assignee": item.assignee != nil,
            "picture": item.picture?.path ?? "", "has_picture": item.picture != nil,
            "nopic": strings[item.pictureRemovedAt == nil ? "no_picture" : "picture_over"],
            "nopic_hint": strings[item.pictureRemovedAt == nil ? "no_picture_hint" : "picture_over_hint"],
        ]
    }

    /// The strip of numbers.
    static func counts(_ counts: CaseCounts) -> [String: Any] {
        [
            "open": counts.open, "overdue": counts.overdue, "has_overdue": counts.overdue > 0,
            "held_back": counts.heldBack, "has_held_back": counts.heldBack > 0,
            "triage_overdue": counts.triageOverdue, "has_triage_overdue": counts.triageOverdue > 0,
            "opened_today": counts.openedToday, "closed_today": counts.closedToday,
        ]
    }

    /// Everything of the detail page but the actions.
    ///
    /// `reader`: account of who reads it.
    static func detail(_ item: CaseDetail, reader: Int, _ language: Language, _ strings: Strings) -> [String: Any] {
        var values = row(item.summary, language, strings)
        values["sha256"] = item.summary.picture?.sha256 ?? ""
        let latest = item.alerts.lazy.compactMap(\.lastPicture).first
        values["has_latest"] = latest != nil && latest != item.summary.picture
        values["latest"] = latest?.path ?? ""
        values["latest_sha256"] = latest?.sha256 ?? ""
        values["rule"] = rule(item, strings)
        values["fault"] = FaultText.sentence(item.faultReason, strings) ?? ""
        values["has_fault"] = item.faultReason != nil
        values["technical"] = technical(item)
        values["last_act"] = RefusalText.act(item.lastAct, reader: reader, strings)
        values["is_supervised"] = item.summary.supervisedAt != nil
        values["grid_id"] = item.summary.grid?.id ?? 0
        values["grid_code"] = item.summary.grid?.code ?? ""
        values["has_place"] = item.longitude != nil && item.latitude != nil && item.summary.grid != nil
        values["longitude"] = item.longitude.map(coordinate) ?? ""
        values["latitude"] = item.latitude.map(coordinate) ?? ""
        values["handled_by"] = item.handledBy ?? ""
        values["has_handler"] = item.handledBy != nil
        values["has_checker"] = item.checkedBy != nil
        values["checked_by"] = item.checkedBy ?? ""
        values["recurs"] = item.recursCaseID.map(String.init) ?? ""
        values["recurs_number"] = item.recursNumber ?? ""
        values["merged_number"] = item.mergedNumber ?? ""
        values["has_recurs"] = item.recursCaseID != nil
        values["merged_into"] = item.mergedInto.map(String.init) ?? ""
        values["has_merged"] = item.mergedInto != nil
        values["steps"] = steps(item.summary, strings)
        values["alert_rows"] = item.alerts.map { alert($0, strings) }
        values["has_alerts"] = !item.alerts.isEmpty
        values["events"] = item.events.map { event($0, strings) }
        values["newest_event"] = item.events.last?.id ?? 0
        values["tasks"] = item.tasks.map { TaskView.row($0, reader: reader, language, strings) }
        values["has_tasks"] = !item.tasks.isEmpty
        return values
    }

    /// How people call the rule of a case: by its name, or else by what it looks for.
    private static func rule(_ item: CaseDetail, _ strings: Strings) -> String {
        if item.ruleID == CameraFault.rule { return strings.label("kind", CameraFault.kind) }
        guard item.ruleID != nil else { return "—" }
        let kind = item.alerts.last { $0.ruleID == item.ruleID }.map { strings.label("kind", $0.kind) }
        return item.ruleName ?? kind ?? strings["rule_unnamed"]
    }

    /// What the programs say, for those who look after them.
    private static func technical(_ item: CaseDetail) -> String {
        var lines = [
            "case: \(item.summary.id) (\(item.summary.number))", "version: \(item.summary.version)",
            "camera: \(item.summary.cameraID ?? "-")", "rule: \(item.ruleID ?? "-")",
            "hazard_type: \(item.summary.hazardType)",
        ]
        if let reason = item.faultReason { lines.append("reason: \(reason)") }
        lines += item.alerts.prefix(10).map { "alert: \($0.id) rule \($0.ruleID) settings \($0.settingsVersion)" }
        return lines.joined(separator: "\n")
    }

    /// An alert of a case or camera.
    static func alert(_ alert: AlertLine, _ strings: Strings) -> [String: Any] {
        let seconds = (alert.endedAt ?? Date()).timeIntervalSince(alert.startedAt)
        return [
            "kind": strings.label("kind", alert.kind),
            "rule": alert.ruleName ?? "",
            "started": LocalTime.second(alert.startedAt), "started_machine": LocalTime.machine(alert.startedAt),
            "duration": "\(Int(max(0, min(seconds, 86_400)))) s", "is_running": alert.endedAt == nil,
            "is_end_unseen": alert.endUnseen,
            "score": Int((alert.score * 100).rounded()), "picture": alert.picture?.path ?? "",
            "nopic": alert.pictureRemovedAt == nil ? "—" : strings["picture_over"],
            "has_picture": alert.picture != nil, "sha256": alert.picture?.sha256 ?? "",
            "settings": alert.settingsVersion, "case_id": alert.caseID ?? 0, "has_case": alert.caseID != nil,
        ]
    }

    private static func event(_ event: CaseEventLine, _ strings: Strings) -> [String: Any] {
        let vacant = event.vacant.joined(separator: strings["list_comma"])
        let why = event.kind == CaseEventKind.unstaffed.rawValue ? "event_nobody" : "event_passed_over"
        return [
            "has_post": event.post != nil, "post": event.post ?? "",
            "has_reason": event.reason != nil, "reason": event.reason.map { strings.label("reason", $0) } ?? "",
            "has_vacant": !vacant.isEmpty, "vacant": strings[why].replacing("{posts}", with: vacant),
            "at": LocalTime.second(event.at), "at_machine": LocalTime.machine(event.at), "kind": event.kind,
            "label": strings.label("event", event.kind),
            "actor": event.actor == "system" ? strings["actor_system"] : event.actor, "note": event.note ?? "",
            "is_repeated": event.times > 1, "times": event.times, "last_at": LocalTime.second(event.lastAt),
            "last_at_machine": LocalTime.machine(event.lastAt), "has_note": event.note != nil,
            "has_stage": event.stageTo != nil,
            "stage_to": event.stageTo.map { strings.label("stage", $0) } ?? "",
        ]
    }

    private static func steps(_ item: CaseSummary, _ strings: Strings) -> [[String: Any]] {
        let current = CasePages.stages.firstIndex(of: item.stage) ?? 0
        return CasePages.stages.enumerated().map { index, stage in
            let isPast = index < current || item.outcome == "resolved"
            // Not every case is watched from above: a stage that was never entered is not done.
            let isSkipped = isPast && stage == CaseStage.supervision.rawValue && item.supervisedAt == nil
            return [
                "number": isSkipped ? "–" : "\(index + 1)", "label": strings.label("stage", stage),
                "is_done": isPast && !isSkipped, "is_skipped": isSkipped,
                "is_current": index == current && item.outcome == nil,
            ]
        }
    }

    /// What the visitor may do now; the same rules guard the actions themselves.
    static func actions(_ item: CaseDetail, isOperator: Bool, account: Int) -> [String: Any] {
        let stage = item.summary.stage
        let isOpen = item.summary.outcome == nil && isOperator
        let isNew = ["inspection", "report"].contains(stage)
        let isWorkedOn = ["dispatch", "supervision"].contains(stage)
        let isDone = isOpen && stage == "verification"
        let isOwnWork = item.handledByID == account
        return [
            "any": isOpen, "dispatch": isOpen && isNew, "redispatch": isOpen && isWorkedOn,
            "supervise": isOpen && stage == "dispatch", "reject": isOpen && (isNew || isWorkedOn),
            "check": isDone && !isOwnWork, "own_work": isDone && isOwnWork,
        ]
    }

    private static func coordinate(_ degrees: Double) -> String {
        String(format: "%.6f", degrees)
    }
}

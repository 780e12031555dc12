import Foundation
import Store

/// What the template of the operations page shows.
enum OperationsView {
    /// Incidents that are over and still shown.
    private static let pastLimit = 6
    /// Platforms and overrides that are listed.
    private static let listLimit = 200
    /// Seconds after which it is said that a worker could not read the registry.
    private static let staleAfter = 60

    /// Everything of the page.
    static func values(_ report: OperationsReport, mayAct: Bool, _ strings: Strings) -> [String: Any] {
        let names = PlatformReport.names(report.platforms)
        let open = report.incidents.filter { $0.endedAt == nil }
        let past = report.incidents.filter { $0.endedAt != nil }.prefix(pastLimit)
        let active = report.quarantine.filter(\.isActive).count
        var values: [String: Any] = [
            "workers": report.workers.map { worker($0, strings) }, "has_workers": !report.workers.isEmpty,
            "open_incidents": open.map { IncidentView.row($0, names: names, strings) },
            "has_open": !open.isEmpty, "open_count": open.count,
            "past_incidents": past.map { IncidentView.row($0, names: names, strings) }, "has_past": !past.isEmpty,
            "quarantine": report.quarantine.map { held($0, mayAct: mayAct, strings) },
            "has_quarantine": !report.quarantine.isEmpty, "quarantined": active, "has_quarantined": active > 0,
            "platforms": report.platforms.prefix(listLimit).map { platform($0, strings) },
            "has_platforms": !report.platforms.isEmpty,
            "overrides": report.samplingOverrides.prefix(listLimit).map { override($0, strings) },
            "has_overrides": !report.samplingOverrides.isEmpty,
            "platforms_left": left(report.platforms.count - listLimit, strings),
            "overrides_left": left(report.samplingOverrides.count - listLimit, strings),
        ]
        values.merge(summary(report, strings)) { $1 }
        values.merge(budget(report.budget, strings)) { $1 }
        values.merge(vacant(report.vacantPosts, strings)) { $1 }
        values.merge(setAside(report.setAside, mayAct: mayAct, strings)) { $1 }
        values.merge(coverage(report.coverage, strings)) { $1 }
        return values
    }

    /// The strip of numbers.
    private static func summary(_ report: OperationsReport, _ strings: Strings) -> [String: Any] {
        let alive = report.workers.filter(\.isAlive).count
        // Workers that left and whose cameras others watch are no trouble.
        let lost = report.workers.filter { !$0.isAlive && $0.shards > 0 }.count
        let all = CoverageTally(report.coverage)
        return [
            "alive": alive, "expected": alive + lost, "has_lost": lost > 0, "is_short": lost > 0 || alive == 0,
            "in_time_share": all.cameras == 0 ? "—" : all.percent, "is_behind": all.cameras > 0 && all.share < 0.95,
            "watched": all.cameras, "unowned": report.unowned.cameras, "has_unowned": report.unowned.cameras > 0,
            "unowned_hint": strings["op_unowned_hint"].replacing("{n}", with: String(report.unowned.shards))
                .replacing("{cameras}", with: String(report.unowned.cameras)),
        ]
    }

    /// What cameras gave people today, against what a grid may get.
    private static func budget(_ report: BudgetReport, _ strings: Strings) -> [String: Any] {
        let most = report.tasksPerGrid
        let rows = report.grids.map { line -> [String: Any] in
            let share = most == 0 ? 0 : min(1, Double(line.given) / Double(most))
            return [
                "grid_id": line.grid.id, "name": line.grid.name, "path": line.grid.path, "given": line.given,
                "held": line.held, "has_held": line.held > 0, "width": Int(share * 100),
            ]
        }
        let hint =
            most == 0 ? strings["op_budget_none"] : strings["op_budget_hint"].replacing("{n}", with: String(most))
        return ["budgets": rows, "has_budgets": !rows.isEmpty, "has_budget": most > 0, "budget_hint": hint]
    }

    /// Posts without people, and how many tasks lie there.
    private static func vacant(_ posts: [VacantPost], _ strings: Strings) -> [String: Any] {
        let rows = posts.map { post -> [String: Any] in
            [
                "title": post.title, "grid": post.gridPath, "open": post.openTasks, "overdue": post.overdueTasks,
                "has_overdue": post.overdueTasks > 0, "has_tasks": post.openTasks > 0,
            ]
        }
        let count = posts.first?.vacantPosts ?? 0
        return [
            "vacant_posts": rows, "has_vacant": !rows.isEmpty, "vacant_count": count,
            "is_stuck": posts.contains { $0.openTasks > 0 }, "vacant_left": left(count - posts.count, strings),
        ]
    }

    /// Alert statements that could not be stored.
    private static func setAside(_ alerts: [SetAsideAlert], mayAct: Bool, _ strings: Strings) -> [String: Any] {
        let rows = alerts.map { alert -> [String: Any] in
            [
                "camera": alert.camera, "rule": alert.rule, "stated": LocalTime.short(alert.statedAt),
                "came": LocalTime.short(alert.receivedAt), "reason": alert.reason,
                "path": alert.camera.addingPercentEncoding(withAllowedCharacters: .pathSegment) ?? "",
            ]
        }
        let count = alerts.first?.setAside ?? 0
        return [
            "set_aside": rows, "has_set_aside": count > 0, "set_aside_count": count,
            "may_retry": mayAct && count > 0, "set_aside_left": left(count - alerts.count, strings),
        ]
    }

    private static func worker(_ worker: WorkerReport, _ strings: Strings) -> [String: Any] {
        func number(_ key: String) -> String { worker.stats[key].map(String.init) ?? "—" }
        let overdue = worker.stats["cameras_overdue"] ?? 0
        let blind = worker.stats["cameras_blind"] ?? 0
        let age = worker.stats["registry_age_seconds"] ?? 0
        let lived = max(worker.seenAt.timeIntervalSince(worker.startedAt), 1)
        let silent = Date().timeIntervalSince(worker.seenAt)
        let stuck = (worker.stats["loops_silent"] ?? 0) + (worker.stats["loops_failing"] ?? 0)
        let aside = worker.stats["alerts_aside"] ?? 0
        return [
            "id": worker.id, "host": worker.host, "version": worker.version, "is_alive": worker.isAlive,
            "is_lost": !worker.isAlive && worker.shards > 0, "has_left": !worker.isAlive && worker.shards == 0,
            "seen": LocalTime.short(worker.seenAt), "silent": TimeLeft.words(seconds: max(silent, 0), strings),
            "started": LocalTime.short(worker.startedAt), "shards": worker.shards, "cameras": worker.cameras,
            "capacity": worker.capacity, "is_full": worker.cameras > worker.capacity,
            "online": number("cameras_online"), "in_time": number("cameras_in_time"),
            "blind": blind, "has_blind": blind > 0, "is_stale": worker.isAlive && age >= staleAfter,
            "registry_age": TimeLeft.words(seconds: Double(age), strings),
            "overdue": number("cameras_overdue"), "has_overdue": overdue > 0,
            "patrol": worker.stats["patrol_cameras"].map { "\(number("patrol_cameras_in_time"))/\($0)" } ?? "",
            "has_patrol": worker.stats["patrol_cameras"] ?? 0 > 0, "dropped": dropped(worker.stats, strings),
            "waiting": number("rtsp_waiting"), "spool": number("spool_rows"),
            "has_spool": worker.stats["spool_rows"] ?? 0 > 0, "aside": aside, "has_aside": aside > 0,
            "stuck": stuck, "is_stuck_worker": worker.isAlive && stuck > 0,
            "memory": worker.stats["memory_kb"].map { "\($0 / 1024) MB" } ?? "—",
            "cpu": worker.stats["cpu_ms"].map { String(format: "%.2f", Double($0) / 1000 / lived) } ?? "—",
        ]
    }

    /// Samples that were not decoded, by class where the worker says so.
    private static func dropped(_ stats: [String: Int], _ strings: Strings) -> [[String: Any]] {
        let classes = zip(1...3, ["I", "II", "III"]).compactMap { number, name -> [String: Any]? in
            guard let count = stats["samples_dropped_total_\(name)"] else { return nil }
            return ["label": strings.label("class", String(number)), "count": count, "is_some": count > 0]
        }
        guard classes.isEmpty else { return classes }
        let total = stats["samples_dropped_total"]
        return [["label": "", "count": total.map(String.init) ?? "—", "is_some": total ?? 0 > 0]]
    }

    private static func held(_ line: QuarantineReport, mayAct: Bool, _ strings: Strings) -> [String: Any] {
        let remaining = line.until?.timeIntervalSince(Date()) ?? 0
        return [
            "camera": line.camera, "name": line.name, "strikes": line.strikes, "technical": line.reason,
            "last": LocalTime.short(line.lastAt), "is_active": line.isActive,
            "is_counting": line.until == nil, "is_over": line.until != nil && !line.isActive,
            "until": line.until.map(LocalTime.short) ?? "",
            "left": TimeLeft.words(seconds: max(remaining, 0), strings), "may_release": mayAct && line.isActive,
            "path": line.camera.addingPercentEncoding(withAllowedCharacters: .pathSegment) ?? "",
        ]
    }

    private static func platform(_ platform: PlatformReport, _ strings: Strings) -> [String: Any] {
        [
            "host": platform.host, "name": platform.name, "note": platform.note ?? "",
            "has_note": platform.note != nil, "sessions": platform.patrolSessions.map(String.init) ?? "",
            "has_sessions": platform.patrolSessions != nil, "cameras": platform.cameras,
            "is_unused": platform.cameras == 0,
            "path": platform.host.addingPercentEncoding(withAllowedCharacters: .pathSegment) ?? "",
        ]
    }

    private static func override(_ override: OverrideReport, _ strings: Strings) -> [String: Any] {
        let windows = (override.schedule ?? []).map { window in
            "\(days(window.allDays, strings)) \(window.from)–\(window.to)"
        }
        return [
            "id": override.id, "camera": override.camera ?? "", "is_camera": override.camera != nil,
            "tag": override.tag.map { strings.label("tag", $0) } ?? "",
            "interval": strings["op_seconds"].replacing("{n}", with: String(override.interval)),
            "when": windows.isEmpty ? strings["op_always"] : windows.joined(separator: strings["list_comma"]),
        ]
    }

    /// Days of a week in words.
    static func days(_ days: [Int], _ strings: Strings) -> String {
        switch days {
        case Array(1...7): strings["days_all"]
        case Array(1...5): strings["days_work"]
        case [6, 7]: strings["days_weekend"]
        default: days.map { strings.label("day", String($0)) }.joined(separator: strings["list_comma"])
        }
    }

    private static func left(_ count: Int, _ strings: Strings) -> String {
        count > 0 ? strings["op_more"].replacing("{n}", with: String(count)) : ""
    }
}

extension CharacterSet {
    /// What stands in one segment of a path as it is.
    static let pathSegment = CharacterSet.alphanumerics.intersection(CharacterSet(charactersIn: "\0"..."\u{7f}"))
        .union(CharacterSet(charactersIn: "-._"))
}

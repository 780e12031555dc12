import Foundation
import HTTPTypes
import Hummingbird
import Store

/// List and detail of cameras.
struct CameraPages: Sendable {
    let cameras: CameraReader
    let grids: GridReader
    let banner: IncidentBanner
    let pages: PageRenderer

    var routes: [Route] {
        [
            .get("/cameras", .everyone, list),
            .get("/cameras/{id}", .everyone, detail),
        ]
    }

    /// `GET /cameras`.
    @Sendable func list(_ request: Request, _ context: WebContext) async throws -> Response {
        let strings = pages.strings(context.language)
        let filter = try CameraFilter(request)
        let access = try context.access()
        async let counts = cameras.counts(access: access)
        async let choices = grids.choices(access: access)
        async let tags = cameras.tags(access: access)
        let page = try await cameras.list(filter, access: access, after: try request.query("after"))
        var values: [String: Any] = [
            "rows": page.items.map { CameraView.row($0, strings) },
            "is_empty": page.items.isEmpty, "is_filtered": filter != CameraFilter(),
            "has_next": page.next != nil, "is_later_page": try request.query("after") != nil,
            "next": page.next.map { "/cameras?" + Choices.query(request, replacing: "after", with: $0) } ?? "",
            "first": "/cameras?" + Choices.query(request, replacing: "after", with: nil),
            "total": try await counts.total, "enabled": try await counts.enabled,
            "unmapped": try await counts.unmapped, "has_unmapped": try await counts.unmapped > 0,
            "state_tabs": tabs(request, filter, try await counts, strings),
            "states": Choices.labelled(CameraFilter.states, "state", chosen: filter.state, strings),
            "methods": Choices.labelled(CameraFilter.methods, "mapping", chosen: filter.mappingMethod, strings),
            "tags": Choices.labelled(try await tags, "tag", chosen: filter.tag, strings),
            "grids": Choices.grids(try await choices, chosen: filter.gridID),
            "q": filter.text ?? "",
        ]
        values.merge(try await banner.values(context)) { $1 }
        return pages.page("cameras", values, context)
    }

    /// `GET /cameras/{id}`.
    @Sendable func detail(_ request: Request, _ context: WebContext) async throws -> Response {
        let strings = pages.strings(context.language)
        guard let found = try await cameras.detail(id: try context.text("id"), access: try context.access())
        else { throw WebError(.notFound) }
        return pages.page("camera", CameraView.detail(found, context.language, strings), context)
    }

    private func tabs(
        _ request: Request,
        _ filter: CameraFilter,
        _ counts: CameraCounts,
        _ strings: Strings
    ) -> [[String: Any]] {
        CameraFilter.states.map { state in
            [
                "url": "/cameras?"
                    + Choices.query(request, replacing: "state", with: filter.state == state ? nil : state),
                "code": state, "label": strings.label("state", state), "count": counts.byState[state] ?? 0,
                "is_current": filter.state == state,
            ]
        }
    }
}

/// What the templates of cameras show.
enum CameraView {
    /// A row of the list.
    static func row(_ camera: CameraSummary, _ strings: Strings) -> [String: Any] {
        [
            "id": camera.id, "name": camera.name, "address": camera.address ?? "",
            "tags": camera.tags.map { ["code": $0, "label": strings.label("tag", $0)] },
            "class": strings.label("class", String(camera.pointClass)),
            "grid": camera.grid?.name ?? strings["no_grid"], "grid_path": camera.grid?.path ?? strings["no_grid"],
            "has_grid": camera.grid != nil, "grid_id": camera.grid?.id ?? 0,
            "mapping": camera.mappingMethod, "mapping_label": strings.label("mapping", camera.mappingMethod),
            "is_unmapped": camera.mappingMethod == "unmapped", "mapping_note": camera.mappingNote ?? "",
            "has_mapping_note": camera.mappingNote != nil, "enabled": camera.enabled, "state": camera.state,
            "state_label": strings.label("state", camera.state),
            "since": camera.stateSince.map(LocalTime.short) ?? "", "has_since": camera.stateSince != nil,
            "last_frame": camera.lastFrameAt.map(LocalTime.short) ?? "—", "open_cases": camera.openCases,
            "has_open_cases": camera.openCases > 0,
        ]
    }

    /// The scores of a picture, in the order in which they are shown.
    private static let qualities = ["dark", "bright", "contrast", "sharpness", "colour", "noise", "calm", "freeze"]
    /// A score below this wants somebody to look.
    private static let poorQuality = 40

    /// Everything of the detail page.
    static func detail(_ camera: CameraDetail, _ language: Language, _ strings: Strings) -> [String: Any] {
        var values = row(camera.summary, strings)
        let newest = camera.alerts.first { $0.picture != nil }?.picture
        values["civil_code"] = camera.civilCode ?? "—"
        values["maintenance_unit"] = camera.maintenanceUnit ?? "—"
        values["has_place"] = camera.longitude != nil && camera.summary.grid != nil
        values["longitude"] = camera.longitude.map { String(format: "%.6f", $0) } ?? ""
        values["latitude"] = camera.latitude.map { String(format: "%.6f", $0) } ?? ""
        values["datum"] = camera.datum ?? "—"
        let why = FaultText.state(camera.stateReason, strings)
        values["why"] = why ?? ""
        values["has_why"] = why != nil
        values["technical"] = technical(camera)
        values["scene"] = camera.scene.map { strings.label("scene", $0) } ?? "—"
        values["qualities"] = Self.qualities.map { name -> [String: Any] in
            let score = camera.quality[name]
            return [
                "quality_label": strings.label("quality", name), "score": score ?? 0, "has_score": score != nil,
                "is_poor": score.map { $0 < Self.poorQuality } ?? false,
            ]
        }
        values["reconnects"] = camera.reconnects
        values["worker"] = camera.worker ?? "—"
        values["sampled"] = camera.sampledAt.map(LocalTime.second) ?? "—"
        values["interval"] = camera.interval.map { strings["op_seconds"].replacing("{n}", with: seconds($0)) } ?? "—"
        values["is_late"] = camera.isLate
        values["late"] = camera.lateCount
        values["held_until"] = camera.quarantinedUntil.map(LocalTime.short) ?? ""
        values["is_held"] = camera.quarantinedUntil != nil
        values["rules"] = camera.rules.map { rule($0, language, strings) }
        values["has_rules"] = !camera.rules.isEmpty
        values["polygons"] = camera.rules.filter { $0.polygon.count >= 3 }.map { ["points": points($0.polygon)] }
        values["alert_rows"] = camera.alerts.map { CaseView.alert($0, strings) }
        values["has_alerts"] = !camera.alerts.isEmpty
        values["picture"] = newest?.path ?? ""
        values["has_picture"] = newest != nil
        return values
    }

    /// What the programs say, for those who look after them.
    private static func technical(_ camera: CameraDetail) -> String {
        var lines = [
            "camera: \(camera.summary.id)", "state: \(camera.summary.state)",
            "state_since: \(camera.summary.stateSince.map(LocalTime.machine) ?? "-")",
            "state_reason: \(camera.stateReason ?? "-")", "state_detail: \(camera.stateDetail ?? "-")",
            "worker: \(camera.worker ?? "-")",
        ]
        lines += camera.rules.map { "rule: \($0.id) (\($0.kind)\($0.name.map { ", \($0)" } ?? ""))" }
        return lines.joined(separator: "\n")
    }

    private static func rule(_ rule: CameraRuleLine, _ language: Language, _ strings: Strings) -> [String: Any] {
        [
            "rule_name": rule.name ?? strings["rule_unnamed"], "hazard": rule.hazard.text(language),
            "kind": strings.label("kind", rule.kind),
            "region": rule.polygon.isEmpty ? strings["whole_picture"] : strings["own_region"],
            "source": rule.isTemplate ? strings["from_template"] : strings["own_rule"],
        ]
    }

    /// Seconds without a needless fraction.
    private static func seconds(_ seconds: Double) -> String {
        seconds == seconds.rounded() ? String(Int(min(seconds, 1e9))) : String(format: "%.1f", seconds)
    }

    /// A polygon in the coordinates of a 1600×900 drawing.
    private static func points(_ polygon: [[Double]]) -> String {
        polygon.filter { $0.count == 2 }
            .map { String(format: "%.0f,%.0f", $0[0] * 1600, $0[1] * 900) }
            .joined(separator: " ")
    }
}

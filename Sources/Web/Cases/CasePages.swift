import Cases
import Foundation
import HTTPTypes
import Hummingbird
import Store

/// List and detail of cases.
struct CasePages: Sendable {
    let cases: CaseReader
    let grids: GridReader
    let catalog: CatalogReader
    let banner: IncidentBanner
    let pages: PageRenderer

    var routes: [Route] {
        [
            .get("/cases", .everyone, list),
            .get("/cases/{id}", .everyone, detail),
        ]
    }

    /// Codes of the six stages in order.
    static let stages = CaseStage.allCases.map(\.rawValue)

    /// `GET /cases`.
    @Sendable func list(_ request: Request, _ context: WebContext) async throws -> Response {
        let strings = pages.strings(context.language)
        let filter = try CaseFilter(request)
        let access = try context.access()
        async let counts = cases.counts(access: access)
        async let choices = grids.choices(access: access)
        async let types = catalog.hazardTypes(access: access)
        let order = try CaseOrder(request) ?? .usual(for: filter.state)
        let page = try await cases.list(filter, order: order, access: access, after: try request.query("after"))
        let isFiltered = filter != CaseFilter()
        var values: [String: Any] = [
            "rows": page.items.map { CaseView.row($0, context.language, strings) },
            "is_empty": page.items.isEmpty, "is_filtered": isFiltered,
            "next": page.next.map { "/cases?" + Choices.query(request, replacing: "after", with: $0) } ?? "",
            "has_next": page.next != nil, "is_later_page": try request.query("after") != nil,
            "first": "/cases?" + Choices.query(request, replacing: "after", with: nil),
            "counts": CaseView.counts(try await counts),
            "tabs": tabs(request, filter, try await counts, strings),
            "states": Choices.labelled(
                CaseFilter.State.allCases.map(\.rawValue),
                "casestate",
                chosen: filter.state.rawValue,
                strings
            ),
            "hazards": Choices.hazards(try await types, chosen: filter.hazardType, context.language),
            "severities": Choices.labelled(
                (1...4).map(String.init),
                "severity",
                chosen: filter.severity.map(String.init),
                strings
            ),
            "grids": Choices.grids(try await choices, chosen: filter.gridID),
            "columns": columns(request, order, strings),
            "orders": Choices.labelled(
                CaseOrder.Key.allCases.map(\.rawValue),
                "sort",
                chosen: try CaseOrder(request)?.key.rawValue,
                strings
            ),
            "q": filter.text ?? "", "stage": filter.stage ?? "", "overdue": filter.isOverdue,
            "held_only": filter.isHeldBack,
            "held_back_url": "/cases?"
                + Choices.query(request, replacing: "held_back", with: filter.isHeldBack ? nil : "1"),
            "triage_url": "/cases?stage=inspection&overdue=1",
            "overdue_url": "/cases?" + Choices.query(request, replacing: "overdue", with: filter.isOverdue ? nil : "1"),
        ]
        values.merge(try await banner.values(context)) { $1 }
        return pages.page("cases", values, context)
    }

    /// `GET /cases/{id}`.
    @Sendable func detail(_ request: Request, _ context: WebContext) async throws -> Response {
        let strings = pages.strings(context.language)
        let account = try context.requireVisitor().account
        guard let found = try await cases.detail(id: try context.number("id"), access: account.access) else {
            throw WebError(.notFound)
        }
        let isOperator = account.role == .admin || account.role == .operate
        var values = CaseView.detail(found, reader: account.id, context.language, strings)
        values["actions"] = CaseView.actions(found, isOperator: isOperator, account: account.id)
        values["reasons"] = Choices.labelled(FalseAlarm.codes, "reason", chosen: nil, strings)
        if isOperator, found.summary.outcome == nil {
            let posts = try await catalog.posts(text: nil, nearGrid: found.summary.grid?.id)
            let first = posts.first { $0.hasPerson && $0.id != found.tasks.last { $0.state.isActive }?.postID }?.id
            values["posts"] = posts.map { post -> [String: Any] in
                let note = post.hasPerson ? "" : "（\(strings["post_vacant"])）"
                let place = post.gridPath.isEmpty ? "" : " · \(post.gridPath)"
                return [
                    "id": post.id, "label": post.title + note + place, "is_vacant": !post.hasPerson,
                    "is_first": post.id == first,
                ]
            }
        }
        let own = found.tasks.last { $0.postID == account.postID && account.role == .worker }
        values["has_own_task"] = own != nil
        values["own_task"] = own.map { String($0.id) } ?? ""
        return pages.page("case", values, context)
    }

    /// The heads of the list: what a click on each sorts by, and how it is sorted now.
    private func columns(_ request: Request, _ order: CaseOrder, _ strings: Strings) -> [[String: Any]] {
        let heads: [(label: String, key: CaseOrder.Key?)] = [
            ("c_picture", nil), ("c_hazard", .severity), ("c_place", .place), ("c_stage", .stage), ("c_left", .left),
            ("c_assignee", .assignee), ("c_alerts", .alerts), ("c_opened", .opened),
        ]
        return heads.map { head in
            guard let key = head.key else { return ["label": strings[head.label], "class": "pic"] }
            let isCurrent = order.key == key
            let next = isCurrent ? CaseOrder(key, isDescending: !order.isDescending) : .first(key)
            let query = Choices.query(
                request,
                replacing: ["sort": key.rawValue, "dir": next.isDescending ? "desc" : "asc"]
            )
            return [
                "label": strings[head.label], "class": key == .alerts ? "num" : "", "is_sortable": true,
                "url": "/cases?" + query, "is_current": isCurrent,
                "direction": order.isDescending ? "descending" : "ascending", "arrow": order.isDescending ? "▼" : "▲",
            ]
        }
    }

    private func tabs(
        _ request: Request,
        _ filter: CaseFilter,
        _ counts: CaseCounts,
        _ strings: Strings
    ) -> [[String: Any]] {
        let all: [String: Any] = [
            "url": "/cases?" + Choices.query(request, replacing: "stage", with: nil),
            "label": strings["all_stages"], "count": counts.open, "is_current": filter.stage == nil,
        ]
        return [all]
            + Self.stages.map { stage in
                [
                    "url": "/cases?" + Choices.query(request, replacing: "stage", with: stage),
                    "label": strings.label("stage", stage), "count": counts.byStage[stage] ?? 0,
                    "is_current": filter.stage == stage,
                ]
            }
    }
}

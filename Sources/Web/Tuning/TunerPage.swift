import Detection
import Foundation
import HTTPTypes
import Hummingbird
import Store

/// The page on which operators draw regions, move thresholds and see what would have come of it.
struct TunerPage: Sendable {
    let catalog: CatalogReader
    let pages: PageRenderer

    var routes: [Route] {
        [
            .get("/tuner", .operators, show)
        ]
    }

    /// Settings that are shown at once; the others stand behind a fold.
    private static let first = [
        "min_share", "min_blob", "dwell", "hold", "contrast_floor", "noise_factor", "strong_share",
    ]

    /// `GET /tuner`.
    @Sendable func show(_ request: Request, _ context: WebContext) async throws -> Response {
        let strings = pages.strings(context.language)
        let hazards = try await catalog.hazardTypes(access: try context.access())
        let values: [String: Any] = [
            "camera": try request.query("camera") ?? "", "clip": try request.query("clip") ?? "",
            "kinds": RuleKind.allCases.filter { $0 != .quiet }.map { kind in
                ["code": kind.rawValue, "label": strings.label("kind", kind.rawValue)]
            },
            "directions": Rule.Direction.allCases.map { direction in
                ["code": direction.rawValue, "label": strings.label("direction", direction.rawValue)]
            },
            "hazards": hazards.map { ["code": $0.code, "label": $0.name.text(context.language)] },
            "settings": Self.first.map { setting($0, strings) },
            "more_settings": DetectionSettings.keys.filter { !Self.first.contains($0) }.map { setting($0, strings) },
            // What scripts say, by key.
            "words": strings.table
                .filter { entry in
                    ["tw_", "layer_", "kind_", "advice_", "reason_", "setting_"].contains { entry.key.hasPrefix($0) }
                }
                .sorted { $0.key < $1.key }.map { ["word": $0.key, "text": $0.value] },
        ]
        return pages.page("tuner", values, context)
    }

    private func setting(_ key: String, _ strings: Strings) -> [String: Any] {
        ["key": key, "label": strings.label("setting", key)]
    }
}

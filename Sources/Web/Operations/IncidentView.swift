import Foundation
import Hummingbird
import Store

/// What the templates show of incidents: trouble that is larger than one camera.
enum IncidentView {
    /// What happened, as one clause.
    ///
    /// `names`: of platforms by host; other places are shown as they are.
    static func title(_ incident: IncidentReport, names: [String: String], _ strings: Strings) -> String {
        var text = strings.label("incident", incident.kind.rawValue)
            .replacing("{n}", with: incident.affected.map(String.init) ?? strings["incident_many"])
        if let share = incident.share {
            text += strings["incident_share"].replacing("{p}", with: String(Int((share * 100).rounded())))
        }
        guard !incident.scope.isEmpty else { return text }
        let place = names[incident.scope].map { "\($0) (\(incident.scope))" } ?? incident.scope
        return strings["incident_at"].replacing("{place}", with: place).replacing("{what}", with: text)
    }

    /// A row of the list.
    static func row(_ incident: IncidentReport, names: [String: String], _ strings: Strings) -> [String: Any] {
        let seconds = (incident.endedAt ?? Date()).timeIntervalSince(incident.startedAt)
        return [
            "title": title(incident, names: names, strings), "is_open": incident.endedAt == nil,
            "hint": strings.label("incident_hint", incident.kind.rawValue),
            "started": LocalTime.short(incident.startedAt), "started_machine": LocalTime.machine(incident.startedAt),
            "ended": incident.endedAt.map(LocalTime.short) ?? "", "lasted": TimeLeft.words(seconds: seconds, strings),
            // The workers write English; what it says of cameras stands in the clause already.
            "technical": incident.detail ?? "", "has_detail": incident.detail != nil && incident.kind != .cameras,
        ]
    }

    /// The banner over other pages: the open incident that most cameras hang on, and how many more there are.
    static func banner(_ open: [IncidentReport], names: [String: String], _ strings: Strings) -> [String: Any] {
        guard let worst = open.max(by: { weight($0) < weight($1) }) else { return ["has_incident": false] }
        var values = row(worst, names: names, strings)
        values["others"] = strings["incident_others"].replacing("{n}", with: String(open.count - 1))
        values["has_others"] = open.count > 1
        return ["has_incident": true, "incident": values]
    }

    /// Without the database nothing is delivered at all.
    private static func weight(_ incident: IncidentReport) -> Int {
        incident.kind == .database ? .max : incident.affected ?? 0
    }
}

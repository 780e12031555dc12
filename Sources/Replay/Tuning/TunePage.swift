internal import Detection
internal import Flow
internal import Foundation

/// The parts of a tuning report's page.
enum TunePage {
    static func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
    }

    static func table(_ head: [String], _ rows: [[String]]) -> String {
        let titles = head.map { "<th>\(escaped($0))</th>" }.joined()
        let lines = rows.map { row in "<tr>" + row.map { "<td>\(escaped($0))</td>" }.joined() + "</tr>" }
        return "<table><tr>\(titles)</tr>\(lines.joined())</table>"
    }

    static func summary(_ tuning: Tuning) -> String {
        func row(_ name: String, _ figures: ClipFigures) -> [String] {
            [
                name, String(figures.events), String(figures.missed), String(figures.falseAlerts),
                String(format: "%.3f", figures.recall), String(format: "%.2f", tuning.cost.of(figures)),
            ]
        }
        var rows = [row("all clips, before", tuning.before), row("all clips, found", tuning.after)]
        if !tuning.folds.isEmpty {
            rows.append(row("scenes held out, before", tuning.heldOutBefore))
            rows.append(row("scenes held out, found without them", tuning.heldOutAfter))
        }
        return table(["", "events", "missed", "false alerts", "recall", "cost"], rows)
    }

    static func moves(_ changes: [(key: String, from: Double, to: Double)]) -> String {
        guard !changes.isEmpty else { return "<p>Nothing: no setting was worth moving.</p>" }
        return table(
            ["setting", "before", "found"],
            changes.map { [$0.key, TuneReport.short($0.from), TuneReport.short($0.to)] }
        )
    }

    /// Events missed over false alerts, one dot for each setting that was tried.
    static func tradeOff(
        _ tried: [(settings: DetectionSettings, figures: ClipFigures)],
        start: String,
        chosen: String
    ) -> String {
        let (width, height, edge) = (640.0, 360.0, 46.0)
        let mostFalse = Double(max(1, tried.map(\.figures.falseAlerts).max() ?? 1))
        let mostMissed = Double(max(1, tried.map(\.figures.missed).max() ?? 1))
        func place(_ figures: ClipFigures) -> (x: Double, y: Double) {
            (
                edge + Double(figures.falseAlerts) / mostFalse * (width - 2 * edge),
                height - edge - Double(figures.missed) / mostMissed * (height - 2 * edge)
            )
        }
        var dots = ""
        for (settings, figures) in tried {
            let (x, y) = place(figures)
            let isStart = settings.version == start
            let isChosen = settings.version == chosen
            let colour = isChosen ? "#2e9e4f" : isStart ? "#e09a2b" : "#3b7dd8"
            let size = isChosen || isStart ? 7 : 3.5
            let title =
                "\(figures.missed) missed, \(figures.falseAlerts) false"
                + (isChosen ? ", chosen" : isStart ? ", before" : "")
            dots += circle(x, y, size, colour, title)
        }
        let front = front(tried.map(\.figures)).map { figures in
            let (x, y) = place(figures)
            return String(format: "%.1f,%.1f", x, y)
        }
        return """
            <svg viewBox="0 0 \(Int(width)) \(Int(height))" width="\(Int(width))" role="img" aria-label="trade-off">
            \(axes(width, height, edge, across: "false alerts, 0 to \(Int(mostFalse))", up: "events missed, 0 to \(Int(mostMissed))"))
            <polyline points="\(front.joined(separator: " "))" fill="none" stroke="#7f8c99" stroke-width="1.5"/>
            \(dots)</svg>
            <p class="legend"><i style="background:#e09a2b"></i> before <i style="background:#2e9e4f"></i> chosen</p>
            """
    }

    /// The figures that no others beat in both counts, by false alerts.
    static func front(_ figures: [ClipFigures]) -> [ClipFigures] {
        var best: [ClipFigures] = []
        for one in figures.sorted(by: { ($0.falseAlerts, $0.missed) < ($1.falseAlerts, $1.missed) })
        where one.missed < best.last?.missed ?? .max {
            best.append(one)
        }
        return best
    }

    /// A small plot for each setting: cost over its values, as the search on all clips tried them.
    static func sensitivity(_ trials: [TuneSearch.Trial]) -> String {
        let keys = DetectionSettings.keys.filter { key in trials.contains { $0.key == key } }
        let costs = trials.map(\.cost)
        let (least, most) = (costs.min() ?? 0, max((costs.min() ?? 0) + 1, costs.max() ?? 1))
        return keys.map { key in
            let own = trials.filter { $0.key == key }.sorted { ($0.value, $0.cost) < ($1.value, $1.cost) }
            let (low, high) = (own.first?.value ?? 0, own.last?.value ?? 1)
            let points = own.map { trial -> (x: Double, y: Double, trial: TuneSearch.Trial) in
                let x = high > low ? (trial.value - low) / (high - low) : 0.5
                return (12 + x * 176, 82 - (trial.cost - least) / (most - least) * 64, trial)
            }
            let line = points.map { String(format: "%.1f,%.1f", $0.x, $0.y) }.joined(separator: " ")
            let dots = points.map { point in
                circle(
                    point.x,
                    point.y,
                    3.5,
                    point.trial.isKept ? "#2e9e4f" : "#3b7dd8",
                    "\(key) \(TuneReport.short(point.trial.value)): cost \(TuneReport.short(point.trial.cost))"
                )
            }
            return """
                <figure><svg viewBox="0 0 200 96" width="200"><rect x="0" y="6" width="200" height="84" fill="#7f8c9918"/>
                <polyline points="\(line)" fill="none" stroke="#7f8c99"/>\(dots.joined())</svg>
                <figcaption>\(key), \(TuneReport.short(low)) to \(TuneReport.short(high))</figcaption></figure>
                """
        }.joined()
    }

    static func folds(_ tuning: Tuning) -> String {
        guard !tuning.folds.isEmpty else { return "<p>All clips show one scene: nothing could be held out.</p>" }
        let rows = tuning.folds.map { fold in
            [
                fold.scenes.joined(separator: ", "), String(fold.before.events),
                "\(fold.before.missed) / \(fold.before.falseAlerts)",
                "\(fold.after.missed) / \(fold.after.falseAlerts)",
                fold.settings.version,
            ]
        }
        return table(["held out", "events", "missed / false before", "missed / false found", "settings"], rows)
    }

    static func circle(_ x: Double, _ y: Double, _ size: Double, _ colour: String, _ title: String) -> String {
        String(format: "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" fill=\"\(colour)\">", x, y, size)
            + "<title>\(escaped(title))</title></circle>"
    }

    private static func axes(_ width: Double, _ height: Double, _ edge: Double, across: String, up: String) -> String {
        let line = "stroke=\"#7f8c99\""
        let text = "fill=\"currentColor\" font-size=\"13\""
        return """
            <line x1="\(edge)" y1="\(height - edge)" x2="\(width - edge)" y2="\(height - edge)" \(line)/>
            <line x1="\(edge)" y1="\(edge)" x2="\(edge)" y2="\(height - edge)" \(line)/>
            <text x="\(width / 2)" y="\(height - 12)" text-anchor="middle" \(text)>\(across)</text>
            <text transform="translate(18 \(height / 2)) rotate(-90)" text-anchor="middle" \(text)>\(up)</text>
            """
    }
}

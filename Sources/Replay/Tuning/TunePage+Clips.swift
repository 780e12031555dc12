internal import Detection
internal import Flow
internal import Foundation

extension TunePage {
    /// A clip: its timeline, its heat map, and a picture of each error.
    static func clip(_ trace: TuneTrace) -> String {
        let figures = ClipFigures(trace.results)
        let about = ([trace.labels.scene] + trace.labels.conditions).joined(separator: ", ")
        let errors = trace.errors.map { error($0) }.joined()
        let heat =
            trace.heat.isEmpty
            ? ""
            : """
            <figure><img src="\(BitmapURI.heat(trace.heat, width: trace.width, height: trace.height))"
            alt="heat map"><figcaption>where things were</figcaption></figure>
            """
        return """
            <h3>\(escaped(trace.labels.clip))</h3>
            <p>\(escaped(about)): \(figures.events) events, \(figures.missed) missed, \(figures.falseAlerts) false alerts</p>
            \(timeline(trace))
            <div>\(heat)\(errors)</div>
            """
    }

    private static func timeline(_ trace: TuneTrace) -> String {
        let (left, width, row) = (190.0, 790.0, 26.0)
        let duration = max(0.001, trace.labels.duration)
        func bar(_ span: TimeSpan, _ y: Double, _ height: Double, _ style: String, _ title: String) -> String {
            let x = left + min(1, max(0, span.start.seconds / duration)) * width
            let end = left + min(1, max(0, span.end.seconds / duration)) * width
            return String(
                format: "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" \(style)>",
                x,
                y,
                max(1.5, end - x),
                height
            ) + String(format: "<title>\(title) %.2f to %.2f s</title></rect>", span.start.seconds, span.end.seconds)
        }
        var body = ""
        for (index, result) in trace.results.enumerated() {
            let y = Double(index) * row + 4
            let name = "\(result.rule) (\(result.kind.rawValue.replacing("_", with: " ")))"
            body += "<text x=\"0\" y=\"\(y + 14)\" font-size=\"12\" fill=\"currentColor\">\(escaped(name))</text>"
            for span in result.labels.ignore { body += bar(span, y, 18, "fill=\"#d5dae0\"", "not counted") }
            for span in result.labels.events { body += bar(span, y, 9, "fill=\"#8cc79a\"", "truly there") }
            for span in result.score.missed {
                body += bar(span, y, 9, "fill=\"none\" stroke=\"#d64545\" stroke-width=\"2\"", "missed")
            }
            for span in result.alerts {
                let isFalse = result.score.falseAlerts.contains(span)
                body += bar(
                    span,
                    y + 10,
                    8,
                    isFalse ? "fill=\"#d64545\"" : "fill=\"#3b7dd8\"",
                    isFalse ? "false alert" : "alert"
                )
            }
        }
        let top = Double(trace.results.count) * row + 8
        let most = max(0.01, trace.curve.max() ?? 0)
        let points = trace.curve.enumerated().map { index, share in
            let x = left + (Double(index) + 0.5) / Double(TuneTrace.points) * width
            return String(format: "%.1f,%.1f", x, top + 44 - share / most * 40)
        }
        let label = String(format: "things, to %.1f %%", most * 100)
        body += "<text x=\"0\" y=\"\(top + 28)\" font-size=\"12\" fill=\"currentColor\">\(label)</text>"
        body += "<polyline points=\"\(points.joined(separator: " "))\" fill=\"none\" stroke=\"#e09a2b\"/>"
        let height = Int(top + 52)
        return "<svg viewBox=\"0 0 \(Int(left + width)) \(height)\" width=\"\(Int(left + width))\">\(body)</svg>"
    }

    /// The picture in the middle of an error, with the rule's region or line drawn on it.
    private static func error(_ error: TuneTrace.Error) -> String {
        let (width, height) = (Double(error.plane.width), Double(error.plane.height))
        let rule = error.rule.rule
        func points(_ list: [NormalizedPoint]) -> String {
            list.map { String(format: "%.1f,%.1f", $0.x * width, $0.y * height) }.joined(separator: " ")
        }
        var overlay = ""
        if let polygon = rule.polygon {
            overlay = "<polygon points=\"\(points(polygon))\" fill=\"none\" stroke=\"#ffd23f\"/>"
        }
        if let line = rule.line { overlay += "<polyline points=\"\(points(line))\" stroke=\"#ffd23f\"/>" }
        let size = "width=\"\(error.plane.width)\" height=\"\(error.plane.height)\""
        let what = error.isMiss ? "missed" : "false"
        let when = String(format: "%.2f to %.2f s", error.span.start.seconds, error.span.end.seconds)
        return """
            <figure><svg viewBox="0 0 \(error.plane.width) \(error.plane.height)" width="320">
            <image href="\(BitmapURI.grey(error.plane))" \(size)/>\(overlay)</svg>
            <figcaption>\(what): \(escaped(rule.id)) (\(rule.kind.rawValue)), \(when)</figcaption></figure>
            """
    }
}

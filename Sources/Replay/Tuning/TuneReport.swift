public import Detection
internal import Foundation

/// What a search found, as one HTML page that needs nothing else, and as a profile.
public struct TuneReport: Sendable {
    private let tuning: Tuning
    private let tried: [(settings: DetectionSettings, figures: ClipFigures)]
    private let traces: [TuneTrace]
    private let sampling: String
    private let version: String

    /// Runs the chosen settings once more over all clips, looking inside.
    ///
    /// - Parameters:
    ///   - tuning: What was found.
    ///   - bench: The clips, and everything that was tried.
    ///   - sampling: How much of the clips was looked at.
    ///   - version: Version of the program.
    /// - Throws: `DetectionError` for a rule that cannot be used.
    public init(_ tuning: Tuning, _ bench: TuneBench, sampling: String, version: String) throws(DetectionError) {
        self.tuning = tuning
        self.sampling = sampling
        self.version = version
        tried = bench.tried
        var traces: [TuneTrace] = []
        for reel in bench.reels { traces.append(try TuneTrace(reel, settings: tuning.settings)) }
        self.traces = traces
    }

    /// The settings that differ from where the search began, by key.
    private var changes: [(key: String, from: Double, to: Double)] {
        DetectionSettings.keys.compactMap { key in
            guard let from = tuning.start.values[key], let to = tuning.found.settings.values[key], from != to else {
                return nil
            }
            return (key, from, to)
        }
    }

    /// The profile: the chosen settings with where they come from; the same search gives the same bytes.
    public var profile: String {
        let settings = DetectionSettings.keys.map { key in
            (key, JSONText.number(tuning.settings.values[key] ?? 0, digits: 6))
        }
        func figures(_ figures: ClipFigures) -> JSONText {
            .object([
                ("events", .integer(figures.events)), ("missed", .integer(figures.missed)),
                ("false_alerts", .integer(figures.falseAlerts)),
            ])
        }
        return JSONText.object([
            ("profile", .text(tuning.settings.version)),
            ("is_better", .bool(tuning.isBetter)),
            ("clips", .integer(traces.count)),
            ("sampling", .text(sampling)),
            (
                "cost",
                .object([
                    ("missed", .number(tuning.cost.missed, digits: 3)),
                    ("false_alert", .number(tuning.cost.falseAlert, digits: 3)),
                ])
            ),
            ("before", figures(tuning.before)),
            ("after", figures(tuning.after)),
            ("held_out_before", figures(tuning.heldOutBefore)),
            ("held_out_after", figures(tuning.heldOutAfter)),
            (
                "held_out",
                .list(
                    tuning.folds.map { fold in
                        .object([
                            ("scenes", .list(fold.scenes.map { .text($0) })),
                            ("settings", .text(fold.settings.version)), ("before", figures(fold.before)),
                            ("after", figures(fold.after)),
                        ])
                    }
                )
            ),
            ("settings", .object(settings)),
            ("version", .text(version)),
        ]).document(levels: 2)
    }

    /// A few lines for the terminal.
    public var text: String {
        func row(_ name: String, _ figures: ClipFigures) -> [String] {
            [
                name, String(figures.events), String(figures.missed), String(figures.falseAlerts),
                String(format: "%.3f", figures.recall), String(format: "%.2f", tuning.cost.of(figures)),
            ]
        }
        var rows = [["", "events", "missed", "false", "recall", "cost"]]
        rows.append(row("all clips, before", tuning.before))
        rows.append(row("all clips, found", tuning.after))
        if !tuning.folds.isEmpty {
            rows.append(row("held-out scenes, before", tuning.heldOutBefore))
            rows.append(row("held-out scenes, found without them", tuning.heldOutAfter))
        }
        var lines = TextTable.lines(rows)
        lines.append("")
        lines += changes.map { "\($0.key): \(Self.short($0.from)) -> \(Self.short($0.to))" }
        if changes.isEmpty { lines.append("no setting was worth moving") }
        lines.append(verdict)
        return lines.joined(separator: "\n") + "\n"
    }

    /// One line for each part that was held out, usually a scene, with what was found on all others.
    public var sceneTable: String {
        func row(_ name: String, _ before: ClipFigures, _ after: ClipFigures) -> [String] {
            [
                name, String(after.events), String(before.events - before.missed), String(after.events - after.missed),
                String(before.falseAlerts), String(after.falseAlerts),
            ]
        }
        var rows = [["held out", "events", "found before", "found", "false before", "false"]]
        rows += tuning.folds.map { row($0.scenes.joined(separator: ", "), $0.before, $0.after) }
        rows.append(row("all", tuning.heldOutBefore, tuning.heldOutAfter))
        let recalls = [tuning.heldOutBefore, tuning.heldOutAfter].map { String(format: "%.3f", $0.recall) }
        rows.append(["recall", ""] + recalls)
        return TextTable.lines(rows).joined(separator: "\n") + "\n"
    }

    private var verdict: String {
        if tuning.isBetter {
            return "profile \(tuning.settings.version): better here and no worse on scenes it did not see"
        }
        if tuning.cost.of(tuning.after) >= tuning.cost.of(tuning.before) {
            return "nothing cheaper was found: the profile is what the search began with"
        }
        return
            "what was found is dearer on scenes it did not see: it fits these clips only, so the profile is what the "
            + "search began with"
    }

    static func short(_ value: Double) -> String { String(format: "%.4g", value) }
}

extension TuneReport {
    /// The page.
    public var html: String {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
        <title>Gridwatch tune \(tuning.settings.version)</title>
        <style>\(Self.style)</style></head><body>
        <h1>Tuning of \(traces.count) clips</h1>
        <p class="verdict \(tuning.isBetter ? "good" : "same")">\(TunePage.escaped(verdict)).</p>
        <p>Sampling \(TunePage.escaped(sampling)); a missed event costs \(Self.short(tuning.cost.missed)), a false alert
        \(Self.short(tuning.cost.falseAlert)). Gridwatch \(TunePage.escaped(version)).</p>
        \(TunePage.summary(tuning))
        <h2>What was moved</h2>
        \(TunePage.moves(changes))
        <h2>Missed events against false alerts</h2>
        <p>Each dot is one of the \(tried.count) settings that were tried, over all clips. The line joins those that no other
        beats in both.</p>
        \(TunePage.tradeOff(tried, start: tuning.start.version, chosen: tuning.settings.version))
        <h2>What each setting costs</h2>
        \(TunePage.sensitivity(tuning.found.trials))
        <h2>Scenes that the search did not see</h2>
        \(TunePage.folds(tuning))
        <h2>Clips with the chosen settings</h2>
        <p class="legend"><i class="truth"></i> truly there <i class="ignored"></i> not counted
        <i class="alert"></i> alert <i class="false"></i> false alert <i class="missed"></i> missed.
        The curve is the share of the picture that things cover; the heat map, where.</p>
        \(traces.map(TunePage.clip).joined(separator: "\n"))
        </body></html>

        """
    }

    private static let style = """
        body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1c2733}
        h1,h2,h3{line-height:1.2}h2{margin-top:2.5rem}h3{margin:1.5rem 0 .3rem}
        table{border-collapse:collapse;display:block;overflow-x:auto}td,th{padding:.25rem .8rem;text-align:right;border-bottom:1px solid #dde3ea}
        td:first-child,th:first-child{text-align:left}svg{max-width:100%;height:auto}img{height:135px;width:auto}
        .verdict{padding:.6rem 1rem;border-radius:.4rem}.good{background:#e2f4e6}.same{background:#fdf3dc}
        figure{display:inline-block;margin:.4rem .8rem .4rem 0;vertical-align:top}figcaption{font-size:13px;color:#51606f}
        .legend i{display:inline-block;width:1.2rem;height:.8rem;border-radius:2px;margin:0 .3rem 0 1rem}
        .truth{background:#8cc79a}.ignored{background:#d5dae0}.alert{background:#3b7dd8}.false{background:#d64545}
        .missed{border:2px solid #d64545;box-sizing:border-box}
        @media(prefers-color-scheme:dark){body{background:#12181f;color:#dbe3ea}td,th{border-color:#2b3743}
        .good{background:#1d3a26}.same{background:#40351a}figcaption{color:#9aa8b5}}
        """
}

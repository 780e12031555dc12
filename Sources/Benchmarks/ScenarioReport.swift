internal import Foundation
import Replay

/// What became of each condition at each strength, for our detection and its peers.
public struct ScenarioReport: Sendable {
    /// One condition at one strength.
    public struct Cell: Sendable {
        /// Name of the condition.
        public var condition: String
        /// 0 to 4.
        public var strength: Int
        /// Ours first, then the peers.
        public var rows: [PeerComparison.Row]

        /// Makes a cell.
        public init(condition: String, strength: Int, rows: [PeerComparison.Row]) {
            self.condition = condition
            self.strength = strength
            self.rows = rows
        }
    }

    private let cells: [Cell]
    private let conditions: [String]
    private let strengths: [Int]
    private let names: [String]

    /// Puts cells together, in any order; conditions keep the order in which they come first.
    public init(_ cells: [Cell]) {
        self.cells = cells
        conditions = cells.reduce(into: []) { known, cell in
            if !known.contains(cell.condition) { known.append(cell.condition) }
        }
        strengths = Set(cells.map(\.strength)).sorted()
        names = cells.first?.rows.map(\.name) ?? []
    }

    private func row(_ condition: String, _ strength: Int, _ name: String) -> PeerComparison.Row? {
        cells.first { $0.condition == condition && $0.strength == strength }?.rows.first { $0.name == name }
    }

    /// The first strength at which something holds; nil for none.
    private func first(_ condition: String, _ name: String, _ holds: (PeerComparison.Row) -> Bool) -> Int? {
        strengths.first { strength in row(condition, strength, name).map(holds) ?? false }
    }

    /// A Markdown table: for each condition and algorithm the first strength with a false alert and with a miss, and the
    /// sums of both over all strengths below.
    public var markdown: String {
        var lines = ["| condition | " + names.joined(separator: " | ") + " |"]
        lines.append("|---" + String(repeating: "|---", count: names.count) + "|")
        for condition in conditions {
            let line = names.map { name in
                let wrong = first(condition, name) { $0.falseAlerts > 0 }.map(String.init) ?? "–"
                let missed = first(condition, name) { $0.found < $0.events }.map(String.init) ?? "–"
                return "\(wrong) / \(missed)"
            }
            lines.append("| \(condition.replacing("_", with: " ")) | " + line.joined(separator: " | ") + " |")
        }
        let sums = names.map { name in
            let rows = cells.compactMap { cell in cell.rows.first { $0.name == name } }
            let missed = rows.reduce(0) { $0 + $1.events - $1.found }
            return "\(rows.reduce(0) { $0 + $1.falseAlerts }) / \(missed)"
        }
        lines.append("| **all: false / missed** | " + sums.joined(separator: " | ") + " |")
        return lines.joined(separator: "\n") + "\n"
    }

    /// A Markdown table: for each condition how near ours came to an alert, and how many a day that means; empty where
    /// nobody looked.
    public var longRunMarkdown: String {
        let list = conditions.map { condition in
            let peaks = cells.filter { $0.condition == condition }.compactMap(\.rows.first).flatMap(\.longRun.peaks)
            return (name: condition.replacing("_", with: " "), run: LongRun(peaks: peaks))
        }
        let all = LongRun(peaks: list.flatMap(\.run.peaks))
        guard !all.peaks.isEmpty else { return "" }
        let lines = (list + [(name: "**all**", run: all)]).map { name, run in
            let counts = [0, LongRun.doubt, 0.5].map { "\(run.minutes(above: $0))" }
            let days = [run.alertsADay, run.alertsADayAtMost].map { $0.map { String(format: "%.3g", $0) } ?? "few" }
            let cells = [name, "\(run.peaks.count)"] + counts + [String(format: "%.2f", run.highest)] + days
            return "| " + cells.joined(separator: " | ") + " |"
        }
        let head = """
            | condition | minutes | with evidence | above ¼ | above ½ | highest | alerts a day | at most (95 %) |
            |---|---|---|---|---|---|---|---|
            """
        return ([head] + lines).joined(separator: "\n") + "\n"
    }

    /// The document of `scenarios --json`.
    public var json: String {
        let list = cells.map { cell -> JSONText in
            .object([
                ("condition", .text(cell.condition)), ("strength", .integer(cell.strength)),
                ("long_run", cell.rows.first.map { Self.json($0.longRun) } ?? .null),
                (
                    "algorithms",
                    .object(
                        cell.rows.map { row in
                            (
                                row.name,
                                .object([
                                    ("events", .integer(row.events)), ("found", .integer(row.found)),
                                    ("false_alerts", .integer(row.falseAlerts)),
                                ])
                            )
                        }
                    )
                ),
            ])
        }
        return JSONText.object([("cells", .list(list))]).document(levels: 3)
    }

    private static func json(_ run: LongRun) -> JSONText {
        guard !run.peaks.isEmpty else { return .null }
        return .object([
            ("evidence_by_minute", .list(run.peaks.map { .number($0, digits: 3) })),
            ("alerts_a_day", .optional(run.alertsADay, digits: 4)),
            ("alerts_a_day_at_most", .number(run.alertsADayAtMost, digits: 4)),
        ])
    }

    /// A picture: for each condition the errors (missed events and false alerts) over the strength.
    public var svg: String {
        let (columns, width, height) = (4, 250.0, 150.0)
        let rows = (conditions.count + columns - 1) / columns
        var parts = [
            """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(width) * columns) \(Int(height) * rows + 30)" \
            font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="#fff"/>
            """
        ]
        for (index, condition) in conditions.enumerated() {
            let (x, y) = (Double(index % columns) * width, Double(index / columns) * height)
            parts.append(plot(condition, x, y, width, height))
        }
        for (index, name) in names.enumerated() {
            let x = 20 + Double(index) * 150
            let y = height * Double(rows) + 18
            parts.append(
                "<rect x=\"\(x)\" y=\"\(y - 9)\" width=\"14\" height=\"4\" fill=\"\(Self.colours[index % 6])\"/>"
                    + "<text x=\"\(x + 20)\" y=\"\(y)\">\(name)</text>"
            )
        }
        return parts.joined(separator: "\n") + "\n</svg>\n"
    }

    /// Ours is drawn last and thickest.
    private static let colours = ["#0a5fd0", "#e07b00", "#7a3fb0", "#8a8a8a", "#b8142a", "#0b7a3e"]

    private func plot(_ condition: String, _ x: Double, _ y: Double, _ width: Double, _ height: Double) -> String {
        let errors = names.map { name in
            strengths.map { strength in
                row(condition, strength, name).map { Double($0.events - $0.found + $0.falseAlerts) } ?? 0
            }
        }
        let most = max(4, errors.joined().max() ?? 0)
        let (left, bottom) = (x + 30, y + height - 24)
        func place(_ index: Int, _ value: Double) -> String {
            let across = left + Double(index) / Double(max(1, strengths.count - 1)) * (width - 50)
            // The root shows one error beside forty.
            let up = bottom - (value / most).squareRoot() * (height - 56)
            return String(format: "%.1f,%.1f", across, up)
        }
        var parts = [
            "<text x=\"\(left)\" y=\"\(y + 18)\" font-weight=\"bold\">\(condition.replacing("_", with: " "))</text>",
            "<path d=\"M\(left) \(y + 28)V\(bottom)H\(x + width - 16)\" fill=\"none\" stroke=\"#999\"/>",
            "<text x=\"\(x + 6)\" y=\"\(y + 36)\" fill=\"#666\">\(Int(most))</text>",
            "<text x=\"\(x + 14)\" y=\"\(bottom)\" fill=\"#666\">0</text>",
        ]
        for (index, strength) in strengths.enumerated() {
            let across = left + Double(index) / Double(max(1, strengths.count - 1)) * (width - 50)
            parts.append("<text x=\"\(across - 3)\" y=\"\(bottom + 14)\" fill=\"#666\">\(strength)</text>")
        }
        for index in names.indices.reversed() {
            let points = errors[index].enumerated().map { place($0, $1) }.joined(separator: " ")
            parts.append(
                "<polyline points=\"\(points)\" fill=\"none\" stroke=\"\(Self.colours[index % 6])\" "
                    + "stroke-width=\"\(index == 0 ? 3 : 1.5)\"/>"
            )
        }
        return parts.joined(separator: "\n")
    }
}

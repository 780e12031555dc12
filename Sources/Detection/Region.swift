public import Flow

/// The pixels of one region: those whose centre is inside its outline.
public struct Region: Sendable, Hashable {
    /// Columns and rows of the smallest rectangle that holds the region; empty when no centre is inside.
    let columns: Range<Int>
    let rows: Range<Int>
    /// Number of pixels inside: what shares of the region are reckoned against.
    public let count: Int
    /// In each row of `rows`, the runs of columns inside, first row first.
    let runs: [[Range<Int>]]
    /// How tall objects are in it that count; nil = any height counts.
    private(set) var scale: SizeScale?

    /// Rasterises an outline, or the whole picture for nil.
    ///
    /// Even-odd rule at pixel centres: neighbouring regions that share an edge share no pixel and leave none out. A
    /// region that is too thin to hold any centre gets the pixel under its first corner, so that it is never blind.
    /// Pixels of `masks` are left out, by the same rule.
    public init(polygon: [NormalizedPoint]?, masks: [[NormalizedPoint]] = [], width: Int, height: Int) {
        let whole = Region(outline: polygon, width: width, height: height)
        guard !masks.isEmpty else {
            self = whole
            return
        }
        self = masks.reduce(whole) { left, mask in
            left.subtracting(Region(outline: mask, width: width, height: height))
        }
    }

    /// The region of a rule: its polygon (a line rule has none) without its masks, and how tall objects are in it.
    init(_ rule: Rule, width: Int, height: Int) {
        let polygon = rule.kind == .line ? nil : rule.polygon
        self.init(polygon: polygon, masks: rule.masks, width: width, height: height)
        guard let size = rule.size else { return }
        let rows = Region(outline: polygon, width: width, height: height).rows
        let (top, bottom) = (Double(rows.lowerBound), Double(rows.upperBound))
        scale = SizeScale(size, top: top / Double(height), bottom: bottom / Double(height))
    }

    private init(outline polygon: [NormalizedPoint]?, width: Int, height: Int) {
        guard let polygon else {
            self.init(runs: Array(repeating: [0..<width], count: height), top: 0)
            return
        }
        var runs = (0..<height).map { Self.runs(of: polygon, row: $0, width: width, height: height) }
        guard let top = runs.firstIndex(where: { !$0.isEmpty }), let last = runs.lastIndex(where: { !$0.isEmpty })
        else {
            let column = min(width - 1, Int(polygon[0].x * Double(width)))
            let row = min(height - 1, Int(polygon[0].y * Double(height)))
            self.init(runs: [[column..<column + 1]], top: row)
            return
        }
        runs = Array(runs[top...last])
        self.init(runs: runs, top: top)
    }

    /// Whether a pixel is inside.
    public func contains(column: Int, row: Int) -> Bool {
        rows.contains(row) && runs[row - rows.lowerBound].contains { $0.contains(column) }
    }

    /// Whether an object with this box is of a size that counts.
    func admits(_ box: NormalizedRect) -> Bool { scale?.admits(box) != false }

    /// The region without the pixels of another.
    func subtracting(_ other: Region) -> Region {
        let left = zip(rows, runs).map { row, runs in
            other.rows.contains(row) ? Self.subtract(other.runs[row - other.rows.lowerBound], from: runs) : runs
        }
        return Region(runs: left, top: rows.lowerBound)
    }

    private init(runs: [[Range<Int>]], top: Int) {
        let all = runs.joined()
        self.runs = runs
        rows = top..<top + runs.count
        columns = (all.map(\.lowerBound).min() ?? 0)..<(all.map(\.upperBound).max() ?? 0)
        count = all.reduce(0) { $0 + $1.count }
    }

    private static func subtract(_ holes: [Range<Int>], from runs: [Range<Int>]) -> [Range<Int>] {
        holes.reduce(runs) { left, hole in
            left.flatMap { run -> [Range<Int>] in
                guard run.overlaps(hole) else { return [run] }
                let before = run.lowerBound..<max(run.lowerBound, hole.lowerBound)
                let after = min(run.upperBound, hole.upperBound)..<run.upperBound
                return [before, after].filter { !$0.isEmpty }
            }
        }
    }

    private static func runs(of polygon: [NormalizedPoint], row: Int, width: Int, height: Int) -> [Range<Int>] {
        let y = (Double(row) + 0.5) / Double(height)
        var crossings: [Double] = []
        for index in polygon.indices {
            let from = polygon[index]
            let to = polygon[(index + 1) % polygon.count]
            guard (from.y <= y) != (to.y <= y) else { continue }
            crossings.append((from.x + (y - from.y) / (to.y - from.y) * (to.x - from.x)) * Double(width))
        }
        crossings.sort()
        var runs: [Range<Int>] = []
        for pair in stride(from: 0, to: crossings.count - 1, by: 2) {
            // The centre of column c is at c + 0.5: inside when crossing ≤ centre < next crossing.
            let first = max(0, Int((crossings[pair] - 0.5).rounded(.up)))
            let end = min(width, Int((crossings[pair + 1] - 0.5).rounded(.up)))
            if first < end { runs.append(first..<end) }
        }
        return runs
    }
}

public import Flow

/// The pixels of one region: those whose centre is inside its outline.
public struct Region: Sendable, Hashable {
    /// Columns and rows of the smallest rectangle that holds the region; empty when no centre is inside.
    let columns: Range<Int>
    let rows: Range<Int>
    /// Number of pixels.
    public let count: Int
    /// In each row of `rows`, the runs of columns inside, first row first.
    let runs: [[Range<Int>]]

    /// Rasterises an outline, or the whole picture for nil.
    ///
    /// Even-odd rule at pixel centres: neighbouring regions that share an edge share no pixel and leave none out. A
    /// region that is too thin to hold any centre gets the pixel under its first corner, so that it is never blind.
    public init(polygon: [NormalizedPoint]?, width: Int, height: Int) {
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

    private init(runs: [[Range<Int>]], top: Int) {
        let all = runs.joined()
        self.runs = runs
        rows = top..<top + runs.count
        columns = (all.map(\.lowerBound).min() ?? 0)..<(all.map(\.upperBound).max() ?? 0)
        count = all.reduce(0) { $0 + $1.count }
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

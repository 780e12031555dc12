import Flow
import Testing

@testable import Detection

@Suite struct RegionTests {
    /// Even-odd rule at one pixel centre, edge by edge.
    private func isInside(_ polygon: [NormalizedPoint], _ x: Double, _ y: Double) -> Bool {
        var inside = false
        for index in polygon.indices {
            let from = polygon[index]
            let to = polygon[(index + 1) % polygon.count]
            if (from.y <= y) != (to.y <= y), x < from.x + (y - from.y) / (to.y - from.y) * (to.x - from.x) {
                inside.toggle()
            }
        }
        return inside
    }

    private func pixels(_ region: Region) -> Set<[Int]> {
        var found = Set<[Int]>()
        for (row, runs) in zip(region.rows, region.runs) {
            for column in runs.joined() { found.insert([column, row]) }
        }
        return found
    }

    private static let polygons: [[NormalizedPoint]] = [
        [(0.1, 0.1), (0.9, 0.2), (0.5, 0.8)],
        [(0, 0), (1, 0), (1, 1), (0, 1)],
        [(0.2, 0.1), (0.8, 0.1), (0.8, 0.9), (0.5, 0.3), (0.2, 0.9)],
        [(0.05, 0.5), (0.5, 0.05), (0.95, 0.5), (0.5, 0.95)],
        [(0.33, 0.41), (0.36, 0.41), (0.36, 0.47), (0.33, 0.47)],
    ].map { $0.map { NormalizedPoint(x: $0.0, y: $0.1) } }

    @Test("holds exactly the pixels whose centre is inside", arguments: polygons, [(160, 90), (37, 101), (5, 4)])
    func matchesOracle(polygon: [NormalizedPoint], size: (Int, Int)) {
        let (width, height) = size
        let region = Region(polygon: polygon, width: width, height: height)
        var expected = Set<[Int]>()
        for row in 0..<height {
            for column in 0..<width {
                let x = (Double(column) + 0.5) / Double(width)
                let y = (Double(row) + 0.5) / Double(height)
                if isInside(polygon, x, y) { expected.insert([column, row]) }
            }
        }
        guard !expected.isEmpty else {
            #expect(region.count == 1)
            return
        }
        #expect(pixels(region) == expected)
        #expect(region.count == expected.count)
        #expect(region.columns.lowerBound == expected.map { $0[0] }.min())
        #expect(region.rows.upperBound == (expected.map { $0[1] }.max() ?? 0) + 1)
    }

    @Test("the whole picture for no polygon")
    func wholePicture() {
        let region = Region(polygon: nil, width: 7, height: 3)
        #expect(region.count == 21)
        #expect(region.columns == 0..<7)
        #expect(region.rows == 0..<3)
    }

    @Test("two regions that share an edge share no pixel and leave none out")
    func sharedEdge() {
        let top = [(0.0, 0.0), (1.0, 0.0), (1.0, 0.7), (0.0, 0.2)].map { NormalizedPoint(x: $0.0, y: $0.1) }
        let bottom = [(0.0, 0.2), (1.0, 0.7), (1.0, 1.0), (0.0, 1.0)].map { NormalizedPoint(x: $0.0, y: $0.1) }
        let first = pixels(Region(polygon: top, width: 64, height: 50))
        let second = pixels(Region(polygon: bottom, width: 64, height: 50))
        #expect(first.isDisjoint(with: second))
        #expect(first.count + second.count == 64 * 50)
    }

    @Test("a region that is too thin to hold a pixel centre gets the pixel of its first corner")
    func thin() {
        let sliver = [(0.5, 0.5), (0.501, 0.5), (0.501, 0.501)].map { NormalizedPoint(x: $0.0, y: $0.1) }
        #expect(pixels(Region(polygon: sliver, width: 10, height: 10)) == [[5, 5]])
        let corner = [(1.0, 1.0), (0.999, 1.0), (0.999, 0.999)].map { NormalizedPoint(x: $0.0, y: $0.1) }
        #expect(pixels(Region(polygon: corner, width: 10, height: 10)) == [[9, 9]])
    }
}

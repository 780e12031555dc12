import CityGrid
import Flow
import Foundation

/// A point in millionths of a degree: the lattice on which every border lies, so that neighbours agree exactly.
struct LatticePoint: Hashable {
    var east: Int
    var north: Int

    var point: GeoPoint { GeoPoint(longitude: Double(east) / 1e6, latitude: Double(north) / 1e6) }

    init(east: Int, north: Int) {
        self.east = east
        self.north = north
    }

    init(_ point: GeoPoint) {
        east = Int((point.longitude * 1e6).rounded())
        north = Int((point.latitude * 1e6).rounded())
    }

    /// `110.630001`: six decimals, whatever the locale.
    static func degrees(_ millionths: Int) -> String {
        let digits = String(millionths % 1_000_000)
        return "\(millionths / 1_000_000)." + String(repeating: "0", count: 6 - digits.count) + digits
    }
}

/// Columns and rows of mesh cells; rows count from the north.
struct CellBox: Hashable {
    var west: Int
    var east: Int
    var north: Int
    var south: Int

    var columns: Int { east - west }
    var rows: Int { south - north }
}

/// The city cut into small crooked quadrilaterals, from which all grids are put together.
///
/// Every grid is a box of cells, and a border is the chain of mesh vertices along the box's edge. Two grids that share
/// a border share each of its vertices, and a parent has each vertex of its children that lies on its border: that is
/// why the levels partition exactly, without any computation that could round differently on two sides.
struct CityMesh {
    static let size = 96
    static let centre = GeoPoint(longitude: 110.63, latitude: 26.73)

    private let vertices: [LatticePoint]

    init(random: inout SplitMix64) {
        var vertices: [LatticePoint] = []
        vertices.reserveCapacity((CityMesh.size + 1) * (CityMesh.size + 1))
        for row in 0...CityMesh.size {
            for column in 0...CityMesh.size {
                let u = Double(column) + random.between(-0.14, 0.14)
                let v = Double(row) + random.between(-0.14, 0.14)
                vertices.append(LatticePoint(CityMesh.warp(u / Double(CityMesh.size), v / Double(CityMesh.size))))
            }
        }
        self.vertices = vertices
    }

    func vertex(column: Int, row: Int) -> LatticePoint {
        vertices[row * (CityMesh.size + 1) + column]
    }

    /// A place inside a cell; `s` and `t` are shares of its width and height, 0 to 1.
    func place(column: Int, row: Int, s: Double, t: Double) -> GeoPoint {
        func mix(_ a: Double, _ b: Double, _ share: Double) -> Double { a + (b - a) * share }
        let northWest = vertex(column: column, row: row).point
        let northEast = vertex(column: column + 1, row: row).point
        let southWest = vertex(column: column, row: row + 1).point
        let southEast = vertex(column: column + 1, row: row + 1).point
        return GeoPoint(
            longitude: mix(
                mix(northWest.longitude, northEast.longitude, s),
                mix(southWest.longitude, southEast.longitude, s),
                t
            ),
            latitude: mix(
                mix(northWest.latitude, northEast.latitude, s),
                mix(southWest.latitude, southEast.latitude, s),
                t
            )
        )
    }

    /// The border of a box, counter-clockwise from its north-western corner, closed.
    func ring(_ box: CellBox) -> [LatticePoint] {
        var ring: [LatticePoint] = []
        for row in box.north..<box.south { ring.append(vertex(column: box.west, row: row)) }
        for column in box.west..<box.east { ring.append(vertex(column: column, row: box.south)) }
        for row in (box.north + 1...box.south).reversed() { ring.append(vertex(column: box.east, row: row)) }
        for column in (box.west + 1...box.east).reversed() { ring.append(vertex(column: column, row: box.north)) }
        ring.append(vertex(column: box.west, row: box.north))
        return ring
    }

    /// A vertex of the city's outline, by its place along the four sides.
    func outline(_ index: Int) -> GeoPoint {
        let side = CityMesh.size
        let along = index % side
        return switch index / side % 4 {
        case 0: vertex(column: along, row: 0).point
        case 1: vertex(column: side, row: along).point
        case 2: vertex(column: side - along, row: side).point
        default: vertex(column: 0, row: side - along).point
        }
    }

    /// Bends the unit square to an irregular, rounded outline of about 6 by 5 km.
    private static func warp(_ u: Double, _ v: Double) -> GeoPoint {
        let (x, y) = (2 * u - 1, 1 - 2 * v)
        let roundX = x * (1 - 0.3 * y * y).squareRoot()
        let roundY = y * (1 - 0.3 * x * x).squareRoot()
        let bentX = roundX + 0.05 * sin(2.3 * roundY + 0.6) + 0.025 * sin(5.1 * roundX + 3.7 * roundY + 1.3)
        let bentY = roundY + 0.06 * sin(2.7 * roundX + 2.1) + 0.025 * sin(4.3 * roundX - 4.9 * roundY + 0.2)
        return GeoPoint(longitude: centre.longitude + 0.0312 * bentX, latitude: centre.latitude + 0.0244 * bentY)
    }
}

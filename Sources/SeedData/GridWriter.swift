/// Writes the grid as GeoJSON, one feature a line, so that a change shows as a change of lines.
enum GridWriter {
    static func geoJSON(_ plan: GridPlan, mesh: CityMesh) -> String {
        let note =
            "Boundaries and community names are made up; the names of the four streets are real. WGS-84 degrees. "
            + "Written by gridwatch generate seeds."
        var text = "{\"type\":\"FeatureCollection\",\"note\":\"\(note)\",\"features\":[\n"
        text += plan.grids.map { feature($0, mesh) }.joined(separator: ",\n")
        return text + "\n]}\n"
    }

    private static func feature(_ grid: PlannedGrid, _ mesh: CityMesh) -> String {
        let parent = grid.parent.map { "\"\($0)\"" } ?? "null"
        let ring = mesh.ring(grid.box).map {
            "[\(LatticePoint.degrees($0.east)),\(LatticePoint.degrees($0.north))]"
        }
        return "{\"type\":\"Feature\",\"properties\":{\"code\":\"\(grid.code)\",\"name\":\"\(grid.name)\","
            + "\"level\":\(grid.level),\"parent\":\(parent)},"
            + "\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[\(ring.joined(separator: ","))]]}}"
    }
}

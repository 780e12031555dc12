import CityGrid
import Flow
import Foundation

/// Makes the cameras: as many in each micro-grid, give or take one.
struct CameraPlan {
    static let count = 32_000

    private let plan: GridPlan
    private let mesh: CityMesh
    private let names: [String: String]
    private var random: SplitMix64
    private var serials: [String: Int] = [:]

    private static let roads = [
        "迎宾路", "都梁路", "建设路", "人民路", "解放路", "新华路", "文化路", "工业路", "滨江路", "环城路", "富田路", "武强路",
    ]
    private static let types = [(1, "球机"), (2, "半球"), (3, "枪机"), (3, "枪机"), (4, "枪机")]
    static let maintenanceUnits = ["监控维护一部", "监控维护二部", "监控维护三部", "监控维护四部"]

    init(plan: GridPlan, mesh: CityMesh, seed: UInt64) {
        self.plan = plan
        self.mesh = mesh
        names = Dictionary(uniqueKeysWithValues: plan.grids.map { ($0.code, $0.name) })
        random = SplitMix64(seed: seed)
    }

    /// All cameras, in the order of micro-grids.
    mutating func cameras() -> [PlannedCamera] {
        let micros = plan.level(4)
        return (0..<CameraPlan.count).map { index in
            var camera = camera(in: micros[index * micros.count / CameraPlan.count])
            // 2 % name their grid, 2 % have no position, 0.8 % hang just outside the city, 0.2 % cannot be placed.
            switch random.below(1000) {
            case 0..<20: camera.gridCode = micros[index * micros.count / CameraPlan.count].code
            case 20..<40: camera.position = nil
            case 40..<48: moveOutside(&camera)
            case 48..<50: forget(&camera)
            default: break
            }
            return camera
        }
    }

    /// A camera at a place of its own inside a micro-grid.
    mutating func camera(in micro: PlannedGrid) -> PlannedCamera {
        let column = micro.box.west + random.below(micro.box.columns)
        let row = micro.box.north + random.below(micro.box.rows)
        let s = random.between(0.1, 0.9)
        let t = random.between(0.1, 0.9)
        let kind =
            CameraPlan.isAtRiver(Double(column) + s, Double(row) + t) && random.below(10) < 8
            ? CameraKind.water : CameraKind.pick(&random)
        return make(kind, micro: micro, place: mesh.place(column: column, row: row, s: s, t: t))
    }

    private mutating func make(_ kind: CameraKind, micro: PlannedGrid, place: GeoPoint) -> PlannedCamera {
        let community = String(micro.code.prefix(12))
        let street = String(micro.code.prefix(9))
        let unit = kind.unit ?? "0" + street.suffix(1)
        let landmark = random.pick(kind.landmarks)
        let type = random.pick(CameraPlan.types)
        let drawn = random.below(100)
        let code = nextCode("430581" + unit + kind.industry + "1320")
        return PlannedCamera(
            code: code,
            name: "\(names[community] ?? "")\(landmark)\(code.suffix(4))\(type.1)",
            civilCode: community,
            pointClass: drawn < 5 ? 1 : drawn < 30 ? 2 : 3,
            cameraType: type.0,
            address: "\(random.pick(CameraPlan.roads))\(1 + random.below(280))号",
            landmark: landmark,
            position: LatticePoint(Datum.wgs84.convert(place, to: kind.datum)),
            datum: kind.datum,
            owner: kind.owner ?? (names[street] ?? ""),
            maintenance: CameraPlan.maintenanceUnits[(Int(street.suffix(1)) ?? 1) - 1],
            tags: kind.tags,
            gridCode: ""
        )
    }

    /// The next free code with these 14 digits.
    mutating func nextCode(_ prefix: String) -> String {
        serials[prefix, default: 0] += 1
        return prefix + GridPlan.padded(serials[prefix] ?? 0, 6)
    }

    /// Puts a camera 20 to 150 m outside the outline; its administrative code is the county's.
    private mutating func moveOutside(_ camera: inout PlannedCamera) {
        let border = mesh.outline(random.below(4 * CityMesh.size))
        let metresNorth = (border.latitude - CityMesh.centre.latitude) * 111_000
        let metresEast = (border.longitude - CityMesh.centre.longitude) * 99_000
        let length = (metresNorth * metresNorth + metresEast * metresEast).squareRoot()
        let share = random.between(20, 150) / length
        let place = GeoPoint(
            longitude: border.longitude + (border.longitude - CityMesh.centre.longitude) * share,
            latitude: border.latitude + (border.latitude - CityMesh.centre.latitude) * share
        )
        camera.position = LatticePoint(Datum.wgs84.convert(place, to: camera.datum))
        camera.civilCode = "430581"
    }

    private func forget(_ camera: inout PlannedCamera) {
        camera.position = nil
        camera.civilCode = "430581"
    }

    /// The made-up river runs from west to east through the middle, about two cells wide.
    private static func isAtRiver(_ column: Double, _ row: Double) -> Bool {
        let size = Double(CityMesh.size)
        let bend = 0.5 + 0.14 * sin(2 * .pi * (0.9 * column / size + 0.1))
        return abs(row / size - bend) < 0.022
    }
}

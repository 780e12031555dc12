import CityGrid

/// A sheet in which nearly every row is wrong in its own way; the last column says how.
///
/// Unclosed quotes and bytes that are no UTF-8 are part of it, so it is made as bytes.
struct BrokenCameras {
    private var cameras: CameraPlan
    private let plan: GridPlan
    private var bytes: [UInt8] = []

    init(plan: GridPlan, mesh: CityMesh, seed: UInt64) {
        cameras = CameraPlan(plan: plan, mesh: mesh, seed: seed)
        self.plan = plan
    }

    private enum Column {
        static let code = 0
        static let name = 1
        static let civilCode = 2
        static let pointClass = 3
        static let longitude = 7
        static let latitude = 8
        static let datum = 9
        static let grid = 13
        static let stream = 14
        static let enabled = 16
        static let note = 17
    }

    /// The whole file as bytes: a header, then good rows and broken ones.
    mutating func file() -> [UInt8] {
        bytes = Array(CameraSheet.line(CameraSheet.header).utf8)
        addCodes()
        addPositions()
        addOtherFields()
        addBrokenLines()
        addWrongDatumBlock()
        return bytes
    }

    private mutating func addCodes() {
        add("完好") { _ in }
        add("编码19位") { $0[Column.code].removeLast() }
        add("编码21位") { $0[Column.code].append("7") }
        add("编码被表格软件改写") { $0[Column.code] = "4.30581E+19" }
        add("编码被表格软件改写") { $0[Column.code] = "4.305810100132E19" }
        add("编码含字母") { $0[Column.code].replaceSubrange(Self.range(of: 12, in: $0[Column.code]), with: "O") }
        add("录像机") { $0[Column.code].replaceSubrange(Self.range(of: 11..<14, in: $0[Column.code]), with: "118") }
        add("平台") { $0[Column.code].replaceSubrange(Self.range(of: 11..<14, in: $0[Column.code]), with: "200") }
        add("编码为空") { $0[Column.code] = "" }
        let twice = cameras.nextCode("43058176001320")
        add("完好") { $0[Column.code] = twice }
        add("编码重复") { $0[Column.code] = twice }
    }

    private mutating func addPositions() {
        add("坐标为零") { ($0[Column.longitude], $0[Column.latitude]) = ("0", "0") }
        add("坐标为零") { ($0[Column.longitude], $0[Column.latitude]) = ("0.000000", "0.000000") }
        add("经纬度颠倒") { $0.swapAt(Column.longitude, Column.latitude) }
        add("经纬度颠倒") { $0.swapAt(Column.longitude, Column.latitude) }
        add("只有经度") { $0[Column.latitude] = "" }
        add("度分秒") { $0[Column.longitude] = "110°37'54\"E" }
        add("国外") { ($0[Column.longitude], $0[Column.latitude]) = ("2.352200", "48.856600") }
        add("省城") { ($0[Column.longitude], $0[Column.latitude]) = ("112.938800", "28.228200") }
        add("坐标系未知") { $0[Column.datum] = "BJ54" }
    }

    private mutating func addOtherFields() {
        add("缺名称") { $0[Column.name] = "" }
        add("缺名称") { $0[Column.name] = "  " }
        add("点位类型未知") { $0[Column.pointClass] = "7" }
        add("点位类型未知") { $0[Column.pointClass] = "甲" }
        add("区划编码含字母") { $0[Column.civilCode] = "43058A001001" }
        add("区划编码13位") { $0[Column.civilCode] += "0" }
        add("网格编码17位") { $0[Column.grid] = "43058100100100100" }
        add("网格不存在") { $0[Column.grid] = "430581999" }
        add("码流地址不是流") { $0[Column.stream] = "C:/clip.mp4" }
        add("启用写法未知") { $0[Column.enabled] = "也许" }
    }

    private mutating func addBrokenLines() {
        addFields("列数不足") { $0.removeLast(5) }
        addFields("列数过多") { $0 += ["多余", "多余"] }
        addFields("引号后有字") { $0[Column.name] = "\"东门\"球机" }
        addFields("引号未闭合") { $0[Column.name] = "\"东门球机" }
        let (before, after) = split("乱码", at: Column.name)
        bytes += Array(before.utf8) + [0xC4, 0xE3, 0xFF] + Array(after.utf8)
    }

    /// Twelve cameras of one supplier that hold GCJ-02 values but say WGS84, in places where that shows.
    private mutating func addWrongDatumBlock() {
        for community in plan.level(2).prefix(12) {
            let corner = CellBox(
                west: community.box.east - 4,
                east: community.box.east,
                north: community.box.south - 4,
                south: community.box.south
            )
            let place = PlannedGrid(
                code: community.code + "001001",
                name: "",
                level: 4,
                parent: nil,
                box: corner
            )
            var camera = cameras.camera(in: place)
            let position = camera.position?.point ?? CityMesh.centre
            camera.position = LatticePoint(camera.datum.convert(position, to: .gcj02))
            camera.datum = .wgs84
            camera.code = cameras.nextCode("43058177001320")
            var fields = camera.fields
            fields[Column.note] = "坐标系标错"
            bytes += Array(CameraSheet.line(fields).utf8)
        }
    }

    /// A good row with one thing changed; fields with quotes or commas are quoted.
    private mutating func add(_ note: String, _ change: (inout [String]) -> Void) {
        addFields(note) { fields in
            change(&fields)
            fields = fields.map { field in
                field.contains { $0 == "\"" || $0 == "," }
                    ? "\"" + field.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
                        + "\""
                    : field
            }
        }
    }

    /// A good row whose raw fields are changed.
    private mutating func addFields(_ note: String, _ change: (inout [String]) -> Void) {
        var fields = row(note)
        change(&fields)
        bytes += Array(CameraSheet.line(fields).utf8)
    }

    private mutating func split(_ note: String, at column: Int) -> (String, String) {
        let fields = row(note)
        return (
            fields[..<column].joined(separator: ",") + ",",
            "," + CameraSheet.line(Array(fields[(column + 1)...]))
        )
    }

    /// A good row of access unit 76, in WGS-84, with the note.
    private mutating func row(_ note: String) -> [String] {
        let micros = plan.level(4)
        var camera = cameras.camera(in: micros[bytes.count % micros.count])
        if let position = camera.position {
            camera.position = LatticePoint(camera.datum.convert(position.point, to: .wgs84))
        }
        camera.datum = .wgs84
        camera.code = cameras.nextCode("43058176001320")
        var fields = camera.fields
        fields[Column.note] = note
        return fields
    }

    /// The characters of a code by their position, counted from 1.
    private static func range(of positions: Range<Int>, in text: String) -> Range<String.Index> {
        let start = text.index(text.startIndex, offsetBy: positions.lowerBound - 1)
        return start..<text.index(start, offsetBy: positions.count)
    }

    private static func range(of position: Int, in text: String) -> Range<String.Index> {
        range(of: position..<position + 1, in: text)
    }
}

import CityGrid
import Flow
import Foundation

/// The data that a new database starts from: made up from a fixed seed, the same bytes every time.
///
/// `seeds/README.md` says what is real (the names of the four streets) and what is made up (all the rest).
public enum SeedData {
    /// The files that `write` makes, in the order of their making.
    public static let fileNames = [
        "grids.geojson", "posts.csv", "hazard-types.csv", "rule-templates.json", "cameras.csv", "cameras-broken.csv",
        "cameras-gb18030.csv",
    ]

    /// How many cameras `cameras.csv` has.
    public static let cameraCount = CameraPlan.count

    private static let seed: UInt64 = 430_581

    /// Writes all files, replacing those that are there.
    ///
    /// - Parameters:
    ///   - directory: the folder; it is made when it does not exist.
    ///   - progress: is told the name of each file once it is written.
    /// - Throws: what the file system throws, and `CityGridError` if a text cannot be written in GB18030.
    public static func write(to directory: String, progress: (String) -> Void = { _ in }) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        for name in fileNames {
            let path = URL(filePath: directory).appending(path: name)
            try Data(try bytes(of: name)).write(to: path, options: .atomic)
            progress(name)
        }
    }

    /// The content of one file.
    static func bytes(of name: String) throws -> [UInt8] {
        var random = SplitMix64(seed: seed)
        let mesh = CityMesh(random: &random)
        let plan = GridPlan(random: &random)
        var cameras = CameraPlan(plan: plan, mesh: mesh, seed: seed + 1)
        var broken = BrokenCameras(plan: plan, mesh: mesh, seed: seed + 2)
        switch name {
        case "grids.geojson": return Array(GridWriter.geoJSON(plan, mesh: mesh).utf8)
        case "posts.csv": return Array(Posts.csv(plan).utf8)
        case "hazard-types.csv": return Array(HazardCatalogue.csv.utf8)
        case "rule-templates.json": return Array(RuleTemplates.json.utf8)
        case "cameras.csv": return Array(sheet(cameras.cameras()).utf8)
        case "cameras-broken.csv": return broken.file()
        default: return try inGB18030(cameras.cameras())
        }
    }

    private static func sheet(_ cameras: some Sequence<PlannedCamera>) -> String {
        var text = CameraSheet.line(CameraSheet.header)
        for camera in cameras { text += CameraSheet.line(camera.fields) }
        return text
    }

    /// Every 160th camera, as a Chinese spreadsheet would save it.
    private static func inGB18030(_ cameras: [PlannedCamera]) throws(CityGridError) -> [UInt8] {
        let some = stride(from: 0, to: cameras.count, by: 160).map { cameras[$0] }
        let text = sheet(some).split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")
        guard let bytes = TextEncoding.gb18030.encode(text) else {
            throw CityGridError(.invalidText, "the camera sheet has a character that GB18030 has not")
        }
        return bytes
    }
}

import CityGrid
import Foundation
import SeedData
import TestSupport
import Testing

@Suite(.ownThread) struct SeedDataTests {
    private static let committed = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "seeds")

    /// The files of one run, made once for all tests.
    private static let made: Result<[String: Data], any Error> = Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "seeds-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        var told: [String] = []
        try SeedData.write(to: folder.path) { told.append($0) }
        #expect(told == SeedData.fileNames)
        return Dictionary(
            uniqueKeysWithValues: try told.map { ($0, try Data(contentsOf: folder.appending(path: $0))) }
        )
    }

    private func rows(_ name: String) throws -> [[String]] {
        let data = try #require(Self.made.get()[name])
        var pieces = [Array(data)]
        var reader = CSVReader { pieces.popLast() }
        var rows: [[String]] = []
        while let row = try reader.next() { rows.append(try row.fields.get()) }
        return rows
    }

    @Test("the committed files are what the generator makes", arguments: SeedData.fileNames)
    func committedFiles(_ name: String) throws {
        let file = try Data(contentsOf: Self.committed.appending(path: name))
        #expect(try Self.made.get()[name] == file, "run gridwatch generate seeds --out seeds and commit the result")
    }

    @Test("the tree has 4, 16, 126 and 272 grids, each under a parent one level up")
    func grids() throws {
        let file = try GridFile(json: Array(#require(Self.made.get()["grids.geojson"])))
        #expect(file.problems.isEmpty)
        let levels = Dictionary(grouping: file.features, by: \.code.level).mapValues(\.count)
        #expect(levels == [.large: 4, .medium: 16, .small: 126, .micro: 272])
        let codes = Set(file.features.map(\.code))
        #expect(codes.count == 418)
        #expect(file.features.allSatisfy { $0.parent.map(codes.contains) ?? ($0.code.level == .large) })
        let names = file.features.filter { $0.code.level == .large }.map(\.name)
        #expect(names == ["辕门口街道", "迎春亭街道", "水西门街道", "法相岩街道"])
        let corners = file.features.flatMap(\.geometry.polygons).flatMap(\.self).flatMap(\.points)
        #expect(
            corners.allSatisfy { (110.58...110.68).contains($0.longitude) && (26.69...26.77).contains($0.latitude) }
        )
    }

    @Test("132 grid leaders and 272 micro-grid leaders; nobody leads two grids")
    func posts() throws {
        let posts = try rows("posts.csv").dropFirst()
        #expect(
            Dictionary(grouping: posts) { $0[2] }.mapValues(\.count) == [
                "grid_leader": 132, "micro_grid_leader": 272, "maintenance": 4,
            ]
        )
        #expect(Set(posts.map { $0[0] }).count == posts.count)
        let led = posts.map { $0[3] }.filter { !$0.isEmpty }
        #expect(Set(led).count == 404)
    }

    @Test("32,000 cameras with codes, classes, tags and datums of their own")
    func cameras() throws {
        let data = try #require(Self.made.get()["cameras.csv"])
        #expect(data.count < 6_000_000)
        let table = try rows("cameras.csv")
        let cameras = table.dropFirst()
        #expect(cameras.count == SeedData.cameraCount)
        #expect(cameras.allSatisfy { $0.count == table[0].count })
        let codes = try cameras.map { try DeviceCode($0[0]) }
        #expect(Set(codes).count == 32_000)
        #expect(codes.allSatisfy { $0.county == "430581" && $0.type == "132" })
        for (pointClass, share) in [("1", 0.05), ("2", 0.25), ("3", 0.7)] {
            let found = Double(cameras.count { $0[3] == pointClass }) / 32_000
            #expect(abs(found - share) < 0.01, "class \(pointClass): \(found)")
        }
        let tags = Set(cameras.flatMap { $0[12].split(separator: ";") })
        #expect(tags == ["water", "school", "road", "fire_lane", "plaza", "community", "market", "construction"])
        let datums = Dictionary(grouping: cameras) { $0[9] }.mapValues(\.count)
        #expect(datums.keys.sorted() == ["", "BD09", "GCJ02", "WGS84"])
        #expect(datums.values.allSatisfy { $0 > 500 })
        #expect(cameras.allSatisfy { $0[14].isEmpty && $0[15].isEmpty }, "no stream addresses in the seeds")
    }
}

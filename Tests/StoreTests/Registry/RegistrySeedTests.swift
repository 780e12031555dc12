import CityGrid
import Foundation
import Postgres
import SeedData
import Store
import Testing

@Suite(.serialized, .enabled(if: RegistryDatabase.isAvailable))
struct RegistrySeedTests {
    @Test("the seeds import whole, every camera is judged, and a second import changes nothing")
    func seeds() async throws {
        try await RegistryDatabase.with { database in
            let start = ContinuousClock.now
            let reports = try await database.importer.importSeeds(directory: RegistryDatabase.seed(""))
            report(reports, start.duration(to: .now))
            #expect(reports.map(\.inserted) == [418, 408, 33, 10, 32_000])
            #expect(reports.allSatisfy { $0.rejected.total == 0 && $0.outcome == .committed && $0.updated == 0 })
            #expect(reports[..<4].allSatisfy { $0.warnings.total == 0 })
            try await counts(database)
            try await mapping(database, try #require(reports[4].mapping))

            let before = try await database.fingerprint()
            let again = try await database.importer.importSeeds(directory: RegistryDatabase.seed(""))
            #expect(again.map(\.unchanged) == [418, 408, 33, 10, 32_000])
            #expect(again.allSatisfy { $0.inserted == 0 && $0.updated == 0 })
            #expect(again[4].mapping?.changed == 0)
            #expect(try await database.fingerprint() == before)
        }
    }

    /// Figures for people; never asserted.
    private func report(_ reports: [ImportReport], _ time: Duration) {
        let shares = reports[4].mapping?.byMethod.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" } ?? []
        let line = "seeds imported and mapped in \(time): \(shares.joined(separator: ", "))\n"
        try? FileHandle.standardError.write(contentsOf: Data(line.utf8))
    }

    private func counts(_ database: RegistryDatabase) async throws {
        let levels = try await database.table("SELECT level AS key, count(*) AS value FROM grid GROUP BY 1")
        #expect(levels == ["1": "4", "2": "16", "3": "126", "4": "272"])
        let posts = try await database.table("SELECT kind AS key, count(*) AS value FROM post GROUP BY 1")
        #expect(posts == ["grid_leader": "132", "micro_grid_leader": "272", "maintenance": "4"])
        let leaders = try await database.table(
            """
            SELECT g.level AS key, count(DISTINCT g.id) AS value FROM post p JOIN grid g ON g.id = p.grid_id GROUP BY 1
            """
        )
        #expect(leaders == ["1": "4", "2": "16", "3": "112", "4": "272"])
        #expect(
            try await database.value("SELECT bool_and(restricted) FROM hazard_type WHERE theme IN ('JDFZ', 'XFWW')")
                == "true"
        )
    }

    @Test("the hash spreads the seed's cameras evenly over the shards")
    func shards() async throws {
        try await RegistryDatabase.with { database in
            _ = try await database.importer.importCameras(file: RegistryDatabase.seed("cameras.csv"))
            let sizes = try await database.table("SELECT shard AS key, count(*) AS value FROM camera GROUP BY 1")
            #expect(Set(sizes.keys.compactMap { Int($0) }) == Set(0..<LeaseView.shardCount))
            for (shard, size) in sizes { #expect((80...170).contains(Int(size) ?? 0), "shard \(shard): \(size)") }
        }
    }

    private func mapping(_ database: RegistryDatabase, _ mapping: MappingReport) async throws {
        #expect(mapping.cameras == 32_000)
        #expect(mapping.datumWarnings.isEmpty)
        for (method, share) in [("explicit", 0.02), ("point", 0.95), ("civil_code", 0.02), ("nearest", 0.008)] {
            let found = Double(mapping.byMethod[method] ?? 0) / 32_000
            #expect(abs(found - share) < 0.006, "\(method) \(found)")
        }
        let unmapped = try await CameraMapper(pool: database.pool).unmapped()
        #expect(unmapped.count == mapping.byMethod["unmapped"])
        #expect(!unmapped.isEmpty && unmapped.count < 160)
        #expect(unmapped.allSatisfy { $0.note.contains("give it a position or a grid") })
        let astray = """
            SELECT count(*) FROM camera c JOIN grid m ON m.id = c.grid_id JOIN grid s ON s.id = m.parent_id
            JOIN grid k ON k.id = s.parent_id
            WHERE c.mapping_method IN ('point', 'explicit') AND c.civil_code LIKE '430581______' AND k.code <> c.civil_code
            """
        #expect(try await database.value(astray) == "0", "a position or grid contradicts the community")
        let notes = "SELECT count(*) FROM camera WHERE mapping_note IS NOT NULL AND mapping_method <> 'unmapped'"
        #expect(try await database.value(notes) == "0")
    }

    @Test("the grid partitions exactly: no gap, no overlap, children fill their parent")
    func partition() async throws {
        try await RegistryDatabase.with { database in
            _ = try await database.importer.importGrids(file: RegistryDatabase.seed("grids.geojson"))
            let families = """
                WITH family AS (SELECT p.geom, ST_Union(c.geom) AS filled, sum(ST_Area(c.geom)) AS parts, count(*) AS n
                    FROM grid p JOIN grid c ON c.parent_id = p.id GROUP BY p.id)
                """
            #expect(try await database.value("\(families) SELECT count(*) FROM family") == "146")
            #expect(try await database.value("\(families) SELECT sum(n) FROM family") == "414")
            #expect(
                try await database.value("\(families) SELECT max(abs(ST_Area(geom) - parts)) < 1e-12 FROM family")
                    == "true"
            )
            #expect(
                try await database.value("\(families) SELECT bool_and(ST_Equals(filled, geom)) FROM family") == "true"
            )
            let overlapping = """
                SELECT count(*) FROM grid a JOIN grid b ON a.level = b.level AND a.id < b.id AND a.geom && b.geom
                WHERE ST_Relate(a.geom, b.geom, 'T********')
                """
            #expect(try await database.value(overlapping) == "0")
            let holes = "SELECT ST_NumInteriorRings(ST_Union(geom)) FROM grid WHERE level = 1"
            #expect(try await database.value(holes) == "0")
            let vertices = """
                SELECT count(*) FROM (SELECT (ST_DumpPoints(geom)).geom AS v FROM grid WHERE level < 4) upper
                WHERE NOT EXISTS (SELECT FROM (SELECT DISTINCT (ST_DumpPoints(geom)).geom AS v FROM grid WHERE level = 4)
                    micro WHERE micro.v = upper.v)
                """
            #expect(try await database.value(vertices) == "0", "a border has a vertex that its micro-grids have not")
        }
    }
}

import Flow
import Foundation
import Postgres
import Store
import Testing

@Suite(.enabled(if: StoreDatabase.isAvailable, "set GRIDWATCH_TEST_DATABASE"))
struct RegistrySyncTests {
    private func code(_ body: () async throws -> Void) async -> StoreError.Code? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? StoreError)?.code
        }
    }

    @Test("a worker reads the cameras of its shards only, and all shards together are all cameras")
    func shards() async throws {
        try await StoreDatabase.with { (database) async throws in
            let reader = AssignmentReader(pool: database.pool)
            let all = try await reader.read()
            var parts: [CameraAssignment] = []
            for shard in Set(all.map(\.shard)) {
                let part = try await reader.read(shards: [shard])
                #expect(part.allSatisfy { $0.shard == shard })
                parts += part
            }
            #expect(parts.sorted { $0.id < $1.id } == all)
            #expect(all.count == 5)
            #expect(try await reader.read(shards: []).isEmpty)
        }
    }

    @Test("the revision of rules changes with the rules and with nothing else")
    func revisions() async throws {
        try await StoreDatabase.with { (database) async throws in
            try await database.pool.query(
                "INSERT INTO rule_template VALUES ('w', 'water', 'x', 'FNS-01', '{\"kind\": \"intrusion\"}')"
            )
            let reader = AssignmentReader(pool: database.pool)
            func revision(_ camera: String) async throws -> UInt64? {
                try await reader.read().first { $0.id == camera }?.rulesRevision
            }
            let first = try await revision("a")
            #expect(try await revision("b") == first)
            try await database.pool.query("UPDATE camera SET stream_url = 'rtsp://x', point_class = 1 WHERE id = 'a'")
            #expect(try await revision("a") == first)
            try await database.pool.query(
                "INSERT INTO camera_rule SELECT 'b', code, hazard_type, definition FROM rule_template"
            )
            #expect(try await revision("b") == first)
            try await database.pool.query("UPDATE camera_rule SET definition = '{\"kind\": \"crowd\"}'")
            #expect(try await revision("b") != first)
            #expect(try await revision("a") == first)
            try await database.pool.query("UPDATE rule_template SET hazard_type = 'DLJT-01'")
            #expect(try await revision("a") != first)
        }
    }

    @Test("platforms are found by the host of the stream that is analysed")
    func platforms() async throws {
        try await StoreDatabase.with { (database) async throws in
            let platforms = Platforms(pool: database.pool)
            try await database.pool.query(
                "UPDATE camera SET sub_stream_url = 'rtsp://u:p@NVR.local:8554/' || id WHERE id IN ('a', 'b')"
            )
            try await platforms.set(Platform(host: "NVR.local", name: "录像机", patrolSessions: 8))
            try await platforms.set(Platform(host: "10.0.0.1", name: "平台", note: "alt"))
            let cameras = try await AssignmentReader(pool: database.pool).read()
            #expect(cameras.map(\.host) == ["nvr.local", "nvr.local", "10.0.0.1", "10.0.0.1", "10.0.0.1"])
            #expect(cameras.map(\.patrolSessions) == [8, 8, nil, nil, nil])
            try await platforms.set(Platform(host: "nvr.LOCAL", name: "录像机", patrolSessions: 16))
            let lines = try await platforms.list()
            #expect(lines.map(\.platform.patrolSessions) == [nil, 16])
            #expect(lines.map(\.cameras) == [3, 2])
            #expect(await code { try await platforms.set(Platform(host: "a:b@c/", name: "x")) } == .invalid)
            let many = await code { try await platforms.set(Platform(host: "x", name: "x", patrolSessions: 1001)) }
            #expect(many == .invalid)
            #expect(try await platforms.remove(host: "NVR.local"))
            #expect(try await !platforms.remove(host: "NVR.local"))
        }
    }

    @Test("sampling of the camera goes before that of its tags, times of day before always")
    func sampling() async throws {
        try await StoreDatabase.with { (database) async throws in
            let overrides = SamplingOverrides(pool: database.pool)
            let night = #"[{"to": "06:00", "from": "22:00"}]"#
            try await overrides.set(.tag("water"), interval: 10)
            try await overrides.set(.tag("road"), interval: 20)
            try await overrides.set(.camera("a"), interval: 30)
            let first = try await overrides.set(.camera("a"), interval: 2, schedule: night)
            #expect(try await overrides.set(.camera("a"), interval: 3, schedule: night) == first)
            let cameras = try await AssignmentReader(pool: database.pool).read()
            #expect(cameras[0].samplingOverrides.map(\.interval) == [3, 30, 10])
            #expect(cameras[0].samplingOverrides[0].schedule == night)
            #expect(cameras[1].samplingOverrides.map(\.interval) == [10])
            #expect(try await overrides.list().map(\.interval) == [3, 30, 10, 20])
            #expect(await code { try await overrides.set(.camera("x"), interval: 2) } == .notFound)
            #expect(await code { try await overrides.set(.tag("a"), interval: 0) } == .invalid)
            #expect(await code { try await overrides.set(.tag("a"), interval: 2, schedule: "{}") } == .invalid)
            #expect(await code { try await overrides.set(.tag("a"), interval: 2, schedule: "[") } == .invalid)
            for hour in 0..<SamplingOverrides.maximumPerTarget {
                try await overrides.set(.tag("many"), interval: 2, schedule: "[\(hour)]")
            }
            #expect(await code { try await overrides.set(.tag("many"), interval: 2) } == .conflict)
            #expect(try await overrides.remove(id: first))
            #expect(try await !overrides.remove(id: first))
        }
    }

    @Test("16,000 of 32,000 cameras are read; the time is printed")
    func speed() async throws {
        try await StoreDatabase.with { (database) async throws in
            try await database.pool.withConnection {
                try await $0.script(
                    """
                    INSERT INTO camera (id, name, enabled, stream_url, tags)
                    SELECT '4305810101132' || lpad(n::text, 7, '0'), '社区东门枪机 ' || n, true,
                        'rtsp://admin:Password1@10.' || n % 200 || '.3.' || n % 250 || ':554/h264/ch1/sub/av_stream',
                        CASE n % 3 WHEN 0 THEN '{road}' WHEN 1 THEN '{water,school}' ELSE '{plaza,road}' END::text[]
                    FROM generate_series(1, 32000) n;
                    INSERT INTO rule_template SELECT tag || n, tag, tag, 'FNS-01',
                        jsonb_build_object('kind', 'intrusion', 'text', repeat('x', 400))
                    FROM unnest('{road,water,school,plaza}'::text[]) tag, generate_series(1, 2) n;
                    INSERT INTO camera_rule SELECT id, 'own', 'FNS-01', jsonb_build_object('text', repeat('y', 600))
                    FROM camera WHERE shard % 8 = 0;
                    INSERT INTO platform SELECT '10.1.3.' || n, 'NVR', 8 FROM generate_series(0, 249) n;
                    INSERT INTO detection_profile (scope, scope_key, version, settings, note)
                    VALUES ('tag', 'road', 1, '{"dwell": 2}', '');
                    INSERT INTO profile_activation (scope, scope_key, profile_id, note)
                    SELECT scope, scope_key, id, '' FROM detection_profile;
                    ANALYZE;
                    """
                )
            }
            let reader = AssignmentReader(pool: database.pool)
            for _ in 0..<3 {
                let start = ContinuousClock.now
                let cameras = try await reader.read(shards: Set(0..<128))
                let time = start.duration(to: .now)
                FileHandle.standardError.write(Data("FleetReader: \(cameras.count) cameras in \(time)\n".utf8))
                #expect((15_000...17_000).contains(cameras.count))
                #expect(cameras.allSatisfy { !$0.rules.isEmpty })
                #expect((9_000...13_000).contains(cameras.count { $0.profile?.settings == ["dwell": 2] }))
            }
        }
    }
}

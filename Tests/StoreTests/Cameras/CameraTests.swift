import Flow
import Postgres
import Store
import Testing

@Suite(.enabled(if: StoreDatabase.isAvailable, "set GRIDWATCH_TEST_DATABASE"))
struct CameraTests {
    private func record(
        _ camera: String,
        _ state: String,
        at seconds: Double,
        frame: Double? = nil
    ) -> CameraStateRecord {
        CameraStateRecord(
            camera: camera,
            state: state,
            since: MediaTime(seconds: seconds),
            lastFrameAt: frame.map { MediaTime(seconds: $0) },
            detail: "连接\0失败",
            reason: "timed_out 5",
            scene: nil,
            reconnects: 2
        )
    }

    @Test("the newest state of each camera is kept; unknown cameras are passed over")
    func states() async throws {
        try await StoreDatabase.with { (database) async throws in
            let states = CameraStates(pool: database.pool)
            try await states.record([])
            try await states.record([
                record("a", "connecting", at: 1), record("gone", "online", at: 1),
                record("a", "online", at: 2, frame: 3),
                record("b", "offline", at: 4),
            ])
            var measured = record("a", "online", at: 2)
            measured.quality = #"{"dark": 90, "noise": 12}"#
            try await states.record([measured])
            try await states.record([record("a", "stalled", at: 5)])
            let quality = try await database.value("SELECT quality ->> 'noise' FROM camera_state WHERE camera_id = 'a'")
            #expect(quality == "12")
            let rows = try await database.pool.query("SELECT * FROM camera_state ORDER BY camera_id").rows
            #expect(rows.map { $0["camera_id"] } == ["a", "b"])
            #expect(rows.map { $0["state"] } == ["stalled", "offline"])
            #expect(try rows[0].timestamp("last_frame_at") == 3_000_000)
            #expect(rows[0]["detail"] == "连接\u{fffd}失败")
            #expect(rows[0]["reason"] == "timed_out 5")
            var odd = record("a", "blind", at: 7)
            odd.reason = "Robert'); DROP TABLE camera"
            try await states.record([odd])
            let told = "SELECT state || coalesce(reason, '-') FROM camera_state WHERE camera_id = 'a'"
            #expect(try await database.value(told) == "blind-")
            let error = await #expect(throws: StoreError.self) { try await states.record([record("a", "odd", at: 6)]) }
            #expect(error?.message == "camera a: odd is no camera state")
        }
    }

    @Test("cameras come with their own rules, else with those of their tags, the sub stream first")
    func fleet() async throws {
        try await StoreDatabase.with { (database) async throws in
            try await database.pool.withConnection {
                try await $0.script(
                    """
                    INSERT INTO rule_template VALUES
                        ('water-day', 'water', '临水', 'FNS-01', '{"kind": "intrusion"}'),
                        ('road', 'road', '违停', 'DLJT-01', '{"kind": "stationary"}'),
                        ('all-water', 'water', '临水', 'FNS-01', '{"kind": "crowd"}');
                    INSERT INTO camera_rule VALUES ('b', 'own', 'DLJT-01', '{"kind": "line"}');
                    UPDATE camera SET sub_stream_url = 'rtsp://sub' WHERE id = 'c';
                    UPDATE camera SET tags = '{water,road}' WHERE id = 'c';
                    UPDATE camera SET stream_url = '' WHERE id = 'd';
                    UPDATE camera SET tags = '{}' WHERE id = 'far';
                    """
                )
            }
            let reader = AssignmentReader(pool: database.pool)
            let cameras = try await reader.read()
            #expect(cameras.map(\.id) == ["a", "b", "c", "far"])
            #expect(reader.camerasWithoutURL == ["d"])
            #expect(cameras[0].rules.map(\.id) == ["all-water", "water-day"])
            #expect(
                cameras[1].rules == [AssignedRule(id: "own", hazardType: "DLJT-01", definition: #"{"kind": "line"}"#)]
            )
            #expect(cameras[2].url == "rtsp://sub")
            #expect(cameras[2].rules.map(\.id) == ["all-water", "road", "water-day"])
            #expect(cameras[3].rules.isEmpty)
            #expect(cameras[0].url == "rtsp://10.0.0.1/a")
            #expect(try await reader.read() == cameras)
        }
    }
}

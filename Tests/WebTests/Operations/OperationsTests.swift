import Daemon
import Flow
import Foundation
import Postgres
import Store
import Synchronization
import Testing

@testable import Web

/// What the operations page is made of, without a server.
@Suite struct OperationsPartsTests {
    @Test("what a worker says of itself is taken as far as it is numbers")
    func stats() {
        let text = #"{"samples_total": 12, "cpu_ms": 1500.0, "note": "x", "list": [1], "huge": 1e300, "gone": null}"#
        #expect(WorkerReport.numbers(text) == ["samples_total": 12, "cpu_ms": 1500])
        #expect(WorkerReport.numbers("[1]").isEmpty && WorkerReport.numbers("").isEmpty)
    }

    @Test("a share is rounded down, so that 100 % are all of them")
    func percent() {
        func tally(_ inTime: Int, _ cameras: Int) -> CoverageTally {
            var tally = CoverageTally([])
            (tally.inTime, tally.cameras) = (inTime, cameras)
            return tally
        }
        #expect(tally(1999, 2000).percent == "99.9%")
        #expect(tally(2000, 2000).percent == "100%")
        #expect(tally(0, 3).percent == "0.0%" && tally(0, 0).percent == "100%")
    }

    @Test("what many ask for at once is read once, kept for a while, and read anew after a change or a failure")
    func shared() async throws {
        let (reads, fails) = (Counter(), Counter())
        let shared = Shared(life: .seconds(3600)) {
            if fails.value > 0 { throw WebError(.unavailable) }
            try await Task.sleep(for: .milliseconds(50))
            return reads.next()
        }
        let values = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<20 { group.addTask { try await shared.value() } }
            return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
        }
        #expect(values == [1])
        #expect(try await shared.value() == 1)
        await shared.forget()
        #expect(try await shared.value() == 2)
        _ = fails.next()
        await shared.forget()
        await #expect(throws: WebError.self) { try await shared.value() }
        fails.reset()
        #expect(try await shared.value() == 3)
    }

    @Test("a schedule is kept in one form, and what no clock shows is refused")
    func windows() throws {
        func window(_ days: [Int]?, _ from: String, _ to: String) -> SamplingWindow {
            SamplingWindow(days: days, from: from, to: to)
        }
        let text = try SamplingWindow.text([window([5, 1, 1], "22:00", "06:00")])
        #expect(text == #"[{"days":[1,5],"from":"22:00","to":"06:00"}]"#)
        #expect(try SamplingWindow.text([]) == nil && SamplingWindow.text(nil) == nil)
        #expect(try SamplingWindow.text([window(nil, "00:00", "24:00")])?.contains("[1,2,3,4,5,6,7]") == true)
        let wrong = [
            window([0], "22:00", "06:00"), window([], "22:00", "06:00"), window([1], "24:00", "06:00"),
            window([1], "22:60", "06:00"), window([1], "22:00", "24:01"), window([1], "", "06:00"),
        ]
        for one in wrong { #expect(throws: WebError(.invalid, .samplingWindow)) { try SamplingWindow.text([one]) } }
        let many = Array(repeating: window([1], "22:00", "06:00"), count: SamplingWindow.maximumCount + 1)
        #expect(throws: WebError.self) { try SamplingWindow.text(many) }
    }
}

/// A number that tasks share.
private final class Counter: Sendable {
    private let number = Mutex(0)

    var value: Int { number.withLock { $0 } }

    func next() -> Int {
        number.withLock { number in
            number += 1
            return number
        }
    }

    func reset() { number.withLock { $0 = 0 } }
}

extension LiveSite {
    @Suite struct OperationsTests {
        /// Two workers, one of them lost, with a full set of trouble around the cameras of the county.
        static func makeTrouble(_ site: TestSite) async throws {
            try await site.pool.withConnection {
                try await $0.script(
                    """
                    DELETE FROM incident; DELETE FROM camera_quarantine; DELETE FROM platform;
                    DELETE FROM sampling_override; DELETE FROM ingest_worker;
                    INSERT INTO ingest_worker (id, boot, epoch, lease_until, capacity, version, host, stats) VALUES
                        ('town-1', gen_random_uuid(), 1, now() + interval '1 h', 5000, '0.9.0', 'box-1',
                         '{"cameras_online": 1, "cameras_in_time": 1, "cameras_overdue": 0, "memory_kb": 204800,
                           "cameras_blind": 3, "registry_age_seconds": 600,
                           "samples_dropped_total_I": 0, "samples_dropped_total_II": 7}'),
                        ('town-2', gen_random_uuid(), 1, now() - interval '5 min', 5000, '0.9.0', 'box-2', '{}');
                    UPDATE ingest_shard SET worker_id = CASE WHEN shard < 250 THEN 'town-1' ELSE 'town-2' END;
                    INSERT INTO platform VALUES ('10.0.0.4', '河东平台', 4, NULL);
                    INSERT INTO camera_quarantine VALUES
                        ('cam-4', 3, now(), now(), now() + interval '1 h', 'crashed <the decoder>'),
                        ('cam-9', 1, now(), now(), NULL, 'crashed once');
                    INSERT INTO sampling_override (tag, interval_s, schedule) VALUES
                        ('water', 5, '[{"days": [1,2,3,4,5], "from": "22:00", "to": "06:00"}]');
                    INSERT INTO incident (kind, scope, share, affected, started_at, ended_at) VALUES
                        ('cameras', '10.0.0.4', 0.8, 318, now() - interval '3 min', NULL),
                        ('clock', 'box-2', NULL, NULL, now() - interval '2 h', now() - interval '1 h');
                    INSERT INTO incident_part (incident_id, worker, share, affected)
                    SELECT id, '', share, affected FROM incident WHERE ended_at IS NULL;
                    """
                )
            }
        }

        static func count(_ table: String) async throws -> Int? {
            try await TestSite.current.value("SELECT count(*) FROM \(table)").flatMap { Int($0) }
        }

        @Test("the report tells of workers, coverage, incidents, quarantine, platforms and overrides")
        func report() async throws {
            let site = try TestSite.current
            try await Self.makeTrouble(site)
            let answer = try await site.browser("vera").get("/api/v1/operations")
            #expect(answer.status == 200 && !answer.text.contains("secret"))
            func rows(_ key: String) -> [[String: Any]] { answer.json[key] as? [[String: Any]] ?? [] }
            #expect(rows("workers").map { $0["is_alive"] as? Bool } == [true, false])
            #expect((rows("workers")[0]["stats"] as? [String: Int])?["memory_kb"] == 204_800)
            #expect(rows("coverage").compactMap { $0["cameras"] as? Int }.reduce(0, +) == 2)
            #expect(rows("incidents").map { $0["affected"] as? Int } == [318, nil])
            #expect((rows("incidents")[0]["started_at"] as? String)?.hasSuffix("Z") == true)
            #expect(rows("quarantine").map { $0["is_active"] as? Bool } == [true, false])
            #expect(rows("platforms").map { $0["patrol_sessions"] as? Int } == [4])
            let schedule = rows("sampling_overrides").first?["schedule"] as? [[String: Any]]
            #expect(schedule?.first?["from"] as? String == "22:00")
        }

        @Test("the page says the same in words, with buttons for those who may act only")
        func page() async throws {
            let site = try TestSite.current
            try await Self.makeTrouble(site)
            let olga = try await site.browser("olga").page("/operations").text
            for word in [
                "河东平台 (10.0.0.4)：318 路摄像机同时离线（占 80%）", "失联", "二类点 7", "工作日 22:00–06:00", "画面不可用 3", "登记册副本 10 分",
            ] {
                #expect(olga.contains(word), "\(word)")
            }
            #expect(olga.contains("crashed &lt;the decoder&gt;") && olga.contains("200 MB"))
            let changes = [
                "quarantine/cam-4/release", "DELETE /api/v1/platforms", "id=\"override-form\"", "operations.js",
            ]
            let vera = try await site.browser("vera").page("/operations").text
            for part in changes { #expect(olga.contains(part) && !vera.contains(part), "\(part)") }
            #expect(!olga.contains("quarantine/cam-9/release"), "it is counted only: there is nothing to release")
            let wang = try await site.browser("wang")
            #expect(try await wang.page("/operations").status == 403)
            #expect(try await !wang.page("/tasks").text.contains("\"/operations\""))
        }

        @Test("an empty site says what to do")
        func empty() async throws {
            let site = try TestSite.current
            try await Self.makeTrouble(site)
            try await site.pool.withConnection {
                try await $0.script(
                    """
                    DELETE FROM incident; DELETE FROM camera_quarantine; DELETE FROM platform;
                    DELETE FROM sampling_override; DELETE FROM ingest_worker;
                    """
                )
            }
            let page = try await site.browser("boss").page("/operations").text
            for word in ["gridwatch serve --role ingest", "目前没有事件", "没有被隔离的摄像机", "还没有登记平台", "都按配置的间隔采样"] {
                #expect(page.contains(word), "\(word)")
            }
            #expect(page.contains("256 个分片没有在岗的采集进程，其中 2 路摄像机无人看守"))
        }

        @Test("an operator releases a camera from quarantine, once")
        func release() async throws {
            let site = try TestSite.current
            try await Self.makeTrouble(site)
            let path = "/api/v1/quarantine/cam-4/release"
            #expect(try await site.browser("vera").send("POST", path).status == 403)
            #expect(try await Self.count("camera_quarantine") == 2)
            let olga = try await site.browser("olga")
            #expect(try await olga.send("POST", path).status == 204)
            #expect(try await Self.count("camera_quarantine") == 1)
            #expect(try await olga.send("POST", path).status == 404)
            let cookie = [("Cookie", try #require(olga.cookie)), ("Sec-Fetch-Site", "cross-site")]
            let foreign = try await site.client.send("POST", "/api/v1/quarantine/cam-9/release", headers: cookie)
            #expect(foreign.status == 403)
            #expect(try await Self.count("camera_quarantine") == 1)
        }

        @Test("alerts that could not be stored are shown with why, and an operator tries them again")
        func setAside() async throws {
            let site = try TestSite.current
            try await Self.makeTrouble(site)
            try await site.pool.withConnection {
                try await $0.script(
                    """
                    DELETE FROM alert_quarantine;
                    INSERT INTO alert_quarantine (alert_id, stated_at, reason, body)
                    VALUES (gen_random_uuid(), now(), 'unknown camera <b>x</b>', '{"camera": "cam/<i>", "rule": "r"}');
                    UPDATE ingest_worker SET stats = '{"loops_failing": 1, "alerts_aside": 12}' WHERE id = 'town-1';
                    """
                )
            }
            let olga = try await site.browser("olga")
            let page = try await olga.page("/operations").text
            for word in ["未能入库的告警", "unknown camera &lt;b&gt;x", "cam/&lt;i&gt;", "受阻 12", "停滞的环节 1", "重试入库"] {
                #expect(page.contains(word), "\(word)")
            }
            let path = "/api/v1/set-aside-alerts/retry"
            let vera = try await site.browser("vera")
            #expect(try await !vera.page("/operations").text.contains(path))
            #expect(try await vera.send("POST", path).status == 403)
            let listed = try await vera.get("/api/v1/operations").json["set_aside"] as? [[String: Any]]
            #expect(listed?.first?["reason"] as? String == "unknown camera <b>x</b>")
            let answer = try await olga.send("POST", path)
            #expect(answer.status == 200)
            #expect(answer.json["stored"] as? Int == 0 && answer.json["left"] as? Int == 1, "it is no statement")
            try await site.pool.query("DELETE FROM alert_quarantine")
            #expect(try await !olga.page("/operations").text.contains("id=\"set-aside\""))
        }

        @Test("platforms are added, changed and removed; a host that cannot be is refused")
        func platforms() async throws {
            let site = try TestSite.current
            try await Self.makeTrouble(site)
            let olga = try await site.browser("olga")
            let path = "/api/v1/platforms"
            func set(_ host: String, _ name: String, _ sessions: Int?) async throws -> Int {
                var body: [String: any Sendable] = ["host": host, "name": name]
                body["patrol_sessions"] = sessions
                return try await olga.send("POST", path, body).status
            }
            #expect(try await set(" NVR.Example.CN ", "新平台", 8) == 204)
            #expect(try await set("nvr.example.cn", "改名", nil) == 204)
            let row = try await site.value(
                "SELECT name || coalesce(patrol_sessions, 0) FROM platform WHERE host LIKE 'nvr%'"
            )
            #expect(row == "改名0")
            let wrong = [("a/b", "x", 1), ("", "x", 1), ("a", "", 1), ("a", "x", 0), ("a", "x", 5000)]
            for (host, name, sessions) in wrong {
                #expect(try await set(host, name, sessions) == 422, "\(host) \(name) \(sessions)")
            }
            #expect(try await set("[fe80::1]", "六", 1) == 204)
            #expect(try await olga.send("DELETE", path + "/%5Bfe80%3A%3A1%5D").status == 204)
            #expect(try await olga.send("DELETE", path + "/nvr.example.cn").status == 204)
            #expect(try await olga.send("DELETE", path + "/nvr.example.cn").status == 404)
            #expect(try await Self.count("platform") == 1)
        }

        @Test("overrides are for one camera or one tag; the same window written otherwise is the same override")
        func overrides() async throws {
            let site = try TestSite.current
            try await Self.makeTrouble(site)
            let olga = try await site.browser("olga")
            let path = "/api/v1/sampling-overrides"
            func set(_ body: [String: any Sendable]) async throws -> Answer { try await olga.send("POST", path, body) }
            func night(_ days: [Int]) -> [[String: any Sendable]] { [["days": days, "from": "22:00", "to": "06:00"]] }
            let first = try await set(["camera": "cam-4", "interval": 2, "schedule": night([2, 1])])
            let again = try await set(["camera": "cam-4", "interval": 3, "schedule": night([1, 2, 2])])
            let id = try #require(first.json["id"] as? Int)
            #expect(first.status == 201 && again.json["id"] as? Int == id)
            #expect(try await site.value("SELECT interval_s FROM sampling_override WHERE id = \(id)") == "3")
            #expect(try await set(["camera": "cam-4", "tag": "water", "interval": 2]).status == 422)
            #expect(try await set(["interval": 2]).status == 422)
            #expect(try await set(["tag": "water", "interval": 0]).status == 422)
            #expect(try await set(["tag": "water", "interval": 9, "schedule": night([9])]).status == 422)
            #expect(try await set(["camera": "cam-none", "interval": 9]).status == 404)
            #expect(try await olga.send("DELETE", "\(path)/\(id)").status == 204)
            #expect(try await olga.send("DELETE", "\(path)/\(id)").status == 404)
            #expect(try await olga.send("DELETE", "\(path)/99999999999").status == 404)
            #expect(try await Self.count("sampling_override") == 1)
        }

        @Test("an open incident is one banner on the lists and the map, for those who see the whole county")
        func banner() async throws {
            let site = try TestSite.current
            try await Self.makeTrouble(site)
            let incidents = Incidents(pool: site.pool)
            try await incidents.open(.cameras, scope: "", at: Clocks.system.wall(), share: 0.4, affected: 40)
            let vera = try await site.browser("vera")
            for path in ["/cases", "/cameras", "/map"] {
                let text = try await vera.page(path).text
                guard path != "/map" || text.contains("id=\"map\"") else { continue }
                #expect(text.matches(of: /class="incident"/).count == 1, "\(path)")
                #expect(text.contains("318 路摄像机同时离线") && text.contains("另有 1 起事件"), "\(path)")
            }
            let english = try await site.client.send(
                "GET",
                "/cases",
                headers: [("Cookie", "\(try #require(vera.cookie)); gw_language=en"), ("Accept", "text/html")]
            )
            #expect(english.text.contains("318 cameras went out together (80% of those in service)"))
            let wang = try await site.browser("wang")
            #expect(try await !wang.page("/cameras").text.contains("class=\"incident\""))
            try await incidents.close(.cameras, scope: "10.0.0.4", at: Clocks.system.wall())
            try await incidents.close(.cameras, scope: "", at: Clocks.system.wall())
            #expect(try await !vera.page("/cases").text.contains("class=\"incident\""))
        }

        @Test("a camera's page says which worker watches it, when it was seen last, and how often it was late")
        func camera() async throws {
            let site = try TestSite.current
            try await Self.makeTrouble(site)
            try await site.pool.query(
                """
                UPDATE camera_state SET state = 'frozen', worker_id = 'town-1', sampled_at = now() - interval '1 min',
                    interval_s = 10, late_count = 17 WHERE camera_id = 'cam-4'
                """
            )
            let boss = try await site.browser("boss")
            let detail = try await boss.get("/api/v1/cameras/cam-4").json
            #expect(detail["worker"] as? String == "town-1" && detail["interval"] as? Double == 10)
            #expect(detail["late_count"] as? Int == 17 && detail["is_late"] as? Bool == true)
            #expect(detail["sampled_at"] is String && detail["quarantined_until"] is String)
            let page = try await boss.page("/cameras/cam-4").text
            for word in ["画面冻结", "town-1", "10 秒", "逾期", "隔离中"] { #expect(page.contains(word), "\(word)") }
            #expect(try await boss.get("/api/v1/cameras?state=frozen").items.map { $0["id"] as? String } == ["cam-4"])
            try await site.pool.query("UPDATE camera_state SET state = 'online' WHERE camera_id = 'cam-4'")
        }
    }
}

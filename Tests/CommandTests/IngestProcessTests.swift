import Foundation
import Testing

/// Ingest nodes (`ingest.node`) as the processes that they are, killed, stopped and crashed; against a real database and a
/// real farm.
///
/// Each test has a site of its own and mostly waits, so they run beside each other.
@Suite(.enabled(if: IngestSite.server != nil)) struct IngestProcessTests {
    private static let clips = ["sample-streams/river-day.mp4", "sample-streams/night-intrusion.mp4"]
    /// Shards that each node owns.
    private static func owned(_ node: String) -> String {
        "SELECT count(*) FROM ingest_shard WHERE worker_id = '\(node)-0'"
    }
    /// Cameras that a node says it watches.
    private static func watched(_ node: String) -> String {
        "SELECT count(*) FROM camera_state WHERE worker_id = '\(node)-0' AND state = 'online'"
    }
    private static let doubled = """
        SELECT count(*) FROM (SELECT FROM hazard_case WHERE outcome IS NULL GROUP BY camera_id, rule_id
        HAVING count(*) > 1) AS d
        """
    private static let unattached = "SELECT count(*) FROM alert WHERE case_id IS NULL"

    /// A site on which two nodes share eight cameras and alerts have begun to come.
    private func sharedSite() async throws -> (site: IngestSite, first: Int32, second: Int32) {
        let site = try await IngestSite(cameras: 8, clips: Self.clips)
        let first = try site.startNode("a", decode: "keyframes")
        #expect(try await site.eventually(60, Self.owned("a")) { $0 == 256 }, "\(site.log("a"))")
        let second = try site.startNode("b", decode: "keyframes")
        #expect(try await site.eventually(180, Self.owned("b")) { $0 > 0 }, "\(site.log("b"))")
        #expect(try await site.eventually(60, Self.watched("b")) { $0 > 0 })
        #expect(try await site.eventually(120, "SELECT count(*) FROM alert") { $0 > 0 })
        return (site, first, second)
    }

    @Test("after kill -9 of one of two nodes the other has its cameras within 30 s, and no alert is lost or doubled")
    func killedNode() async throws {
        let (site, first, _) = try await sharedSite()
        let worker = try #require(site.worker(of: first))
        // By the database's clock: this test itself may have to wait for its turn on a busy machine.
        let began = try await site.number("extract(epoch FROM clock_timestamp())")
        kill(first, SIGKILL)
        kill(worker, SIGKILL)
        #expect(try await site.eventually(120, Self.owned("b")) { $0 == 256 })
        let moved = try await site.number("SELECT extract(epoch FROM max(since)) FROM ingest_shard")
        #expect(moved - began < 30, "the lease is 15 s, the round of the other 5 s")
        #expect(try await site.eventually(90, Self.watched("b")) { $0 == 8 })

        // What the dead process had accepted comes when its disk is back, and the new owner acts on it.
        _ = try site.startNode("a", decode: "keyframes")
        #expect(try await site.eventually(60, Self.unattached) { $0 == 0 }, "\(site.log("a"))")
        #expect(try await site.number(Self.doubled) == 0)
        try await site.close()
    }

    @Test("a node that was frozen for a minute opens nothing with its stale epoch; its alerts are kept as facts")
    func frozenNode() async throws {
        let (site, first, _) = try await sharedSite()
        let worker = try #require(site.worker(of: first))
        kill(first, SIGSTOP)
        kill(worker, SIGSTOP)
        #expect(try await site.eventually(60, Self.owned("b")) { $0 == 256 })
        try await Task.sleep(for: .seconds(40))
        let epochs = try await site.number("SELECT sum(epoch) FROM ingest_shard")
        kill(worker, SIGCONT)
        kill(first, SIGCONT)
        try await Task.sleep(for: .seconds(20))
        // It came back with nothing and was given its part anew, under new epochs.
        #expect(try await site.number("SELECT sum(epoch) FROM ingest_shard") >= epochs)
        #expect(try await site.number(Self.doubled) == 0)
        #expect(try await site.eventually(60, Self.unattached) { $0 == 0 })
        let tasks = "SELECT count(*) FROM (SELECT FROM task GROUP BY case_id HAVING count(*) > 1) AS d"
        #expect(try await site.number(tasks) == 0, "one task per case, whoever heard of it first")
        try await site.close()
    }

    @Test("a parent that was stopped for half a minute kills no healthy process; one stopped for ten seconds goes on")
    func pausedProcesses() async throws {
        let site = try await IngestSite(cameras: 4, clips: Self.clips)
        let parent = try site.startNode("a", decode: "keyframes")
        #expect(try await site.eventually(60, Self.watched("a")) { $0 == 4 }, "\(site.log("a"))")
        let worker = try #require(site.worker(of: parent))
        kill(parent, SIGSTOP)
        try await Task.sleep(for: .seconds(30))
        kill(parent, SIGCONT)
        try await Task.sleep(for: .seconds(3))
        #expect(site.worker(of: parent) == worker, "\(site.log("a"))")
        kill(worker, SIGSTOP)
        try await Task.sleep(for: .seconds(10))
        kill(worker, SIGCONT)
        try await Task.sleep(for: .seconds(15))
        #expect(site.worker(of: parent) == worker, "\(site.log("a"))")
        #expect(try await site.eventually(60, Self.watched("a")) { $0 == 4 })
        let reconnects = try await site.number("SELECT coalesce(sum(reconnects), 0) FROM camera_state")
        #expect(reconnects == 0, "what cameras sent meanwhile was read, and none of them was given up")
        #expect(try await site.number("SELECT count(*) FROM camera_quarantine") == 0)
        try await site.close()
    }

    @Test("a process that stands still for good is killed and started again, and no camera gets a strike for it")
    func hungProcess() async throws {
        let site = try await IngestSite(cameras: 2, clips: ["sample-streams/river-day.mp4"])
        let parent = try site.startNode("a", decode: "every_frame")
        #expect(try await site.eventually(60, Self.watched("a")) { $0 == 2 }, "\(site.log("a"))")
        let worker = try #require(site.worker(of: parent))
        kill(worker, SIGSTOP)
        var next: Int32?
        for _ in 0..<240 where next == nil {
            try await Task.sleep(for: .milliseconds(500))
            if let found = site.worker(of: parent), found != worker { next = found }
        }
        #expect(next != nil, "\(site.log("a"))")
        #expect(site.log("a").contains("gives no sign of life"))
        #expect(try await site.eventually(90, Self.watched("a")) { $0 == 2 }, "\(site.log("a"))")
        #expect(!site.log("a").contains("strike"))
        #expect(try await site.number("SELECT count(*) FROM camera_quarantine") == 0)
        try await site.close()
    }

    @Test("a decoder that never comes back ends its process, whose camera gets a strike; the next one goes on")
    func hungDecoder() async throws {
        let site = try await IngestSite(cameras: 1, clips: ["sample-streams/river-day.mp4"])
        let (library, flag) = (site.folder + "/hang.so", site.folder + "/hang")
        let code = """
            #define _GNU_SOURCE
            #include <dlfcn.h>
            #include <stdlib.h>
            #include <unistd.h>
            int avcodec_send_packet(void *context, const void *packet) {
                int (*real)(void *, const void *) = (int (*)(void *, const void *))dlsym(RTLD_NEXT, "avcodec_send_packet");
                const char *flag = getenv("HANG_FLAG");
                if (packet && flag && unlink(flag) == 0) for (volatile int turn = 0;; turn++) {}
                return real(context, packet);
            }
            """
        try code.write(toFile: site.folder + "/hang.c", atomically: true, encoding: .utf8)
        let made = try CommandUnderTest.run(
            program: "/usr/bin/env",
            ["clang", "-shared", "-fPIC", "-o", library, site.folder + "/hang.c", "-ldl"]
        )
        #expect(made.status == 0, "\(made.errors)")
        let parent = try site.startNode(
            "a",
            decode: "keyframes",
            environment: ["LD_PRELOAD": library, "HANG_FLAG": flag]
        )
        #expect(try await site.eventually(60, Self.watched("a")) { $0 == 1 }, "\(site.log("a"))")
        let worker = try #require(site.worker(of: parent))
        try Data().write(to: URL(fileURLWithPath: flag))
        let struck = "SELECT count(*) FROM camera_quarantine WHERE camera_id = 'cam-0'"
        #expect(try await site.eventually(180, struck) { $0 == 1 }, "\(site.log("a"))")
        #expect(site.log("a").contains("hung on its stream"), "\(site.log("a"))")
        #expect(!site.log("a").contains("gives no sign of life"), "the one that waits for signs of life was not needed")
        #expect(try await site.eventually(60, Self.watched("a")) { $0 == 1 }, "\(site.log("a"))")
        #expect(site.worker(of: parent) != worker)
        try await site.close()
    }

    @Test("a process that crashes is started again; the camera on which it crashed three times goes to quarantine")
    func poisonCamera() async throws {
        let site = try await IngestSite(cameras: 1, clips: ["sample-streams/river-day.mp4"])
        let supervisor = try site.startNode("a", decode: "every_frame")
        #expect(try await site.eventually(60, Self.watched("a")) { $0 == 1 }, "\(site.log("a"))")
        let isQuarantined = "SELECT count(*) FROM camera_quarantine WHERE until > now()"
        for _ in 0..<60 where try await site.number(isQuarantined) == 0 {
            if let worker = site.worker(of: supervisor) {
                try crash(worker, crumbs: "\(site.folder)/a/worker-0.crumbs")
            }
            try await Task.sleep(for: .seconds(3))
        }
        #expect(try await site.number(isQuarantined) == 1, "\(site.log("a"))")
        let shown = "SELECT count(*) FROM camera_state WHERE state = 'quarantined'"
        #expect(try await site.eventually(60, shown) { $0 == 1 }, "people see that it is left alone")
        #expect(site.worker(of: supervisor) != nil, "the process goes on without that camera")
        try await site.close()
    }

    /// Sends SIGSEGV to a thread at the moment when it works on the camera, as a fault in a decoder would come.
    private func crash(_ process: Int32, crumbs: String) throws {
        let script = """
            import ctypes, struct, sys, time
            path, pid = sys.argv[1], int(sys.argv[2])
            libc, end = ctypes.CDLL(None), time.time() + 10
            while time.time() < end:
                with open(path, "rb") as file:
                    data = file.read()
                for start in range(128, len(data), 128):
                    busy, thread = struct.unpack_from("<Ii", data, start)
                    if busy and struct.unpack_from("<i", data, 16)[0] == pid:
                        libc.syscall(234, pid, thread, 11)
                        sys.exit()
            """
        _ = try CommandUnderTest.run(program: "/usr/bin/python3", ["-c", script, crumbs, "\(process)"])
    }
}

import Foundation
import Postgres
import Testing

@Suite(.serialized, .enabled(if: Server.isAvailable))
struct OwnClusterTests {
    @Test("a cluster that is for one process goes when that is killed, and leaves no process and no file")
    func killed() async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sleep")
        process.arguments = ["600"]
        try process.run()
        let cluster = try OwnCluster(until: process.processIdentifier)
        defer { cluster.remove() }
        let pool = PostgresPool(conninfo: cluster.conninfo, size: 1)
        #expect(try await pool.query("SELECT 1 AS one").rows.first?["one"] == "1")
        await pool.close()
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        for _ in 0..<300 where FileManager.default.fileExists(atPath: cluster.folder) {
            try await Task.sleep(for: .milliseconds(100))
        }
        #expect(!FileManager.default.fileExists(atPath: cluster.folder))
        #expect(Self.processes(naming: cluster.folder).isEmpty)
    }

    @Test("what is not there is removed and stopped without making it")
    func absent() throws {
        let cluster = try OwnCluster()
        cluster.remove()
        try cluster.stop()
        cluster.remove()
        #expect(!FileManager.default.fileExists(atPath: cluster.folder))
    }

    /// The command lines that hold `folder`, but for those that are about to end.
    private static func processes(naming folder: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.filter { Int($0) != nil }.compactMap { name in
            guard let line = try? String(contentsOfFile: "/proc/\(name)/cmdline", encoding: .utf8) else { return nil }
            return line.contains(folder) && line.contains("postgres -D") ? line : nil
        }
    }
}

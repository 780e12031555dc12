import Foundation
import Postgres

/// The server that tests may use: a superuser's connection string in `GRIDWATCH_TEST_DATABASE`.
enum Server {
    static let conninfo = ProcessInfo.processInfo.environment["GRIDWATCH_TEST_DATABASE"] ?? ""
    static var isAvailable: Bool { !conninfo.isEmpty }

    static func pool(
        size: Int,
        statementTimeout: Duration = .seconds(30),
        wait: Duration = .seconds(20)
    ) -> PostgresPool {
        PostgresPool(conninfo: conninfo, size: size, statementTimeout: statementTimeout, waitTimeout: wait)
    }
}

/// A cluster of its own, to be stopped under its clients.
struct OwnCluster {
    let folder: String
    let conninfo: String

    /// Makes and starts a cluster in a temporary folder; with a process that has ended, it goes by itself.
    init(until process: pid_t? = nil) throws {
        folder = "/tmp/gridwatch-test-\(UUID().uuidString.prefix(8))"
        conninfo = try Self.run("start", folder, process.map { "--until \($0)" } ?? "").trimmingCharacters(
            in: .whitespacesAndNewlines
        )
    }

    func start() throws { _ = try Self.run("start", folder) }

    func stop() throws { _ = try Self.run("stop", folder) }

    func remove() { _ = try? Self.run("remove", folder) }

    /// Runs `deploy/postgres` with its output in a file.
    ///
    /// Not through Foundation's `Process`: that waits until every descendant has ended, and the server goes on.
    private static func run(_ action: String, _ folder: String, _ rest: String = "") throws -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let output = folder + ".out"
        defer { unlink(output) }
        let command = "exec '\(root.path)/deploy/postgres' \(action) \(folder) \(rest) >\(output) 2>&1 </dev/null"
        var arguments: [UnsafeMutablePointer<CChar>?] = []
        for argument in ["/bin/sh", "-c", command] { arguments.append(strdup(argument)) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var process = pid_t()
        var status: Int32 = 0
        guard posix_spawn(&process, "/bin/sh", nil, nil, &arguments, environ) == 0,
            waitpid(process, &status, 0) == process, status == 0
        else { throw ClusterFailure(action: action) }
        return try String(contentsOfFile: output, encoding: .utf8)
    }
}

struct ClusterFailure: Error {
    let action: String
}

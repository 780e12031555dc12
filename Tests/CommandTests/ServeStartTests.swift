import Foundation
import TestSupport
import Testing

/// A start of the daemon that cannot succeed.
@Suite(.ownThread) struct ServeStartTests {
    /// Starts the daemon on a port that another program has, which ends the start.
    private func start(
        _ environment: [String: String] = [:]
    ) throws -> (outcome: CommandUnderTest.Outcome, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                _ = bind(descriptor, pointer, length)
                _ = listen(descriptor, 8)
                _ = getsockname(descriptor, pointer, &length)
            }
        }
        let port = UInt16(bigEndian: address.sin_port)
        let folder = NSTemporaryDirectory() + "gridwatch-start-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let settings = """
            database:
              url: "host=127.0.0.1 port=1 dbname=none"
            storage:
              directory: \(folder)
              evidence_min_free_mb: 1
            web:
              listen: 127.0.0.1:\(port)
            ingest:
              processes: 1
              max_cameras: 10
              io_threads: 1
            """
        try settings.write(toFile: folder + "/gridwatch.yaml", atomically: true, encoding: .utf8)
        let file = folder + "/gridwatch.yaml"
        return (try CommandUnderTest.run("serve", "--config", file, environment: environment), port)
    }

    @Test("a port that another program has ends the start with a sentence, and nothing is left running: web.listen")
    func portTaken() throws {
        let (outcome, port) = try start()
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("cannot listen on 127.0.0.1:\(port)"), "\(outcome.errors.suffix(2000))")
        #expect(outcome.errors.contains("web.listen"))
    }

    @Test("log.level: messages below it are left out", arguments: [("info", true), ("error", false)])
    func level(value: String, isTold: Bool) throws {
        let (outcome, _) = try start(["GRIDWATCH_LOG_LEVEL": value])
        #expect(outcome.errors.contains("open_files=") == isTold, "\(outcome.errors.prefix(2000))")
    }

    @Test("a start says whose addresses may be cameras, and which settings of the file the environment replaces")
    func told() throws {
        let usual = try start().outcome.errors
        #expect(usual.contains("ingest.local_addresses is loopback: allows addresses of this machine as cameras"))
        #expect(!usual.contains("replaces a setting"))
        let variables = ["GRIDWATCH_INGEST_LOCAL_ADDRESSES": "refuse", "GRIDWATCH_INGEST_MAX_CAMERAS": "20"]
        let changed = try start(variables).outcome.errors
        #expect(changed.contains("ingest.local_addresses is refuse: addresses of this machine"))
        let replaced = changed.split(separator: "\n").filter { $0.contains("the environment replaces a setting") }
        #expect(
            replaced.count == 1 && replaced[0].contains("GRIDWATCH_INGEST_MAX_CAMERAS"),
            "the file says nothing else"
        )
    }
}

import Foundation
import TestThreads
import Testing

/// A start of the daemon that cannot succeed.
@Suite(.ownThread) struct ServeStartTests {
    @Test("a port that another program has ends the start with a sentence, and nothing is left running")
    func portTaken() throws {
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
        let outcome = try CommandUnderTest.run("serve", "--config", folder + "/gridwatch.yaml")
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("cannot listen on 127.0.0.1:\(port)"), "\(outcome.errors.suffix(2000))")
        #expect(outcome.errors.contains("web.listen"))
    }
}

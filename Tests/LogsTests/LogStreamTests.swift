import Flow
import Foundation
import Testing

@testable import Logs

@Suite struct LogStreamTests {
    @Test("lines that a full disk does not take are counted, and told as soon as there is room again")
    func fullDisk() throws {
        let path = NSTemporaryDirectory() + "gridwatch-log-" + UUID().uuidString
        defer { unlink(path) }
        let descriptor = open("/dev/full", O_WRONLY | O_CLOEXEC)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let meter = Meter()
        let log = LogStream(descriptor: descriptor, meter: meter)
        for number in 0..<3 { log.write("line \(number)\n") }
        #expect(meter.exposition().contains("gridwatch_log_lines_lost_total 3"))
        let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        dup2(file, descriptor)
        close(file)
        for number in 3..<5 { log.write("line \(number)\n") }
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 3 && lines[1...] == ["line 3", "line 4"])
        #expect(lines[0].contains("3 lines of the log before this one were lost: No space left on device"))
        #expect(meter.exposition().contains("gridwatch_log_lines_lost_total 3"))
    }
}

import Flow
import Foundation
import Testing

@testable import Daemon

/// What goes over the pipe between a process and its parent.
@Suite struct ProcessReportTests {
    private func report(_ problem: String) -> ProcessReport {
        ProcessReport(problems: ["spool": problem], silentLoops: ["worker-1"], metrics: Meter().samples())
    }

    /// A pipe, closed at the end.
    private func withPipe(_ body: (_ read: Int32, _ write: Int32) throws -> Void) throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { for end in ends where end >= 0 { close(end) } }
        try body(ends[0], ends[1])
    }

    @Test("reports come whole, however the pipe cuts them")
    func pieces() throws {
        let bytes = try report("full").line() + report("fuller").line()
        for size in [1, 7, bytes.count] {
            var reader = ProcessReportReader()
            var told: [String?] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                told += reader.take(Data(rest.prefix(size))).map { $0.problems["spool"] }
                rest = rest.dropFirst(size)
            }
            #expect(told == ["full", "fuller"])
        }
    }

    @Test("nonsense is passed over, and a line without end costs no memory")
    func nonsense() throws {
        var reader = ProcessReportReader()
        #expect(reader.take(Data("not JSON\n{}\n".utf8)).isEmpty)
        for _ in 0..<40 { #expect(reader.take(Data(count: 64 << 10)).isEmpty) }
        #expect(reader.take(try report("a").line()).isEmpty, "the end of the endless line")
        #expect(reader.take(try report("b").line()).map { $0.problems["spool"] } == ["b"])
    }

    @Test("last words are no sign of life, and are kept apart from problems")
    func failure() throws {
        var words = ProcessReport(problems: [:], silentLoops: [], metrics: [])
        words.failure = "the port is taken"
        var reader = ProcessReportReader()
        let told = reader.take(try words.line())
        #expect(told.map(\.failure) == ["the port is taken"] && told[0].problems.isEmpty)
    }

    @Test("a parent that does not read makes nobody wait; one that has gone is noticed")
    func parent() throws {
        try withPipe { reading, writing in
            let line = Data(repeating: 0x61, count: 60 << 10)
            for _ in 0..<10 { #expect(ProcessReporter.send(line, to: writing), "what does not fit is left out") }
            close(reading)
            #expect(!ProcessReporter.send(line, to: writing))
        }
    }
}

import Flow
import Foundation
import Testing

@testable import Logs

/// A log whose reader stands still or goes must not hold up, or end, the process that writes it.
@Suite struct LogStreamPipeTests {
    /// A pipe whose reader reads when it is asked to.
    private struct Pipe {
        let reader: Int32
        let writer: Int32

        init() throws {
            var ends: [Int32] = [0, 0]
            try #require(pipe(&ends) == 0)
            (reader, writer) = (ends[0], ends[1])
            _ = fcntl(reader, F_SETFL, O_NONBLOCK)
        }

        func text() -> String {
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = read(reader, &buffer, buffer.count)
                guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
                bytes += buffer[0..<count]
            }
        }

        func end() {
            close(reader)
            close(writer)
        }
    }

    private static func lost(_ meter: Meter) -> Int { meter.sum(of: "gridwatch_log_lines_lost_total") }

    @Test("a pipe that nobody reads stops nobody: lines are lost and counted, and the next that is taken says so")
    func stuck() throws {
        let pipe = try Pipe()
        defer { pipe.end() }
        let meter = Meter()
        let log = LogStream(descriptor: pipe.writer, meter: meter)
        let line = String(repeating: "a", count: 999)
        for _ in 0..<200 { log.write(line + "\n") }
        let lost = Self.lost(meter)
        #expect(lost > 100)
        var text = pipe.text()
        #expect(text.split(separator: "\n").filter { $0 == line }.count == 200 - lost)
        log.write("again\n")
        text += pipe.text()
        #expect(text.hasSuffix("\nagain\n"))
        // Where a short sentence still fits and a line does not, they are told in parts.
        let told = text.matches(of: /gridwatch: (\d+) lines of the log before this one were lost/)
        #expect(told.compactMap { Int($0.output.1) }.reduce(0, +) == lost)
        log.write("and on\n")
        #expect(pipe.text() == "and on\n")
        #expect(fcntl(pipe.writer, F_GETFL) & O_NONBLOCK == 0, "the opening that others share is as it was")
    }

    @Test("a reader that has gone ends nobody")
    func gone() throws {
        let pipe = try Pipe()
        let meter = Meter()
        let log = LogStream(descriptor: pipe.writer, meter: meter)
        let before = signal(SIGPIPE, SIG_IGN)
        defer { _ = signal(SIGPIPE, before) }
        pipe.end()
        log.write("line\n")
        #expect(Self.lost(meter) == 1)
    }

    @Test("a socket that is full stops nobody")
    func full() throws {
        var ends: [Int32] = [0, 0]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        defer { for end in ends { close(end) } }
        let meter = Meter()
        let log = LogStream(descriptor: ends[0], meter: meter)
        let line = String(repeating: "a", count: 9999)
        for _ in 0..<200 { log.write(line) }
        #expect(Self.lost(meter) > 0)
    }

    @Test("what a camera or visitor sends cannot look like a line of its own")
    func oneLine() throws {
        let pipe = try Pipe()
        defer { pipe.end() }
        LogStream(descriptor: pipe.writer, meter: Meter()).write("login=x\n2026-12-01 all is well\r\u{1b}[2K\n")
        #expect(pipe.text() == "login=x 2026-12-01 all is well  [2K\n")
    }
}

import Flow
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Daemon
@testable import Live

/// A process that takes long to start is not taken for one that hangs.
@Suite(.ownThread) struct StartReporterTests {
    @Test("signs of life come until the start is over, and say what takes so long")
    func signs() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        let reader = ends[0]
        let seconds = Mutex(0.0)
        let clocks = Clocks(wall: { .zero }, monotonic: { seconds.withLock { $0 } })
        func next(_ parser: inout ProcessReportReader) -> ProcessReport? {
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = read(reader, &buffer, buffer.count)
            return parser.take(Data(buffer.prefix(max(0, count)))).first
        }
        var parser = ProcessReportReader()
        struct Refused: Error {}
        #expect(throws: Refused.self) {
            try StartReporter.during(descriptor: ends[1], clocks: clocks) {
                #expect(next(&parser)?.problems.isEmpty == true)
                seconds.withLock { $0 = 12 }
                let told = next(&parser)
                #expect(told?.silentLoops.isEmpty == true)
                #expect(told?.problems["start"]?.contains("has been starting for 12 s") == true)
                throw Refused()
            }
        }
        // Nothing comes any more, so that reports of others stand alone in their lines.
        _ = fcntl(reader, F_SETFL, O_NONBLOCK)
        while next(&parser) != nil {}
        Thread.sleep(forTimeInterval: 1.5)
        #expect(next(&parser) == nil)
    }
}

import Flow
import Foundation
import Logging
import Synchronization
import Testing

@testable import Logs

/// What happens at every alert must not fill the log.
@Suite struct FloodGateTests {
    /// Keeps the lines that are written.
    private final class Lines: Sendable {
        let all = Mutex<[String]>([])
        let now = Mutex(0.0)

        struct Handler: LogHandler {
            let lines: Lines
            var metadata: Logger.Metadata = [:]
            var logLevel = Logger.Level.trace

            subscript(metadataKey key: String) -> Logger.Metadata.Value? {
                get { metadata[key] }
                set { metadata[key] = newValue }
            }

            func log(event: LogEvent) {
                let more = event.metadata?["more"].map { " \($0)" } ?? ""
                lines.all.withLock { $0.append("\(event.level) \(event.message)\(more)") }
            }
        }

        var logger: Logger { Logger(label: "test") { _ in Handler(lines: self) } }
        var clocks: Clocks { Clocks(wall: { .zero }, monotonic: { [self] in now.withLock { $0 } }) }
        func move(_ by: Double) { now.withLock { $0 += by } }
        var written: [String] { all.withLock { $0 } }
    }

    @Test("the first lines of a kind are written, then one a minute with their number")
    func flood() {
        let lines = Lines()
        let gate = FloodGate(lines.logger, burst: 2, clocks: lines.clocks)
        for number in 0..<528 { gate.log(.warning, "no picture", metadata: ["n": "\(number)"]) }
        gate.log(.error, "other")
        #expect(lines.written == ["warning no picture", "warning no picture", "error other"])
        lines.move(61)
        for _ in 0..<100 { gate.log(.warning, "no picture") }
        #expect(lines.written.dropFirst(3) == ["warning no picture, many times 526"])
        lines.move(61)
        gate.log(.error, "other")
        #expect(lines.written.dropFirst(4) == ["warning no picture, many times 100", "error other"])
        lines.move(61)
        gate.log(.warning, "no picture")
        #expect(lines.written.last == "warning no picture", "after a quiet minute it may speak again")
    }

    @Test("the number is told also when nothing happens any more")
    func quiet() async throws {
        let lines = Lines()
        let gate = FloodGate(lines.logger, burst: 1, window: 1, clocks: .system)
        for _ in 0..<3 { gate.log(.warning, "clip left out") }
        for _ in 0..<600 where lines.written.count < 2 { try await Task.sleep(for: .milliseconds(100)) }
        #expect(lines.written.last == "warning clip left out, many times 2")
        _ = gate
    }

    @Test("more kinds than are told apart share one")
    func kinds() {
        let lines = Lines()
        let gate = FloodGate(lines.logger, burst: 1, clocks: lines.clocks)
        for number in 0..<500 { gate.log(.warning, "camera \(number)") }
        #expect(lines.written.count == 65)
        lines.move(61)
        gate.log(.warning, "x")
        #expect(lines.written.contains("warning other lines, many times 435"))
    }
}

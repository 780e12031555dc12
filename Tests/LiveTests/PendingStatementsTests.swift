import Flow
import TestSupport
import Testing

@testable import Live

/// Statements of a camera while the disk of the recorder does not keep up.
@Suite struct PendingStatementsTests {
    private func item(_ number: Int, _ phase: AlertPhase) -> AlertRecorder.Item {
        var record = makeRecord(number)
        record.phase = phase
        return AlertRecorder.Item(record: record, jpeg: [UInt8(number % 256)])
    }

    @Test("what is not taken waits in order, and is offered again before what comes later")
    func order() {
        var pending = PendingStatements()
        pending.add([item(1, .start), item(2, .update)])
        var taken: [AlertRecord] = []
        pending.offer { item in
            guard taken.isEmpty else { return false }
            taken.append(item.record)
            return true
        }
        pending.add([item(3, .end)])
        pending.offer {
            taken.append($0.record)
            return true
        }
        #expect(taken.map(\.phase) == [.start, .update, .end] && pending.items.isEmpty)
    }

    @Test("beyond the limit updates go, starts and ends stay; only the newest pictures are kept")
    func bound() {
        var pending = PendingStatements()
        pending.add((0..<100).map { item($0, .update) })
        #expect(pending.items.count == PendingStatements.limit)
        pending.add([item(200, .start), item(201, .update), item(202, .end)])
        #expect(pending.items.suffix(2).map(\.record.phase) == [.start, .end])
        #expect(pending.items.count == PendingStatements.limit + 2)
        #expect(pending.items.count { $0.jpeg != nil } == PendingStatements.pictures)
        #expect(pending.items.suffix(PendingStatements.pictures).allSatisfy { $0.jpeg != nil })
    }
}

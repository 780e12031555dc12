import Flow
import Foundation
import Logging
import Settings
import Spool
import TestSupport
import Testing

@testable import Live

@Suite struct LeftSpoolsTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func storage(_ folder: Folder) -> DaemonSettings.Storage {
        var settings = DaemonSettings()
        settings.storage.directory = folder.path
        return settings.storage
    }

    private func spool(_ storage: DaemonSettings.Storage, slot: Int) throws -> AlertSpool {
        try AlertSpool(directory: storage.spoolDirectory(slot: slot), capacityBytes: 64 << 20)
    }

    @Test("with fewer processes than before, the first takes over what lies in the spools of those that are gone")
    func taken() throws {
        let folder = try Folder()
        let storage = storage(folder)
        for slot in 1...3 {
            let left = try spool(storage, slot: slot)
            try left.append((0..<700).map { makeRecord(slot * 1000 + $0) })
            left.close()
        }
        let own = try spool(storage, slot: 0)
        try own.append([makeRecord(1)])
        LeftSpools.take(into: own, storage, processes: 2, logger: logger)
        let numbers = [1] + (2000..<2700) + (3000..<3700)
        #expect(try own.next(limit: 5000).map(\.record.id) == numbers.map { makeRecord($0).id })
        #expect(try spool(storage, slot: 1).count == 700, "the second process has its own still")
        #expect(try spool(storage, slot: 2).count == 0)
    }

    @Test("a left spool that is still in use stays as it is")
    func locked() throws {
        let folder = try Folder()
        let storage = storage(folder)
        let busy = try spool(storage, slot: 1)
        try busy.append([makeRecord(7)])
        let own = try spool(storage, slot: 0)
        LeftSpools.take(into: own, storage, processes: 1, logger: logger)
        #expect(own.count == 0)
        #expect(busy.count == 1)
    }
}

import Flow
import Foundation
import Logging
import Store
import TestSupport
import Testing

@testable import Live

/// What a process keeps of the registry for a start without the database.
@Suite struct RegistryCopyTests {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func copy(_ worker: String = "node-0", cameras: Int = 3) -> RegistryCopy {
        RegistryCopy(
            worker: worker,
            shards: [7, 3, 200],
            workers: 2,
            rank: 1,
            cameras: (0..<cameras).map { number in
                CameraAssignment(
                    id: "cam-\(number)",
                    name: "河边",
                    url: "rtsp://u:秘密@10.0.0.\(number)/1",
                    pointClass: 1 + number % 3,
                    rules: AssignedRules([
                        AssignedRule(id: "r", hazardType: "FNS-01", definition: #"{"kind": "line"}"#)
                    ]),
                    shard: 7,
                    host: "10.0.0.\(number)",
                    patrolSessions: number == 1 ? 4 : nil,
                    samplingOverrides: [
                        SamplingOverride(id: 1, camera: nil, tag: "water", interval: 5, schedule: "[]")
                    ],
                    profile: AssignedProfile(id: 3, settings: ["min_share": 0.01]),
                    quarantinedUntil: number == 2 ? MediaTime(seconds: 1_790_000_000) : nil
                )
            }
        )
    }

    @Test("a copy is read as it was written, rules, schedules, profiles and quarantine with it")
    func roundTrip() throws {
        let copy = copy()
        let read = try RegistryCopy(decoding: try copy.encoded())
        #expect(read == copy)
        #expect(read.cameras[0].rulesRevision == copy.cameras[0].rulesRevision)
        #expect(read.shards == [3, 7, 200])
    }

    @Test("a file in which one bit is wrong is not used, wherever it is")
    func damage() throws {
        let whole = try copy(cameras: 1).encoded()
        for position in stride(from: 0, to: whole.count, by: 7) {
            var file = whole
            file[position] ^= 4
            #expect(throws: RegistryCopy.Unusable.self) { try RegistryCopy(decoding: file) }
        }
        #expect(throws: RegistryCopy.Unusable.self) { try RegistryCopy(decoding: whole.dropLast()) }
        #expect(throws: RegistryCopy.Unusable.self) { try RegistryCopy(decoding: Data()) }
        let later = String(decoding: whole, as: UTF8.self).replacing("\"version\":1", with: "\"version\":2")
        let error = #expect(throws: RegistryCopy.Unusable.self) { try RegistryCopy(decoding: Data(later.utf8)) }
        #expect(error?.description.contains("version 2") == true)
    }

    @Test("the file is for the daemon's user only, is replaced whole, and tells its age")
    func file() throws {
        let folder = try Folder()
        let path = folder.path + "/worker-0.fleet"
        let file = RegistryCopyFile(path: path, meter: Meter(), health: HealthBoard(), logger: Self.logger)
        #expect(file.load(worker: "node-0") == nil)
        file.keep(copy(cameras: 1))
        file.keep(copy())
        file.flush()
        let kept = try #require(file.load(worker: "node-0"))
        #expect(kept.copy == copy() && kept.age < 60)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["worker-0.fleet"])
        let hourAgo = Date(timeIntervalSinceNow: -3600)
        try FileManager.default.setAttributes([.modificationDate: hourAgo], ofItemAtPath: path)
        #expect(try #require(file.load(worker: "node-0")).age > 3500)
        file.confirm()
        file.flush()
        #expect(try #require(file.load(worker: "node-0")).age < 60)
        #expect(file.load(worker: "node-1") == nil, "another process's cameras are not this one's")
        file.forget()
        #expect(file.load(worker: "node-0") == nil)
    }

    @Test("a disk that refuses leaves the copy from before")
    func fullDisk() throws {
        let folder = try Folder()
        let file = RegistryCopyFile(
            path: folder.path + "/worker-0.fleet",
            meter: Meter(),
            health: HealthBoard(),
            logger: Self.logger
        )
        file.keep(copy(cameras: 1))
        file.flush()
        // A folder where the new file should be made: as a full disk, it cannot be written.
        try FileManager.default.createDirectory(
            atPath: folder.path + "/worker-0.fleet.new/x",
            withIntermediateDirectories: true
        )
        file.keep(copy())
        file.flush()
        #expect(file.load(worker: "node-0")?.copy == copy(cameras: 1))
    }
}

import Flow
import Foundation
import Spool
import TestSupport
import Testing

/// `gridwatch spool`, with what a person may name: each answer is a sentence that says what it is.
@Suite(.ownThread) struct SpoolCommandTests {
    private func record(_ number: Int) -> AlertRecord {
        let start = MediaTime(seconds: 1_790_000_000 + Double(number))
        return AlertRecord(
            id: AlertID.make(camera: "cam", rule: "gate", start: start),
            camera: "cam-\(number % 3)",
            rule: "gate",
            kind: "intrusion",
            hazardType: "FNS-01",
            severity: 2,
            autoDispatch: true,
            phase: .start,
            startedAt: start,
            statedAt: start,
            endedAt: nil,
            score: 0.5,
            box: .full,
            evidence: nil,
            settingsVersion: "v"
        )
    }

    private func makeSpool(_ path: String, _ count: Int) throws {
        let spool = try AlertSpool(directory: path, capacityBytes: 16 << 20)
        try spool.append((0..<count).map(record))
        spool.close()
    }

    private func spool(_ words: String...) throws -> CommandUnderTest.Outcome {
        try CommandUnderTest.run(program: CommandUnderTest.products + "/gridwatch", ["spool"] + words)
    }

    @Test("a whole spool is told as whole; its alerts are copied into a new one")
    func whole() throws {
        let folder = try Folder()
        let (from, into) = (folder.path + "/spool", folder.path + "/spool-900")
        try makeSpool(from, 700)
        let seen = try spool("inspect", from)
        #expect(seen.status == 0 && seen.errors.isEmpty)
        #expect(
            seen.output.contains("alerts.sqlite: whole\nalerts that are whole: 700, of 3 cameras\nrows: 1 to 700\n")
        )
        let json = try spool("inspect", "--json", from + "/current")
        #expect(json.status == 0 && json.output.contains("\"is_whole\" : true"))
        let saved = try spool("salvage", from, "--into", into)
        #expect(saved.status == 0 && saved.output.contains("\(into): 700 saved, 700 alerts wait there now"))
        let kept = try AlertSpool(directory: into, capacityBytes: 16 << 20)
        #expect(Set(try kept.next(limit: 1000).map(\.record)) == Set((0..<700).map(record)))
        kept.close()
    }

    @Test("a damaged and a cut spool say what is lost, and what is whole is saved")
    func damaged() throws {
        let folder = try Folder()
        for name in ["flipped", "cut"] {
            let from = "\(folder.path)/\(name)"
            try makeSpool(from, 700)
            let path = URL(fileURLWithPath: from + "/current/alerts.sqlite")
            var bytes = try Data(contentsOf: path)
            if name == "cut" {
                bytes.removeLast(bytes.count / 3)
            } else {
                let word = try #require(bytes.range(of: Data("intrusion".utf8), in: 40_000..<bytes.count))
                bytes[word.lowerBound] ^= 0x10
            }
            try bytes.write(to: path)
            let seen = try spool("inspect", from)
            #expect(seen.status == 1 && seen.output.contains("alerts.sqlite: damaged\n"), "\(name): \(seen.output)")
            #expect(
                seen.output.contains("lost, ") && seen.output.contains("gridwatch spool salvage "),
                "\(seen.output)"
            )
            let into = "\(folder.path)/\(name)-saved"
            let saved = try spool("salvage", from, "--into", into)
            #expect(saved.status == 0, "\(name): \(saved.errors)")
            #expect(saved.output.contains(" alerts that are whole; ") && saved.output.contains("\(into): "))
            let kept = try AlertSpool(directory: into, capacityBytes: 16 << 20)
            #expect(kept.count > 400 && kept.count < 700)
            kept.close()
            #expect(try Data(contentsOf: path) == bytes, "the damaged file is as it was")
        }
    }

    @Test("what is no spool is named for what it is, with nothing made of it")
    func foreign() throws {
        let folder = try Folder()
        try Data().write(to: URL(fileURLWithPath: folder.path + "/empty"))
        try Data((0..<30_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }).write(
            to: URL(fileURLWithPath: folder.path + "/picture.jpg")
        )
        try FileManager.default.createDirectory(atPath: folder.path + "/photos", withIntermediateDirectories: true)
        mkfifo(folder.path + "/pipe", 0o600)
        for (name, words) in [
            ("empty", "is empty: it holds no alert"),
            ("picture.jpg", "is no spool of Gridwatch: no alert was found in it"),
            ("photos", "no alerts.sqlite in this folder; name the file"), ("pipe", "is no file that can hold alerts"),
            ("missing", "cannot be read: No such file or directory"),
        ] {
            for command in ["inspect", "salvage"] {
                let into = folder.path + "/into"
                let path = "\(folder.path)/\(name)"
                let told = try command == "inspect" ? spool(command, path) : spool(command, path, "--into", into)
                #expect(told.status == 1 && told.output.isEmpty, "\(command) \(name): \(told.output)")
                #expect(told.errors.contains(path) && told.errors.contains(words), "\(command) \(name): \(told.errors)")
                #expect(!told.errors.contains("Error"), "\(told.errors)")
                #expect(!FileManager.default.fileExists(atPath: into))
            }
        }
    }

    @Test("a spool that a process has open can be looked into, and gets nothing")
    func inUse() throws {
        let folder = try Folder()
        let (used, other) = (folder.path + "/spool", folder.path + "/other")
        let holder = try AlertSpool(directory: used, capacityBytes: 16 << 20)
        try holder.append((0..<50).map(record))
        try makeSpool(other, 5)
        let seen = try spool("inspect", used)
        #expect(seen.status == 0, "\(seen.errors)")
        #expect(seen.output.contains("in use by process \(getpid())") && seen.output.contains("whole: 50,"))
        let refused = try spool("salvage", other, "--into", used)
        #expect(refused.status == 1 && refused.errors.contains("process \(getpid()) has it open"), "\(refused.errors)")
        let itself = try spool("salvage", other, "--into", other)
        #expect(itself.status == 2 && itself.errors.contains("name another folder"), "\(itself.errors)")
        let copied = try spool("salvage", used, "--into", folder.path + "/copy")
        #expect(copied.status == 0 && copied.output.contains("delivers what is in it by itself"), "\(copied.output)")
        #expect(holder.count == 50)
        holder.close()
    }

    @Test(
        "a spool that the person may not read says so, and as whom to ask",
        .enabled(if: getuid() != 0, "root reads all")
    )
    func forbidden() throws {
        let folder = try Folder()
        try makeSpool(folder.path + "/spool", 5)
        chmod(folder.path + "/spool", 0)
        defer { chmod(folder.path + "/spool", 0o700) }
        let told = try spool("inspect", folder.path + "/spool")
        #expect(told.status == 1 && told.errors.contains("cannot be read: Permission denied; run this as the user"))
    }

    @Test("a target that is too small says after how many alerts, and what to raise")
    func small() throws {
        let folder = try Folder()
        try makeSpool(folder.path + "/spool", 6000)
        let told = try spool("salvage", folder.path + "/spool", "--into", folder.path + "/into", "--max-mb", "1")
        #expect(told.status == 1 && told.errors.contains("is full after ") && told.errors.contains("raise --max-mb"))
    }
}

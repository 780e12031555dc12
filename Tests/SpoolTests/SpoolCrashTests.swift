import Flow
import Foundation
import TestSupport
import Testing

@testable import Spool

/// Where `spool-crash-child` lies: beside the test binary.
private let childPath: String = {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return (own as NSString).deletingLastPathComponent + "/spool-crash-child"
}()

private let canMount: Bool = {
    guard getuid() == 0, let folder = try? TemporaryFolder() else { return false }
    guard (try? run("/bin/mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder.path])) == 0 else { return false }
    return (try? run("/bin/umount", [folder.path])) == 0
}()

@discardableResult
private func run(_ program: String, _ arguments: [String]) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
}

/// What the children said, summed up.
private struct Ledger {
    var accepted: Set<String> = []
    var intended: Set<String> = []
    var removed: Set<String> = []

    mutating func read(_ text: String) {
        // Only whole lines count: the last one may have been cut by the kill.
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            let id = String(line.dropFirst(2))
            switch line.first {
            case "a": accepted.insert(id)
            case "d": intended.insert(id)
            case "r": removed.insert(id)
            default: break
            }
        }
    }
}

@Suite(.serialized, .ownThread) struct SpoolCrashTests {
    /// Runs the child, kills it `milliseconds` after its start or after it is ready, and returns what it said.
    private func killChild(_ folder: String, cycle: Int, afterReady: Bool, milliseconds: Double) throws -> String {
        let output = folder + ".out"
        try Data().write(to: URL(fileURLWithPath: output))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: childPath)
        process.arguments = [folder, "c\(cycle)", String(cycle)]
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
        try process.run()
        let deadline = Date().addingTimeInterval(30)
        while afterReady, Date() < deadline, process.isRunning {
            if try String(contentsOfFile: output, encoding: .utf8).contains("ready\n") { break }
            usleep(1000)
        }
        usleep(UInt32(milliseconds * 1000))
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        #expect(process.terminationReason == .uncaughtSignal, "the child ended by itself: \(output)")
        return try String(contentsOfFile: output, encoding: .utf8)
    }

    @Test("killed at 60 or more random moments: every accepted alert is there exactly once, every removed one is gone")
    func killNine() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/spool"
        var random = SeededGenerator(state: 9)
        var ledger = Ledger()
        var cycle = 0
        // On a busy machine a child may be killed before it got to work: go on until enough was accepted.
        while cycle < 60 || (ledger.accepted.count < 100 && cycle < 300) {
            let afterReady = cycle % 4 != 0
            let milliseconds = Double.random(in: 0...(afterReady ? 30 : 60), using: &random)
            ledger.read(try killChild(path, cycle: cycle, afterReady: afterReady, milliseconds: milliseconds))
            let notices = Notices()
            let spool = try openSpool(path, notices: notices)
            let present = try drain(spool).map(\.id)
            let unique = Set(present)
            #expect(unique.count == present.count, "cycle \(cycle): doubled")
            #expect(ledger.accepted.subtracting(ledger.intended).isSubset(of: unique), "cycle \(cycle): lost")
            #expect(unique.isDisjoint(with: ledger.removed), "cycle \(cycle): came back")
            #expect(try spool.quarantined == 0)
            #expect(notices.all.isEmpty, "cycle \(cycle): \(notices.all)")
            if cycle % 10 == 9 {
                ledger.intended.formUnion(present)
                ledger.removed.formUnion(present)
                _ = try drain(spool, remove: true)
            }
            cycle += 1
        }
        #expect(ledger.accepted.count >= 100, "the children hardly got to work in \(cycle) cycles")
        #expect(!ledger.removed.isEmpty)
    }

    @Test("another process that wants the spool is refused with the reason")
    func secondProcess() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/spool"
        let spool = try openSpool(path)
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: childPath)
        process.arguments = [path, "x", "1"]
        process.standardOutput = pipe
        try process.run()
        let said = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 1)
        #expect(said.hasPrefix("e "))
        #expect(said.contains("process \(getpid()) has it open"))
        #expect(spool.count == 0)
    }

    @Test("a limit on file size stops the child with an error and loses nothing that was accepted")
    func fileSizeLimit() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/spool"
        let output = folder.path + "/out"
        // The shell ignores SIGXFSZ, so that the write fails instead of ending the child.
        let script = "trap '' XFSZ; ulimit -f 600; exec '\(childPath)' '\(path)' limit 3 > '\(output)'"
        #expect(try run("/bin/bash", ["-c", script]) == 1)
        let said = try String(contentsOfFile: output, encoding: .utf8)
        #expect(said.contains("\ne "), "no error was reported")
        var ledger = Ledger()
        ledger.read(said)
        let present = Set(try drain(try openSpool(path)).map(\.id))
        #expect(ledger.accepted.subtracting(ledger.intended).isSubset(of: present))
        #expect(!ledger.accepted.isEmpty)
    }

    @Test("a full disk refuses appends, keeps what it has, can be drained, and takes again", .enabled(if: canMount))
    func fullDisk() throws {
        let folder = try TemporaryFolder()
        #expect(try run("/bin/mount", ["-t", "tmpfs", "-o", "size=24m", "tmpfs", folder.path]) == 0)
        defer { _ = try? run("/bin/umount", ["-l", folder.path]) }
        let notices = Notices()
        let spool = try openSpool(folder.path + "/spool", capacity: 64 << 20, notices: notices)
        var accepted: [AlertRecord] = []
        var refusal: SpoolError?
        while refusal == nil, accepted.count < 100_000 {
            let group = (accepted.count..<accepted.count + 50).map { record($0, padding: 9000) }
            do throws(SpoolError) {
                try spool.append(group)
                accepted += group
            } catch {
                refusal = error
            }
        }
        #expect(refusal?.code == .full)
        #expect(refusal?.message.contains("disk is full") == true)
        #expect(try drain(spool).count == accepted.count)
        spool.close()

        let again = try openSpool(folder.path + "/spool", capacity: 64 << 20, notices: notices)
        #expect(try drain(again, remove: true) == accepted)
        #expect(again.count == 0)
        try again.append([record(1)])
        #expect(try drain(again) == [record(1)])
    }
}

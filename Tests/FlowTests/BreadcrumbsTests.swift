import Foundation
import TestSupport
import Testing

@testable import Flow

/// Where `breadcrumbs-crash-child` lies: beside the test binary.
private let childPath: String = {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return (own as NSString).deletingLastPathComponent + "/breadcrumbs-crash-child"
}()

@Suite(.ownThread) struct BreadcrumbsTests {
    private func withFile(_ body: (String) throws -> Void) throws {
        let folder = NSTemporaryDirectory() + "breadcrumbs-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder + "/crumbs")
    }

    /// Starts the child; its thread number comes as its only line.
    private func start(_ path: String, _ way: String) throws -> (process: Process, output: Pipe) {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: childPath)
        process.arguments = [path, way]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        return (process, output)
    }

    @Test(
        "a process that dies while it works on a camera leaves that camera, the thread and the signal",
        arguments: [
            ("trap", [SIGILL, SIGTRAP]), ("fault", [SIGSEGV]), ("abort", [SIGABRT]), ("overflow", [SIGSEGV, SIGBUS]),
        ]
    )
    func crash(way: String, signals: [Int32]) throws {
        try withFile { path in
            let (process, output) = try start(path, way)
            let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationReason == .uncaughtSignal)
            #expect(signals.contains(process.terminationStatus))
            let report = try BreadcrumbReport(path: path)
            #expect(report.process == process.processIdentifier)
            #expect(signals.contains(report.crash?.signal ?? 0))
            #expect(said == "\(report.crash?.thread ?? 0)\n")
            #expect(report.suspects.map(\.camera) == ["camera-1"])
            #expect(report.suspects.map(\.activity) == [.depacketising])
            #expect(Set(report.working.map(\.camera)) == ["camera-0", "camera-1", "camera-2"])
            if way == "fault" { #expect(report.crash?.address == 16) }
            #expect(report.crash?.wasHung == false)
        }
    }

    @Test(
        "a process whose thread does not come back from a camera, busy or waiting, ends itself and leaves that camera",
        .timeLimit(.minutes(2)),
        arguments: ["spin", "stand"]
    )
    func hang(way: String) throws {
        try withFile { path in
            let (process, output) = try start(path, way)
            let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationReason == .uncaughtSignal)
            #expect(process.terminationStatus == SIGABRT)
            let report = try BreadcrumbReport(path: path)
            #expect(report.crash?.signal == SIGABRT && report.crash?.wasHung == true)
            #expect(said == "\(report.crash?.thread ?? 0)\n")
            #expect(report.suspects.map(\.camera) == ["camera-1"])
        }
    }

    @Test("a process that is killed leaves all that its threads worked on, and no crash")
    func killed() throws {
        try withFile { path in
            let (process, output) = try start(path, "hang")
            _ = output.fileHandleForReading.availableData
            let first = try BreadcrumbReport(path: path)
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            let report = try BreadcrumbReport(path: path)
            #expect(report.crash == nil)
            #expect(Set(report.suspects.map(\.camera)) == ["camera-0", "camera-1", "camera-2"])
            #expect(report.working.map(\.steps) == first.working.map(\.steps), "nobody moved")
        }
    }

    @Test("names are kept up to their limit, and what was left behind is gone")
    func names() throws {
        try withFile { path in
            let crumbs = try Breadcrumbs(path: path, threads: 2)
            let trail = try #require(crumbs.attach())
            let other = try #require(crumbs.attach())
            #expect(crumbs.attach() == nil)
            let long = String(repeating: "镜头", count: 20)
            trail.enter(long, .decoding)
            other.enter("", .analysing)
            var report = try BreadcrumbReport(path: path)
            #expect(report.working.count == 2 && report.crash == nil && report.process == getpid())
            #expect(report.working[0].camera.hasPrefix(String(long.prefix(21))))
            let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self") as NSString
            #expect(report.working[0].thread == Int32(own.lastPathComponent))
            #expect(report.working[1].camera.isEmpty && report.working[1].activity == .analysing)
            trail.enter("b", .handshake)
            other.leave()
            report = try BreadcrumbReport(path: path)
            #expect(report.working.map(\.camera) == ["b"])
            #expect(report.working.map(\.steps) == [2])
            trail.detach()
            #expect(try BreadcrumbReport(path: path).working.isEmpty)
            #expect(crumbs.attach() != nil)
        }
    }

    @Test("a file that is missing, foreign, of another version or cut off is refused, and random bytes never trap")
    func damage() throws {
        try withFile { path in
            #expect(throws: BreadcrumbsError.self) { try BreadcrumbReport(path: path) }
            #expect(throws: BreadcrumbsError.self) { try Breadcrumbs(path: path + "/no/folder", threads: 1) }
            let crumbs = try Breadcrumbs(path: path, threads: 3)
            let trail = try #require(crumbs.attach())
            trail.enter("camera", .decoding)
            let good = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            #expect(good.count == 4 * 128)
            #expect(try BreadcrumbReport(bytes: good).working.count == 1)
            for length in 0..<good.count {
                #expect(throws: BreadcrumbsError.self) { try BreadcrumbReport(bytes: Array(good[..<length])) }
            }
            var generator = SystemRandomNumberGenerator()
            for _ in 0..<2000 {
                var bytes = good
                for _ in 0..<4 {
                    let place = Int.random(in: 0..<bytes.count, using: &generator)
                    bytes[place] = UInt8.random(in: 0...255, using: &generator)
                }
                let report = try? BreadcrumbReport(bytes: bytes)
                #expect((report?.working.count ?? 0) <= 3)
            }
        }
    }
}

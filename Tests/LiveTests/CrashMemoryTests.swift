import Foundation
import TestSupport
import Testing

@testable import Flow
@testable import Live

/// What keeps a process from crashing on one camera for as long as the database is away.
@Suite struct CrashMemoryTests {
    private func time(_ seconds: Double) -> MediaTime { MediaTime(seconds: 1_790_000_000 + seconds) }

    /// What a process left that crashed on the stream of `camera`, or was killed while it worked on it.
    private func report(_ camera: String, crashed: Bool = true) throws -> BreadcrumbReport {
        let folder = try Folder()
        let crumbs = try Breadcrumbs(path: folder.path + "/crumbs", threads: 2)
        let trail = try #require(crumbs.attach())
        trail.enter(camera, .decoding)
        var report = try BreadcrumbReport(path: folder.path + "/crumbs")
        trail.leave()
        let thread = try #require(report.working.first).thread
        report.crash = crashed ? BreadcrumbReport.Crash(signal: 11, thread: thread, address: 0) : nil
        return report
    }

    @Test("three crashes on a camera within ten minutes keep it away for an hour, over restarts")
    func three() throws {
        let folder = try Folder()
        let path = folder.path + "/worker-0.crashes"
        let poison = try report("poison")
        for second in [0.0, 30] {
            var memory = CrashMemory(path: path)
            memory.note(poison, at: time(second))
            memory.note(try report("other"), at: time(second))
            #expect(memory.spared(at: time(second)).isEmpty)
        }
        var memory = CrashMemory(path: path)
        memory.note(poison, at: time(60))
        #expect(memory.spared(at: time(61)) == ["poison": time(3660)])
        #expect(CrashMemory(path: path).spared(at: time(3600)).keys.map(\.self) == ["poison"])
        #expect(CrashMemory(path: path).spared(at: time(3661)).isEmpty)
    }

    @Test("crashes that are far from each other, and deaths that are none, keep no camera away")
    func rare() throws {
        let folder = try Folder()
        let path = folder.path + "/worker-0.crashes"
        for second in [0.0, 400, 800] {
            var memory = CrashMemory(path: path)
            memory.note(try report("rare"), at: time(second))
            memory.note(try report("killed", crashed: false), at: time(second))
            memory.note(nil, at: time(second))
            #expect(memory.spared(at: time(second)).isEmpty)
        }
        try Data("[no list".utf8).write(to: URL(fileURLWithPath: path))
        #expect(CrashMemory(path: path).spared(at: time(900)).isEmpty)
    }
}

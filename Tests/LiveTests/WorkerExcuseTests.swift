import Flow
import Foundation
import Ingest
import Media
import Synchronization
import TestSupport
import Testing

@testable import Live

/// A worker thread that is in the middle of a piece of work gives no sign of life itself.
@Suite struct WorkerExcuseTests {
    private struct Nobody: CameraOutputSink {
        func take(_ outputs: CameraOutputs, of camera: String, _ pending: inout PendingStatements) {}
        func turned(_ worker: Int, _ counts: DecodeWorker.Counts) {}
    }

    @Test("who is slow only is excused from its sign of life, and no other")
    func excuse() throws {
        let folder = try Folder()
        let crumbs = try Breadcrumbs(path: folder.path + "/crumbs", threads: 1)
        let now = Mutex(1000.0)
        let clocks = Clocks(wall: { .zero }, monotonic: { now.withLock { $0 } })
        let beat = Heartbeat(name: "worker-0", limit: 20, now: 1000)
        let worker = DecodeWorker(
            index: 0,
            beat: beat,
            limits: DecodeWorker.Limits(units: 10),
            clocks: clocks,
            crumbs: crumbs,
            sink: Nobody()
        )
        // The thread stands in a job, as it would in a picture.
        let (begun, mayEnd) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let thread = Mutex<Int32>(0)
        worker.submit { _ in
            let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")
            thread.withLock { $0 = own.flatMap { Int32(($0 as NSString).lastPathComponent) } ?? 0 }
            begun.signal()
            mayEnd.wait()
        }
        begun.wait()
        let number = thread.withLock { $0 }
        #expect(number > 0)
        now.withLock { $0 = 1021 }
        #expect(beat.isSilent(now: 1021))
        worker.excuse(ifAmong: [number + 1, 1])
        #expect(beat.isSilent(now: 1021))
        worker.excuse(ifAmong: [number])
        #expect(!beat.isSilent(now: 1021) && beat.isSilent(now: 1042))
        mayEnd.signal()
        worker.drain()
    }
}

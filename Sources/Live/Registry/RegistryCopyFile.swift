import Flow
import Foundation
import Glibc
import Logging
import Logs
import Synchronization

/// The file of a `RegistryCopy`: written whole and renamed, so that there is always one that is complete.
///
/// Its time of change says when the registry was last read and the same as in it. Any thread; writes are done on a queue
/// of their own, at most one every few seconds, the newest.
final class RegistryCopyFile: Sendable {
    /// Seconds between two writes.
    private static let interval = 10.0

    private struct State {
        var waiting: RegistryCopy?
        var isScheduled = false
        var writtenAt = -Double.infinity
    }

    private let path: String
    private let clocks: Clocks
    private let log: FloodGate
    private let health: HealthBoard
    private let failures: Metric
    private let state = Mutex(State())
    private let disk = DispatchQueue(label: "gridwatch.fleet.copy", qos: .utility)

    /// Makes the file at `path`; nothing is written or read yet.
    init(path: String, clocks: Clocks = .system, meter: Meter, health: HealthBoard, logger: Logger) {
        self.path = path
        self.clocks = clocks
        self.health = health
        self.log = FloodGate(logger, clocks: clocks)
        self.failures = meter.counter(
            "gridwatch_registry_copy_failures_total",
            "Times that the copy of the registry, for a start without the database, could not be written."
        )
    }

    /// Keeps a copy from now on; returns at once.
    func keep(_ copy: RegistryCopy) {
        let wait: Double? = state.withLock { state in
            state.waiting = copy
            guard !state.isScheduled else { return nil }
            state.isScheduled = true
            return max(0, state.writtenAt + Self.interval - clocks.monotonic())
        }
        guard let wait else { return }
        disk.asyncAfter(deadline: .now() + wait) { [self] in write() }
    }

    /// The registry is still what the copy says, or would say if it could have been written: then it is tried again.
    func confirm() {
        disk.async { [self] in
            if state.withLock({ $0.waiting != nil }) { write() } else { utimensat(AT_FDCWD, path, nil, 0) }
        }
    }

    /// Writes what waits, and returns.
    func flush() {
        disk.sync { write() }
    }

    /// The cameras are others' now: a start from this copy would watch what is not its own.
    func forget() {
        // On the queue of the writes: one that fails just now would put what it could not write back to be tried again.
        disk.sync {
            state.withLock { $0.waiting = nil }
            unlink(path)
        }
    }

    /// The copy of `worker` and its age in seconds; nil when there is none that can be used.
    func load(worker: String) -> (copy: RegistryCopy, age: Double)? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        do {
            let data = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
            let copy = try RegistryCopy(decoding: data)
            guard copy.worker == worker else {
                throw RegistryCopy.Unusable(description: "it is of the worker \(copy.worker)")
            }
            let changed = Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) / 1e9
            return (copy, max(0, clocks.wall().seconds - changed))
        } catch {
            log.log(
                .error,
                "the copy of the registry cannot be used",
                metadata: ["file": "\(path)", "why": "\(error)"]
            )
            return nil
        }
    }

    private func write() {
        let copy = state.withLock { state in
            state.isScheduled = false
            state.writtenAt = clocks.monotonic()
            defer { state.waiting = nil }
            return state.waiting
        }
        guard let copy else { return }
        do {
            try replace(with: copy.encoded())
            health.report("registry copy", problem: nil)
        } catch {
            failures.add()
            health.report(
                "registry copy",
                problem:
                    "the copy of the registry \(path) cannot be written (\(error)): a restart while the database is "
                    + "away would watch what it was before; make room, or check the folder's owner"
            )
            state.withLock { if $0.waiting == nil { $0.waiting = copy } }
            log.log(
                .error,
                "the copy of the registry cannot be written",
                metadata: ["file": "\(path)", "why": "\(error)", "todo": "make room, or check the folder's owner"]
            )
        }
    }

    private func replace(with data: Data) throws {
        let new = path + ".new"
        unlink(new)
        let file = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        let handle = FileHandle(fileDescriptor: file, closeOnDealloc: true)
        do {
            try handle.write(contentsOf: data)
            try handle.synchronize()
            try handle.close()
            guard rename(new, path) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        } catch {
            unlink(new)
            throw error
        }
    }
}

import CCrash
import Foundation

/// What the threads of a worker process were doing, read from its breadcrumbs file after its death (or in its life).
public struct BreadcrumbReport: Sendable, Hashable {
    /// The signal that ended the process, and where it came.
    public struct Crash: Sendable, Hashable {
        /// Number of the signal.
        public var signal: Int32
        /// The kernel's number of the thread that got it.
        public var thread: Int32
        /// The address that it is about, where the signal says one.
        public var address: UInt64
        /// True when the process ended itself, because that thread stood in one piece of work for good.
        public var wasHung = false
    }

    /// A thread that works on a camera.
    public struct Work: Sendable, Hashable {
        /// The kernel's number of the thread.
        public var thread: Int32
        /// The camera.
        public var camera: String
        /// What it does with it.
        public var activity: BreadcrumbActivity
        /// Pieces of work that the thread has begun; the same in two looks when it stands still.
        public var steps: UInt64
    }

    /// The process that left the file.
    public var process: Int32
    /// The signal that ended it; nil when none was caught: it lives, was killed, or ended by itself.
    public var crash: Crash?
    /// The threads that were at work.
    public var working: [Work]

    /// Cameras that the process may have died on: that of the crashed thread; without a crash, of all at work.
    ///
    /// A process that was killed because it hung did so on one of them.
    public var suspects: [Work] {
        guard let crash else { return working }
        return working.filter { $0.thread == crash.thread }
    }

    /// Reads a file.
    ///
    /// - Throws: `BreadcrumbsError` with `cannotRead` or `notBreadcrumbs`.
    public init(path: String) throws(BreadcrumbsError) {
        let limit = (1 + Breadcrumbs.threadLimit) * Self.record
        let data: Data?
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? file.close() }
            data = try file.read(upToCount: limit)
        } catch {
            throw .reading(path, error.localizedDescription)
        }
        try self.init(bytes: [UInt8](data ?? Data()))
    }

    /// Reads the bytes of a file.
    ///
    /// - Throws: `BreadcrumbsError` with `notBreadcrumbs`.
    public init(bytes: [UInt8]) throws(BreadcrumbsError) {
        guard bytes.count >= Self.record, bytes.starts(with: Array("GWCRUMBS".utf8)) else {
            throw .foreign("it does not begin as such a file")
        }
        let header = bytes.withUnsafeBytes { $0.loadUnaligned(as: ccrash_header.self) }
        guard header.version == UInt32(ccrash_version) else {
            throw .foreign("it is of version \(header.version)")
        }
        guard header.slots <= Breadcrumbs.threadLimit, bytes.count >= (1 + Int(header.slots)) * Self.record else {
            throw .foreign("it is cut off")
        }
        process = header.process
        if header.thread != 0 {
            crash = Crash(
                signal: header.signal,
                thread: header.thread,
                address: header.address,
                wasHung: header.hung == header.thread
            )
        }
        working = (0..<Int(header.slots)).compactMap { Self.work(in: bytes, at: (1 + $0) * Self.record) }
    }

    private static var record: Int { MemoryLayout<ccrash_slot>.stride }

    private static func work(in bytes: [UInt8], at offset: Int) -> Work? {
        let slot = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: ccrash_slot.self) }
        guard slot.busy == 1 else { return nil }
        let start = offset + record - Breadcrumbs.nameLimit
        let name = bytes[start..<start + min(Int(slot.length), Breadcrumbs.nameLimit)]
        return Work(
            thread: slot.thread,
            camera: String(decoding: name, as: UTF8.self),
            activity: BreadcrumbActivity(rawValue: slot.activity) ?? .other,
            steps: slot.steps
        )
    }
}

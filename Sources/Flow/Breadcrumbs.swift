import CCrash
import Foundation

/// What a thread does with a camera, for the report of a crash.
public enum BreadcrumbActivity: UInt8, Sendable, Hashable, CaseIterable {
    /// Something that has no name here.
    case other = 0
    /// Connecting, or reading what the camera answered.
    case handshake
    /// Reading the description of its stream.
    case describing
    /// Putting access units together from packets.
    case depacketising
    /// Decoding a picture.
    case decoding
    /// Looking at a picture.
    case analysing
    /// Encoding evidence.
    case encoding
    /// Reading a stream through a library that waits for its next bytes.
    case reading
}

/// A small file, mapped into memory, in which each thread of a worker process notes whose stream it works on.
///
/// When the process dies the file tells its parent who did it: the notes are plain stores (a few nanoseconds, no system
/// call), and the kernel keeps them whatever happens to the process. Meant for a file system in memory. Read it with
/// `BreadcrumbReport`.
public final class Breadcrumbs: Sendable {
    /// Most threads that can leave notes.
    public static let threadLimit = 1024
    /// Bytes of a camera's name that are kept.
    public static let nameLimit = ccrash_camera_limit

    /// Safety: the mapping lives as long as this object; threads write only their own slot, and take it atomically.
    private nonisolated(unsafe) let header: UnsafeMutablePointer<ccrash_header>
    private let bytes: Int

    /// Creates the file anew and maps it.
    ///
    /// - Parameters:
    ///   - path: The file; one that is there is replaced.
    ///   - threads: How many threads can leave notes, 1…`threadLimit`.
    /// - Throws: `BreadcrumbsError` with `cannotCreate`.
    public init(path: String, threads: Int) throws(BreadcrumbsError) {
        let slots = min(max(1, threads), Self.threadLimit)
        bytes = (1 + slots) * MemoryLayout<ccrash_slot>.stride
        // A new file, not the old one emptied: its parent may be reading that one.
        unlink(path)
        let file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw .creating(path, errno) }
        defer { close(file) }
        // Space is taken now: a store into a hole of a full file system would end the process.
        let failure = posix_fallocate(file, 0, off_t(bytes))
        guard failure == 0 else { throw .creating(path, failure) }
        let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
        guard let memory, memory != MAP_FAILED else { throw .creating(path, errno) }
        header = memory.bindMemory(to: ccrash_header.self, capacity: 1)
        ccrash_prepare(header, UInt32(slots))
    }

    deinit {
        munmap(header, bytes)
    }

    /// Notes the thread and the signal when the process dies of SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT or SIGFPE.
    ///
    /// Call it once, at the start of a worker process. This object then lives for ever. The signal keeps its default
    /// effect.
    ///
    /// - Throws: `BreadcrumbsError` with `cannotCatch`.
    public func catchSignals() throws(BreadcrumbsError) {
        let failure = ccrash_install(header)
        guard failure == 0 else { throw .catching(failure) }
        _ = Unmanaged.passRetained(self)
    }

    /// What the threads of this process work on now.
    public func report() -> BreadcrumbReport? {
        // Others write meanwhile: a torn note is one of a thread that moves.
        try? BreadcrumbReport(bytes: Array(UnsafeRawBufferPointer(start: header, count: bytes)))
    }

    /// Ends this process, because a thread stands in one piece of work for good; its camera will be known by it.
    ///
    /// Returns at once; the process ends as soon as the thread gets the signal. `catchSignals` must have been called.
    ///
    /// - Parameter thread: The kernel's number of the thread.
    public func accuse(_ thread: Int32) {
        _ = ccrash_accuse(header, thread)
    }

    /// Gives the calling thread its place in the file.
    ///
    /// - Returns: Nil when `threads` threads have one.
    public func attach() -> BreadcrumbTrail? {
        ccrash_attach(header).map { BreadcrumbTrail(file: self, slot: $0) }
    }
}

/// The notes of one thread: use it on the thread that called `Breadcrumbs.attach`, and nowhere else.
public struct BreadcrumbTrail {
    private let file: Breadcrumbs
    private let slot: UnsafeMutablePointer<ccrash_slot>

    init(file: Breadcrumbs, slot: UnsafeMutablePointer<ccrash_slot>) {
        self.file = file
        self.slot = slot
    }

    /// Notes that the thread works on a camera from now on; a name longer than `Breadcrumbs.nameLimit` bytes is cut.
    public func enter(_ camera: String, _ activity: BreadcrumbActivity) {
        var name = camera
        name.withUTF8 { text in
            guard let start = text.baseAddress else { return ccrash_enter(slot, "", 0, activity.rawValue) }
            ccrash_enter(slot, start, text.count, activity.rawValue)
        }
    }

    /// The kernel's number of the thread.
    public var thread: Int32 { slot.pointee.thread }

    /// Notes that the thread has come one piece of work further with the same camera.
    public func step() {
        ccrash_step(slot)
    }

    /// Notes that the thread does something else with the same camera.
    public func turn(to activity: BreadcrumbActivity) {
        ccrash_turn(slot, activity.rawValue)
    }

    /// Notes that the thread works on no camera.
    public func leave() {
        ccrash_leave(slot)
    }

    /// Gives the place back, before the thread ends.
    public func detach() {
        ccrash_detach(slot)
    }
}

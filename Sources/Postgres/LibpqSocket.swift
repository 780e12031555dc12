import CPostgres
import Dispatch

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// One open libpq connection in non-blocking mode with the sources that watch its socket.
///
/// Safety: every member is used on `queue` only, apart from `shut()`, which its owner calls once, last. After that the
/// watches do nothing, and the connection ends when nobody holds the link any more.
final class LibpqSocket: @unchecked Sendable {
    enum Event {
        case readable
        case writable
        case silent
    }

    let connection: OpaquePointer
    private let queue: DispatchQueue
    private let reading: any DispatchSourceRead
    private let writing: any DispatchSourceWrite
    private let silence: any DispatchSourceTimer
    private var isReading = false
    private var isWriting = false
    private var isShut = false

    /// Takes over an open connection; `report` is called on `queue` with what the socket says, once per `watch`.
    init(connection: OpaquePointer, queue: DispatchQueue, report: @escaping @Sendable (Event) -> Void) {
        let socket = PQsocket(connection)
        self.connection = connection
        self.queue = queue
        self.reading = DispatchSource.makeReadSource(fileDescriptor: socket, queue: queue)
        self.writing = DispatchSource.makeWriteSource(fileDescriptor: socket, queue: queue)
        self.silence = DispatchSource.makeTimerSource(queue: queue)
        PQsetnonblocking(connection, 1)
        PQsetNoticeProcessor(connection, { _, _ in }, nil)
        reading.setEventHandler { [unowned self] in
            pauseReading()
            report(.readable)
        }
        writing.setEventHandler { [unowned self] in
            pauseWriting()
            report(.writable)
        }
        silence.setEventHandler { report(.silent) }
        silence.resume()
    }

    /// Reports once when the socket can be read.
    func watchReading() {
        guard !isReading, !isShut else { return }
        isReading = true
        reading.resume()
    }

    /// Reports once when the socket can be written.
    func watchWriting() {
        guard !isWriting, !isShut else { return }
        isWriting = true
        writing.resume()
    }

    func pauseReading() {
        guard isReading, !isShut else { return }
        isReading = false
        reading.suspend()
    }

    func pauseWriting() {
        guard isWriting, !isShut else { return }
        isWriting = false
        writing.suspend()
    }

    /// Reports `silent` after that time, unless set again; nil stops the clock.
    func setSilence(_ seconds: Double?) {
        guard !isShut else { return }
        guard let seconds else { return silence.schedule(deadline: .distantFuture) }
        silence.schedule(deadline: .now() + seconds, leeway: .milliseconds(50))
    }

    /// Takes everything from the socket that is there.
    ///
    /// When the server hangs up, the source reports once and never again, often together with the server's last words:
    /// what is behind these must be found now.
    ///
    /// - Returns: False when the connection is at its end.
    func readAll() -> Bool {
        var waiting = pollfd(fd: PQsocket(connection), events: Int16(POLLIN), revents: 0)
        repeat {
            if PQconsumeInput(connection) == 0 { return false }
        } while poll(&waiting, 1, 0) > 0
        return true
    }

    /// What libpq says went wrong last, in one line.
    var lastError: String {
        let text = PQerrorMessage(connection).map { String(cString: $0) } ?? "no reason given"
        return text.split { $0.isWhitespace }.joined(separator: " ")
    }

    /// Asks the server, over a connection of its own, to stop the running statement; `done` runs on `queue`.
    func requestCancel(done: @escaping @Sendable () -> Void) {
        guard let request = PQgetCancel(connection) else { return queue.async(execute: done) }
        let address = UInt(bitPattern: request)
        DispatchQueue.global().async { [queue] in
            var why = [CChar](repeating: 0, count: 256)
            PQcancel(OpaquePointer(bitPattern: address), &why, Int32(why.count))
            PQfreeCancel(OpaquePointer(bitPattern: address))
            queue.async(execute: done)
        }
    }

    deinit { PQfinish(connection) }

    /// Stops watching for good.
    ///
    /// The sources hold the link until both have let go of the socket.
    func shut() {
        guard !isShut else { return }
        isShut = true
        reading.setCancelHandler { withExtendedLifetime(self) {} }
        writing.setCancelHandler { withExtendedLifetime(self) {} }
        // A suspended source must run again before it is cancelled and freed.
        if !isReading { reading.resume() }
        if !isWriting { writing.resume() }
        reading.cancel()
        writing.cancel()
        silence.cancel()
    }
}

import CPostgres
import Dispatch

/// What another session said with `NOTIFY`.
public struct PostgresNotification: Sendable, Hashable {
    /// The channel.
    public let channel: String
    /// What was said, up to 8,000 bytes.
    public let payload: String

    /// Makes a notification.
    public init(channel: String, payload: String) {
        self.channel = channel
        self.payload = payload
    }
}

/// One session with the server.
///
/// Statements of several tasks run one after the other, in the order of their calls. A statement whose task is
/// cancelled is cancelled at the server too, and the session stays usable. A session that broke stays broken: open
/// another one, or use `PostgresPool`, which does. Runs on a dispatch queue of its own; nothing blocks the caller.
public actor PostgresConnection {
    private nonisolated let executor: QueueExecutor
    /// What others say on the channels of `listen`, until the session ends.
    ///
    /// Keeps the newest 1,024 that nobody has read.
    public nonisolated let notifications: AsyncStream<PostgresNotification>
    private nonisolated let notified: AsyncStream<PostgresNotification>.Continuation

    /// Longest time without a byte from the server: its own limit, then some for the way.
    private let silenceSeconds: Double
    private var link: LibpqSocket?
    private var lossReason = "it was closed"
    private var turn = FIFOLock()
    private var operations = 0
    /// Number of the operation that runs; 0 when none does.
    private var operation = 0
    private var cancel = CancelState.none
    private var isListening = false
    /// True once the server has refused a write for being read-only: the next session may lead to another server.
    private var isReadOnly = false
    private var socketWaiter: CheckedContinuation<LibpqSocket.Event, Never>?
    private var cancelWaiter: CheckedContinuation<Void, Never>?

    private enum CancelState {
        case none
        case requested
        case delivered
    }

    /// The dispatch queue that the session runs on.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private init(statementTimeout: Duration) {
        self.executor = QueueExecutor(label: "postgres")
        self.silenceSeconds = statementTimeout / .seconds(1) + 5
        (self.notifications, self.notified) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1024))
    }

    deinit {
        notified.finish()
        link?.shut()
    }

    /// Opens a session: UTC, ISO dates, UTF-8, no just-in-time compilation.
    ///
    /// Our statements are short; compiling one can take a hundred times as long as running it, and a planner that thinks
    /// a statement dear has it compiled anew at each execution. Of several hosts the one that can be written to is taken,
    /// unless the string says otherwise (`target_session_attrs`).
    ///
    /// - Parameters:
    ///   - conninfo: A libpq connection string.
    ///   - statementTimeout: Longest time that one statement may run; the server then stops it with `timedOut`.
    ///   - connectTimeout: Longest time to connect, per host; at least 2 seconds.
    /// - Returns: An open session.
    /// - Throws: `PostgresError` with `connectionFailed`.
    public static func connect(
        _ conninfo: String,
        statementTimeout: Duration = .seconds(30),
        connectTimeout: Duration = .seconds(5)
    ) async throws -> PostgresConnection {
        let connection = PostgresConnection(statementTimeout: statementTimeout)
        try await connection.open(conninfo, statementTimeout, connectTimeout)
        return connection
    }

    private func open(_ conninfo: String, _ statementTimeout: Duration, _ connectTimeout: Duration) async throws {
        let seconds = Int((connectTimeout / .seconds(1)).rounded(.up))
        // Blocks this session's own queue, nobody else.
        let opened = try ConnectionString.open(conninfo, timeout: seconds)
        link = LibpqSocket(connection: opened, queue: executor.queue) { [weak self] event in
            self?.assumeIsolated { $0.socketReports(event) }
        }
        let milliseconds = Int((statementTimeout / .milliseconds(1)).rounded(.up))
        try await script(
            """
            SET TIME ZONE 'UTC';
            SET datestyle = 'ISO, YMD';
            SET bytea_output = 'hex';
            SET standard_conforming_strings = on;
            SET statement_timeout = \(max(1, milliseconds));
            SET jit = off;
            """
        )
    }

    /// Runs one statement.
    ///
    /// - Throws: `PostgresError`; `CancellationError` when the task was cancelled before the statement was done.
    @discardableResult
    public func query(_ sql: String, _ parameters: [PostgresValue] = []) async throws -> PostgresResult {
        try await run(Statement(sql, parameters), isCancellable: true)
    }

    /// Runs several statements without parameters in one round trip, as one transaction unless they say otherwise.
    ///
    /// - Throws: `PostgresError` of the first that failed; `CancellationError`.
    public func script(_ sql: String) async throws {
        _ = try await run(Statement(script: sql), isCancellable: true)
    }

    /// Runs `body` between `BEGIN` and `COMMIT` (READ COMMITTED), or `ROLLBACK` when it throws.
    ///
    /// Only `body` may use the session meanwhile.
    ///
    /// - Throws: What `body` throws; `PostgresError` when the transaction could not be committed.
    @discardableResult
    public func transaction<R: Sendable>(
        _ body: @Sendable (PostgresConnection) async throws -> R
    ) async throws -> R {
        try await query("BEGIN ISOLATION LEVEL READ COMMITTED")
        do {
            let result = try await body(self)
            let commit = try await run(Statement("COMMIT", []), isCancellable: false)
            // A COMMIT after a failed statement answers ROLLBACK and no error.
            guard commit.tag == "COMMIT" else {
                throw PostgresError(.queryFailed, "the transaction was rolled back: a statement in it had failed")
            }
            return result
        } catch {
            // When this fails too the session is gone or in a failed transaction, and the pool drops it.
            _ = try? await run(Statement("ROLLBACK", []), isCancellable: false)
            throw error
        }
    }

    /// Hears a channel from now on; read `notifications`.
    public func listen(_ channel: String) async throws {
        let parts = channel.split(separator: "\"", omittingEmptySubsequences: false)
        try await query("LISTEN \"\(parts.joined(separator: "\"\""))\"")
        isListening = true
        link?.watchReading()
    }

    /// Sends rows with `COPY … FROM STDIN`.
    ///
    /// - Parameters:
    ///   - sql: The `COPY` statement.
    ///   - chunk: Gives the next bytes, cut anywhere; nil at the end. When it throws, nothing is stored.
    /// - Returns: Rows stored.
    /// - Throws: `PostgresError`, or what `chunk` throws.
    @discardableResult
    public func copyIn(_ sql: String, _ chunk: @Sendable () async throws -> [UInt8]?) async throws -> Int {
        let statement = try Statement(sql, [])
        try await takeTurn()
        defer { endOperation() }
        let link = try beginOperation()
        guard statement.send(over: link.connection) else { throw lose("it broke while sending") }
        try await flush(link)
        guard let first = try await nextResult(link) else { throw lose("it gave no answer to COPY") }
        guard first.status == PGRES_COPY_IN else {
            let refusal = first.error(in: sql)
            _ = try await drain(link, sql)
            throw refusal.sqlState == nil ? PostgresError(.queryFailed, "not a COPY … FROM STDIN: \(sql)") : refusal
        }
        do {
            while let bytes = try await chunk() {
                try Task.checkCancellation()
                try await put(bytes, link)
            }
        } catch {
            PQputCopyEnd(link.connection, "the client gave up")
            try? await flush(link)
            _ = try? await drain(link, sql)
            throw error
        }
        PQputCopyEnd(link.connection, nil)
        try await flush(link)
        return try await drain(link, sql).affected
    }

    /// Ends the session; statements that run or wait fail with `connectionLost`.
    public func close() {
        _ = lose("it was closed")
    }

    /// True while the session can be used, as far as can be told without asking the server.
    var isUsable: Bool {
        guard let link else { return false }
        guard operation == 0 else { return true }
        // The first read may give the server's farewell, the second then gives the end of the stream.
        for _ in 0..<2 where PQconsumeInput(link.connection) == 0 || PQstatus(link.connection) != CONNECTION_OK {
            _ = lose(link.lastError)
            return false
        }
        return true
    }

    /// Makes the session ready for the next borrower: no open transaction, no channel.
    ///
    /// - Returns: False when it is broken and was closed.
    func resetForReuse() async -> Bool {
        guard let link, !isListening, !isReadOnly else {
            close()
            return false
        }
        guard PQtransactionStatus(link.connection) != PQTRANS_IDLE else { return isUsable }
        guard (try? await run(Statement("ROLLBACK", []), isCancellable: false)) != nil else {
            close()
            return false
        }
        return isUsable
    }
}

// One operation: it has the turn, sends, and takes every result, so that the next one starts in step.
extension PostgresConnection {
    private func run(_ statement: Statement, isCancellable: Bool) async throws -> PostgresResult {
        if isCancellable { try await takeTurn() } else { await takeTurnRegardless() }
        defer { endOperation() }
        let link = try beginOperation()
        guard statement.send(over: link.connection) else { throw lose("it broke while sending: \(link.lastError)") }
        guard isCancellable else { return try await finish(link, statement.sql) }
        let number = operation
        return try await withTaskCancellationHandler {
            try await finish(link, statement.sql)
        } onCancel: {
            executor.queue.async { self.assumeIsolated { $0.cancelOperation(number) } }
        }
    }

    private func finish(_ link: LibpqSocket, _ sql: String) async throws -> PostgresResult {
        do {
            try await flush(link)
            let result = try await drain(link, sql)
            await cancelSettled()
            return result
        } catch {
            let wasRequested = cancel != .none
            await cancelSettled()
            if wasRequested, error.code == .timedOut { throw CancellationError() }
            throw error
        }
    }

    private func takeTurn() async throws {
        try Task.checkCancellation()
        if turn.takeIfFree() { return }
        let ticket = turn.ticket()
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { turn.wait(ticket, $0) }
        } onCancel: {
            executor.queue.async { self.assumeIsolated { $0.turn.leave(ticket) } }
        }
    }

    private func takeTurnRegardless() async {
        if turn.takeIfFree() { return }
        let ticket = turn.ticket()
        // Nobody leaves this ticket's place, so the wait cannot throw.
        try? await withCheckedThrowingContinuation { turn.wait(ticket, $0) }
    }

    private func beginOperation() throws(PostgresError) -> LibpqSocket {
        guard let link else { throw lost }
        operations += 1
        operation = operations
        cancel = .none
        return link
    }

    private func endOperation() {
        operation = 0
        cancel = .none
        if let link {
            link.setSilence(nil)
            link.pauseWriting()
            hearNotifications(link)
        }
        turn.pass()
    }

    private func cancelOperation(_ number: Int) {
        guard number == operation, cancel == .none, let link else { return }
        cancel = .requested
        link.requestCancel { [weak self] in self?.assumeIsolated { $0.cancelDelivered() } }
    }

    private func cancelDelivered() {
        cancel = .delivered
        cancelWaiter?.resume()
        cancelWaiter = nil
    }

    /// Waits until a cancel request has reached the server: one that came late would stop the next statement.
    private func cancelSettled() async {
        guard cancel == .requested else { return }
        await withCheckedContinuation { cancelWaiter = $0 }
    }

    private func put(_ bytes: [UInt8], _ link: LibpqSocket) async throws(PostgresError) {
        while true {
            let sent = bytes.withUnsafeBytes { buffer in
                PQputCopyData(link.connection, buffer.bindMemory(to: CChar.self).baseAddress, Int32(buffer.count))
            }
            guard sent >= 0 else { throw lose("it broke during COPY: \(link.lastError)") }
            try await flush(link)
            if sent == 1 { return }
        }
    }

    private func flush(_ link: LibpqSocket) async throws(PostgresError) {
        while true {
            let state = PQflush(link.connection)
            guard state >= 0 else { throw lose("it broke while sending: \(link.lastError)") }
            if state == 0 { return }
            link.watchWriting()
            // The server may be waiting for us to read before it reads on.
            if try await socketEvent(link) == .readable, !link.readAll() { throw lose(link.lastError) }
        }
    }

    private func nextResult(_ link: LibpqSocket) async throws(PostgresError) -> RawResult? {
        while PQisBusy(link.connection) == 1 {
            if try await socketEvent(link) == .readable, !link.readAll() { throw lose(link.lastError) }
        }
        return PQgetResult(link.connection).map { RawResult(owning: $0) }
    }

    /// Takes all results of the operation and gives the last one, or throws the first error.
    private func drain(_ link: LibpqSocket, _ sql: String) async throws(PostgresError) -> PostgresResult {
        var last = PostgresResult(rows: [], affected: 0, tag: "")
        var failure: PostgresError?
        while let result = try await nextResult(link) {
            switch result.status {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
                last = result.decoded()
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                throw lose("COPY was started outside copyIn")
            default:
                failure = failure ?? result.error(in: sql)
                if failure?.isReadOnly == true { isReadOnly = true }
            }
        }
        guard PQstatus(link.connection) == CONNECTION_OK else { throw lose(failure?.message ?? link.lastError) }
        if let failure { throw failure }
        return last
    }
}

// The socket: who waits for it, and what is lost with it.
extension PostgresConnection {
    /// Waits for the socket: always for reading, for writing when that is watched.
    private func socketEvent(_ link: LibpqSocket) async throws(PostgresError) -> LibpqSocket.Event {
        guard self.link != nil else { throw lost }
        link.watchReading()
        link.setSilence(silenceSeconds)
        let event = await withCheckedContinuation { socketWaiter = $0 }
        guard self.link != nil else { throw lost }
        if event == .silent {
            throw lose("the server said nothing for \(Int(silenceSeconds)) s")
        }
        return event
    }

    private func socketReports(_ event: LibpqSocket.Event) {
        if let waiter = socketWaiter {
            socketWaiter = nil
            waiter.resume(returning: event)
        } else if event == .readable, operation == 0, let link {
            guard link.readAll(), PQstatus(link.connection) == CONNECTION_OK else {
                _ = lose(link.lastError)
                return
            }
            hearNotifications(link)
        }
    }

    private func hearNotifications(_ link: LibpqSocket) {
        while let notify = PQnotifies(link.connection) {
            let channel = String(cString: notify.pointee.relname)
            notified.yield(PostgresNotification(channel: channel, payload: String(cString: notify.pointee.extra)))
            PQfreemem(notify)
        }
        if isListening { link.watchReading() } else { link.pauseReading() }
    }

    private var lost: PostgresError {
        PostgresError(.connectionLost, "the database connection is gone: \(lossReason)")
    }

    /// Gives the connection up.
    ///
    /// - Returns: The error for whoever was using it.
    private func lose(_ reason: String) -> PostgresError {
        if let link {
            self.link = nil
            lossReason = reason
            link.shut()
            notified.finish()
            socketWaiter?.resume(returning: .silent)
            socketWaiter = nil
        }
        return lost
    }
}

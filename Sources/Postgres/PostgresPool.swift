import Dispatch
import Synchronization

/// A bounded number of sessions that tasks borrow one at a time.
///
/// Sessions are opened when needed and replaced when they broke. Who finds none free waits, first come, first served,
/// for a bounded time in a bounded queue.
public final class PostgresPool: Sendable {
    /// The most sessions open at once.
    public let size: Int
    /// The most tasks that may wait for one.
    public static let maximumWaiting = 4096

    private let conninfo: String
    private let statementTimeout: Duration
    private let waitTimeout: Duration
    private let state = Mutex(State())

    private enum Slot: Sendable {
        case session(PostgresConnection)
        /// The right to open one.
        case empty
    }

    private struct State {
        var idle: [PostgresConnection] = []
        var taken = 0
        var nextTicket = 0
        var waiting: [(ticket: Int, continuation: CheckedContinuation<Slot, any Error>)] = []
        var isClosed = false
        var closers: [CheckedContinuation<Void, Never>] = []

        mutating func pass(_ slot: Slot) -> Handover {
            if !waiting.isEmpty { return Handover(next: waiting.removeFirst().continuation, isKept: true) }
            taken -= 1
            if !isClosed, case .session(let connection) = slot { idle.append(connection) }
            guard isClosed, taken == 0 else { return Handover(isKept: !isClosed) }
            defer { closers = [] }
            return Handover(closers: closers, isKept: false)
        }
    }

    /// Whom to wake after a slot came back, outside the lock.
    private struct Handover {
        var next: CheckedContinuation<Slot, any Error>?
        var closers: [CheckedContinuation<Void, Never>] = []
        var isKept: Bool
    }

    /// Makes a pool; the first session is opened by the first use.
    ///
    /// - Parameters:
    ///   - conninfo: A libpq connection string.
    ///   - size: The most sessions open at once, at least 1.
    ///   - statementTimeout: Longest time that one statement may run.
    ///   - waitTimeout: Longest time to wait for a free session.
    public init(
        conninfo: String,
        size: Int,
        statementTimeout: Duration = .seconds(30),
        waitTimeout: Duration = .seconds(10)
    ) {
        self.conninfo = conninfo
        self.size = max(1, size)
        self.statementTimeout = statementTimeout
        self.waitTimeout = waitTimeout
    }

    /// Runs one statement on a session of its own.
    ///
    /// - Throws: `PostgresError`; `CancellationError`.
    @discardableResult
    public func query(_ sql: String, _ parameters: [PostgresValue] = []) async throws -> PostgresResult {
        try await withConnection { try await $0.query(sql, parameters) }
    }

    /// Runs `body` in a transaction (READ COMMITTED): committed when it returns, rolled back when it throws.
    ///
    /// - Throws: What `body` throws; `PostgresError`.
    @discardableResult
    public func transaction<R: Sendable>(
        _ body: @Sendable (PostgresConnection) async throws -> R
    ) async throws -> R {
        try await withConnection { try await $0.transaction(body) }
    }

    /// Lends a session to `body`; it must not use the session afterwards.
    ///
    /// A transaction that `body` leaves open is rolled back; a session that listens is closed.
    ///
    /// - Throws: What `body` throws; `PostgresError` with `connectionFailed`, `timedOut` (no session became free) or
    ///   `poolClosed`; `CancellationError`.
    @discardableResult
    public func withConnection<R: Sendable>(
        _ body: @Sendable (PostgresConnection) async throws -> R
    ) async throws -> R {
        let connection = try await borrow()
        do {
            let result = try await body(connection)
            await giveBack(connection)
            return result
        } catch {
            await giveBack(connection)
            throw error
        }
    }

    /// Refuses further use, waits until what runs has ended, and closes all sessions.
    ///
    /// A borrower that never ends, such as one that listens, must be cancelled first.
    public func close() async {
        let (idle, waiting) = state.withLock { state in
            state.isClosed = true
            defer {
                state.idle = []
                state.waiting = []
            }
            return (state.idle, state.waiting)
        }
        for waiter in waiting { waiter.continuation.resume(throwing: Self.closed) }
        for connection in idle { await connection.close() }
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state in
                if state.taken == 0 { return true }
                state.closers.append(continuation)
                return false
            }
            if isDone { continuation.resume() }
        }
    }

    private static let closed = PostgresError(.poolClosed, "the database pool was closed")

    private func borrow() async throws -> PostgresConnection {
        while true {
            guard case .session(let connection) = try await takeSlot() else { break }
            if await connection.isUsable { return connection }
            // It broke while idle; others of the same age may have too, so look at the next one before connecting.
            guard reuseSlot() else { break }
        }
        do {
            return try await PostgresConnection.connect(conninfo, statementTimeout: statementTimeout)
        } catch {
            pass(.empty)
            throw error
        }
    }

    /// Gives a slot back to take an idle session instead.
    ///
    /// - Returns: False when there is none: keep the slot and connect.
    private func reuseSlot() -> Bool {
        state.withLock { state in
            guard !state.idle.isEmpty else { return false }
            state.taken -= 1
            return true
        }
    }

    private func takeSlot() async throws -> Slot {
        try Task.checkCancellation()
        let ticket = try state.withLock { state -> Result<Slot, Never>? in
            if state.isClosed { throw Self.closed }
            guard state.taken < size else { return nil }
            state.taken += 1
            return .success(state.idle.popLast().map { .session($0) } ?? .empty)
        }
        if case .success(let slot) = ticket { return slot }
        return try await waitForSlot()
    }

    private func waitForSlot() async throws -> Slot {
        let ticket = state.withLock { state in
            state.nextTicket += 1
            return state.nextTicket
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                enqueue(ticket, continuation)
            }
        } onCancel: {
            leave(ticket, CancellationError())
        }
    }

    private func enqueue(_ ticket: Int, _ continuation: CheckedContinuation<Slot, any Error>) {
        let answer: Result<Slot, any Error>? = state.withLock { state in
            if state.isClosed { return .failure(Self.closed) }
            if Task.isCancelled { return .failure(CancellationError()) }
            if state.taken < size {
                state.taken += 1
                return .success(state.idle.popLast().map { .session($0) } ?? .empty)
            }
            guard state.waiting.count < Self.maximumWaiting else { return .failure(exhausted) }
            state.waiting.append((ticket, continuation))
            return nil
        }
        if let answer { return continuation.resume(with: answer) }
        DispatchQueue.global().asyncAfter(deadline: .now() + waitTimeout / .seconds(1)) { [weak self] in
            guard let self else { return }
            leave(ticket, exhausted)
        }
    }

    private var exhausted: PostgresError {
        PostgresError(
            .timedOut,
            "the database pool is exhausted: all \(size) connections were in use for \(waitTimeout); "
                + "statements are too slow, or the pool is too small"
        )
    }

    private func leave(_ ticket: Int, _ error: any Error) {
        let continuation = state.withLock { state in
            state.waiting.firstIndex { $0.ticket == ticket }.map { state.waiting.remove(at: $0).continuation }
        }
        continuation?.resume(throwing: error)
    }

    private func giveBack(_ connection: PostgresConnection) async {
        let isReusable = await connection.resetForReuse()
        if isReusable, !pass(.session(connection)) { await connection.close() }
        if !isReusable { pass(.empty) }
    }

    /// Hands a slot to the next in line, or back to the pool.
    ///
    /// - Returns: False when the pool is closed and a session must be closed too.
    @discardableResult
    private func pass(_ slot: Slot) -> Bool {
        let handover = state.withLock { $0.pass(slot) }
        handover.next?.resume(returning: slot)
        for closer in handover.closers { closer.resume() }
        return handover.isKept
    }
}

import Flow
import Foundation
public import Logging
import Synchronization

/// A farm that runs until its task is cancelled: in this process or in several.
public protocol Farm: Sendable {
    /// What the farm does and has done so far.
    var statistics: FarmStatistics { get }
    /// The URLs of the cameras, without credentials, in order.
    func urls() -> [String]
    /// Listens; returns when clients are served.
    func start() async throws(SimulatorError)
    /// Serves until the task is cancelled.
    func run() async throws
}

extension CameraFarm: Farm {}

/// A farm in several processes: each serves a share of the cameras and writes its reports to its standard output.
///
/// One process may open too few files for all cameras, and has one thread. The children are programs of their own; each
/// ends when its standard input ends, so none outlives this process. When one fails, all end.
public final class FarmSupervisor: Farm {
    private struct Child {
        var process: Int32?
        var report = FarmReport(FarmStatistics())
        var endpoints: [FarmEndpoint]?
        var status: Int32?
    }

    private struct Waiter {
        var isDone: (State) -> Bool
        var continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var children: [Child]
        var hasStarted = false
        var isStopping = false
        /// Connections that came to all children in the latest whole seconds.
        var seconds: [Int: Int] = [:]
        var acceptedPerSecondMaximum = 0
        var waiters: [Waiter] = []

        var failed: Int? {
            isStopping ? nil : children.firstIndex { $0.status != nil }
        }
        var haveEnded: Bool { children.allSatisfy { $0.status != nil } }
    }

    private let options: CameraFarm.Options
    private let layout: FarmLayout
    private let executable: String
    private let arguments: [String]
    private let logger: Logger
    private let state: Mutex<State>
    /// Held while a child is started, so that no other child inherits its pipes.
    private let launching = NSLock()

    /// Seconds that children get to end before they are killed.
    private static let patience = 10.0
    /// Bytes of a line at most; what writes a longer one is no farm.
    private static let lineLimit = 65_536
    /// Whole seconds for which late reports still count.
    private static let keptSeconds = 10

    /// Prepares the processes; none runs yet.
    ///
    /// - Parameters:
    ///   - options: What the farm serves; its `share` says how many processes there are.
    ///   - executable: The program that serves a share.
    ///   - arguments: Its arguments; `--share INDEX/COUNT --origin MICROSECONDS` are appended.
    ///   - logger: Where failures go.
    /// - Throws: `badOption`.
    public init(
        options: CameraFarm.Options,
        executable: String,
        arguments: [String],
        logger: Logger = Logger(label: "gridwatch.simulator")
    ) throws(SimulatorError) {
        self.options = options
        self.layout = try options.layout()
        self.executable = executable
        self.arguments = arguments
        self.logger = logger
        self.state = Mutex(State(children: Array(repeating: Child(), count: options.share.count)))
    }

    /// The numbers of all processes, as they last reported them.
    public var statistics: FarmStatistics {
        state.withLock { state in
            var sum = state.children.reduce(FarmStatistics()) { $0 + $1.report.statistics }
            sum.acceptedPerSecondMaximum = max(sum.acceptedPerSecondMaximum, state.acceptedPerSecondMaximum)
            return sum
        }
    }

    /// The URLs of all cameras; with port 0 the ports are known once `start()` has returned.
    public func urls() -> [String] {
        var bound = layout.endpoints
        let children = state.withLock { $0.children }
        for (process, child) in children.enumerated() {
            for (index, endpoint) in zip(layout.endpoints(ofProcess: process), child.endpoints ?? []) {
                bound[index] = endpoint
            }
        }
        return layout.urls(options.cameras, bound: bound)
    }

    /// Starts the processes and returns when all of them listen.
    ///
    /// - Throws: `processFailed` when one of them ends instead; the others have ended then as well.
    public func start() async throws(SimulatorError) {
        let isFirst = state.withLock { state in
            defer { state.hasStarted = true }
            return !state.hasStarted
        }
        guard isFirst else { return }
        let origin = MediaTime(seconds: Clocks.system.monotonic()).microseconds
        for index in 0..<options.share.count {
            let own = ["--share", "\(index)/\(options.share.count)", "--origin", "\(origin)"]
            Thread.detachNewThread { [self] in serve(index, arguments + own) }
        }
        await wait { $0.failed != nil || $0.children.allSatisfy { $0.endpoints != nil } }
        try await checkFailure()
    }

    /// Serves until the task is cancelled, then ends the processes and returns.
    ///
    /// - Throws: What `start()` throws, and `processFailed` when a process has ended by itself.
    public func run() async throws {
        try await start()
        await withTaskCancellationHandler {
            await wait { $0.failed != nil || $0.haveEnded }
        } onCancel: {
            stop()
        }
        try await checkFailure()
        await wait { $0.haveEnded }
    }

    private func checkFailure() async throws(SimulatorError) {
        let failed = state.withLock { state in state.failed.map { ($0, state.children[$0].status ?? 0) } }
        guard let (index, status) = failed else { return }
        stop()
        await wait { $0.haveEnded }
        let process = "process \(index + 1) of \(options.share.count) of the camera farm"
        throw SimulatorError(.processFailed, "\(process) ended with status \(status); its own message says why")
    }

    /// Asks the processes to end, and kills those that do not.
    private func stop() {
        signal(SIGTERM)
        Thread.detachNewThread { [self] in
            Thread.sleep(forTimeInterval: Self.patience)
            signal(SIGKILL)
        }
    }

    private func signal(_ number: Int32) {
        state.withLock { state in
            state.isStopping = true
            for child in state.children where child.status == nil {
                if let process = child.process { kill(process, number) }
            }
        }
    }

    /// Runs a child on a thread of its own and takes its reports until it has ended.
    private func serve(_ index: Int, _ arguments: [String]) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        launching.lock()
        let input = Pipe()
        let output = Pipe()
        // A sibling that held the other end would keep the child from seeing that this process is gone.
        _ = fcntl(input.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        process.standardInput = input
        process.standardOutput = output
        let launched = Result { try process.run() }
        launching.unlock()
        do {
            try launched.get()
        } catch {
            logger.error("no process", metadata: ["executable": "\(executable)", "reason": "\(error)"])
            return change { $0.children[index].status = 127 }
        }
        let isTooLate = state.withLock { state in
            state.children[index].process = process.processIdentifier
            return state.isStopping
        }
        if isTooLate { process.terminate() }
        var rest = Data()
        while true {
            let bytes = output.fileHandleForReading.availableData
            guard !bytes.isEmpty else { break }
            rest.append(bytes)
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                take(String(decoding: rest[..<end], as: UTF8.self), from: index)
                rest = Data(rest[(end + 1)...])
            }
            if rest.count > Self.lineLimit { rest = Data() }
        }
        process.waitUntilExit()
        // The pipe of its input must live as long as the child.
        withExtendedLifetime(input) {
            change { $0.children[index].status = process.terminationStatus }
        }
    }

    private func take(_ line: String, from index: Int) {
        guard let report = FarmReport(line: line) else { return }
        change { state in
            let before = state.children[index].report
            state.children[index].report = report
            if let endpoints = report.listening { state.children[index].endpoints = endpoints }
            let second = Int(report.time.rounded())
            state.seconds[second, default: 0] += report.statistics.accepted - before.statistics.accepted
            let most = state.seconds[second] ?? 0
            state.acceptedPerSecondMaximum = max(state.acceptedPerSecondMaximum, most)
            state.seconds = state.seconds.filter { $0.key > second - Self.keptSeconds }
        }
    }

    private func change(_ body: (inout State) -> Void) {
        let ready = state.withLock { state in
            body(&state)
            let now = state
            state.waiters = now.waiters.filter { !$0.isDone(now) }
            return now.waiters.filter { $0.isDone(now) }
        }
        for waiter in ready { waiter.continuation.resume() }
    }

    private func wait(until isDone: @escaping @Sendable (State) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isReady = state.withLock { state in
                if isDone(state) { return true }
                state.waiters.append(Waiter(isDone: isDone, continuation: continuation))
                return false
            }
            if isReady { continuation.resume() }
        }
    }
}

public import Flow

/// How a worker process ended.
public enum ProcessExit: Sendable, Hashable {
    /// By itself, with that code.
    case code(Int32)
    /// By that signal.
    case signal(Int32)
}

/// The times of `ProcessLife`, in seconds.
public struct ProcessLifeSettings: Sendable, Hashable {
    /// Longest time from the launch to the first sign of life.
    public var startWithin: Double
    /// Longest silence of a running worker.
    public var hungAfter: Double
    /// Seconds of the CPU that a worker must have used since its last sign before a silence counts against it, unless it
    /// stands still altogether; a worker that has not given its first sign gets `startWork`.
    public var hungWork: Double
    /// The same until the first sign of life.
    public var startWork: Double
    /// How long a stopping worker may take.
    public var stopWithin: Double
    /// How long a worker must have given signs of life until the next death counts as the first again.
    ///
    /// Short: who has come that far has read its settings, taken its cameras and opened streams, so it dies of a camera,
    /// which gets the strike, or of something outside; to wait longer would only leave cameras unwatched.
    public var steadyAfter: Double
    /// Waits before a restart.
    public var backoff: Backoff

    /// Makes the times.
    public init(
        startWithin: Double = 60,
        hungAfter: Double = 20,
        hungWork: Double = 2,
        startWork: Double = 30,
        stopWithin: Double = 20,
        steadyAfter: Double = 2,
        backoff: Backoff = Backoff(base: 0.5, cap: 30)
    ) {
        self.startWithin = max(1, startWithin)
        self.hungAfter = max(1, hungAfter)
        self.hungWork = max(0, hungWork)
        self.startWork = max(0, startWork)
        self.stopWithin = max(1, stopWithin)
        self.steadyAfter = max(0, steadyAfter)
        self.backoff = backoff
    }
}

/// The life of one worker process as its parent sees it: a pure value, told what happens, answering what to do.
///
/// A worker that dies or hangs is started again, for ever: soon when it had come to work, after a growing wait when it
/// dies again and again while it starts.
///
/// Slow is not dead: on a machine with thirty times too much to do a healthy worker may not get to a sign of life for a
/// minute. A silence counts only once the worker has used the CPU for `hungWork` seconds without a sign (it turns on the
/// spot) or has not used it at all for as long as a silence may last (it stands still). Seconds throughout, of a clock
/// that does not count the owner's own pauses (`Flow.PatientClock`).
public struct ProcessLife: Sendable {
    /// What happened.
    public enum Event: Sendable, Hashable {
        /// The worker is wanted.
        case wanted
        /// The worker is not wanted any more.
        case unwanted
        /// The process could not be launched.
        case launchFailed
        /// The process gave a sign of life.
        case alive
        /// The process has used the CPU for so many seconds since its launch.
        case worked(Double)
        /// The process is gone.
        case exited(ProcessExit)
        /// Nothing but time; needed at `checkAt` at the latest.
        case timePassed
    }

    /// Where the worker stands.
    public enum State: Sendable, Hashable {
        /// Not wanted, not there.
        case stopped
        /// Launched, no sign of life yet.
        case starting
        /// Giving signs of life.
        case running
        /// Gave no sign of life for too long and was killed; its end has not come yet.
        case hung
        /// Dead; started again later.
        case waiting
        /// Asked to end.
        case stopping
    }

    /// What the owner should do.
    public enum Action: Sendable, Hashable {
        /// Launch the process.
        case launch
        /// Ask it to end (SIGTERM).
        case terminate
        /// End it (SIGKILL).
        case kill
        /// It died unasked: read its breadcrumbs, give strikes, tell people. Nil: it could not even be launched.
        case died(ProcessExit?, wasHung: Bool)
    }

    /// Where the worker stands.
    public private(set) var state = State.stopped
    /// Deaths that nobody had asked for.
    public private(set) var deaths = 0

    private let settings: ProcessLifeSettings
    private var backoff: Backoff
    private var since = 0.0
    private var lastSign = 0.0
    /// Seconds of the CPU, as last told and as at the last sign of life; nil while nobody has told.
    private var work: Double?
    private var workAtSign = 0.0
    /// When the work was last more than before.
    private var workedAt = 0.0
    private var isWanted = false

    /// Makes the life of a worker that is not wanted yet.
    public init(settings: ProcessLifeSettings = .init()) {
        self.settings = settings
        self.backoff = settings.backoff
    }

    /// When `timePassed` has an effect, if nothing else happens before.
    public var checkAt: Double {
        switch state {
        case .stopped: .infinity
        case .starting: patience(from: since, settings.startWithin, settings.startWork)
        case .running: patience(from: lastSign, settings.hungAfter, settings.hungWork)
        case .waiting: since
        case .stopping, .hung: since + settings.stopWithin
        }
    }

    /// When a silence counts.
    private func patience(from sign: Double, _ limit: Double, _ ownWork: Double) -> Double {
        guard let work, work - workAtSign < ownWork else { return sign + limit }
        return max(sign, workedAt) + limit
    }

    /// Takes an event.
    ///
    /// - Parameters:
    ///   - event: What happened; what cannot happen in this state is ignored.
    ///   - now: Seconds of the owner's clock.
    ///   - random: A number in 0..<1 for the jitter of the waits.
    /// - Returns: What to do, in this order.
    public mutating func handle(_ event: Event, now: Double, random: Double) -> [Action] {
        switch event {
        case .wanted:
            isWanted = true
            return state == .stopped ? launch(now: now) : []
        case .unwanted:
            isWanted = false
            return stop(now: now)
        case .alive:
            guard state == .starting || state == .running else { return [] }
            if state == .starting { enter(.running, now: now) }
            lastSign = now
            workAtSign = work ?? 0
            if now - since >= settings.steadyAfter { backoff.succeeded() }
            return []
        case .worked(let seconds):
            if seconds > work ?? 0 { workedAt = now }
            work = max(seconds, work ?? 0)
            return []
        case .launchFailed:
            guard state == .starting || state == .stopping else { return [] }
            return ended(nil, now: now, random: random)
        case .exited(let exit):
            guard state != .stopped, state != .waiting else { return [] }
            return ended(exit, now: now, random: random)
        case .timePassed:
            guard now >= checkAt else { return [] }
            return late(now: now)
        }
    }

    private mutating func enter(_ state: State, now: Double) {
        self.state = state
        since = now
    }

    private mutating func launch(now: Double) -> [Action] {
        enter(.starting, now: now)
        work = nil
        workAtSign = 0
        workedAt = now
        return [.launch]
    }

    private mutating func stop(now: Double) -> [Action] {
        switch state {
        case .starting, .running:
            enter(.stopping, now: now)
            return [.terminate]
        case .waiting:
            enter(.stopped, now: now)
            return []
        case .stopped, .hung, .stopping: return []
        }
    }

    private mutating func late(now: Double) -> [Action] {
        switch state {
        case .starting, .running:
            enter(.hung, now: now)
            return [.kill]
        case .hung, .stopping:
            // Again and again: the kernel may hold the process for a while (uninterruptible sleep).
            since = now
            return [.kill]
        case .waiting: return launch(now: now)
        case .stopped: return []
        }
    }

    private mutating func ended(_ exit: ProcessExit?, now: Double, random: Double) -> [Action] {
        let wasHung = state == .hung
        let wasAsked = state == .stopping
        guard isWanted else {
            enter(.stopped, now: now)
            guard !wasAsked else { return [] }
            deaths += 1
            return [.died(exit, wasHung: wasHung)]
        }
        // Asked to end and wanted again before it had ended: no failure, no wait.
        guard !wasAsked else { return launch(now: now) }
        deaths += 1
        enter(.waiting, now: now + backoff.failed(random: random))
        return [.died(exit, wasHung: wasHung)]
    }
}

/// The deadlines of one connection.
///
/// Pure: it is told what happened when, in seconds of a clock that only goes forward.
struct RequestClock: Sendable {
    /// What took too long.
    enum Late: Sendable, Hashable {
        /// The head of the first request.
        case head
        /// The next request: nobody needs the connection.
        case idle
        /// The body.
        case body
        /// The browser takes nothing of its answer.
        case stuck
    }

    private let limits: ConnectionLimits
    private let isProxy: Bool
    private var headSince: Double
    private var isFirst = true
    private var answersDue = 0
    private var body: (since: Double, bytes: Int)?
    private var answeredAt: Double?
    private var stuckSince: Double?

    /// Starts with the connection.
    init(_ limits: ConnectionLimits, isProxy: Bool, at now: Double) {
        self.limits = limits
        self.isProxy = isProxy
        self.headSince = now
    }

    /// What the connection is about.
    var phase: ConnectionPhase {
        if body != nil { return .reading }
        return answersDue > 0 ? .answering : .waiting
    }

    /// The head of a request is whole.
    mutating func head(at now: Double) {
        isFirst = false
        answersDue += 1
        body = (now, 0)
        answeredAt = nil
    }

    /// A part of its body came.
    mutating func received(_ bytes: Int) {
        body?.bytes += bytes
    }

    /// The request is whole.
    mutating func end(at now: Double) {
        body = nil
        headSince = now
    }

    /// An answer is written.
    mutating func answered(at now: Double) {
        answersDue = max(0, answersDue - 1)
        answeredAt = now
        headSince = now
    }

    /// The browser takes bytes, or its window is full.
    mutating func writable(_ isWritable: Bool, at now: Double) {
        stuckSince = isWritable ? nil : stuckSince ?? now
    }

    /// When to look again; nil when nothing can be late.
    var deadline: Double? {
        [requestDeadline?.at, stuckSince.map { $0 + limits.stuckSeconds }].compactMap(\.self).min()
    }

    /// What is late.
    func late(at now: Double) -> Late? {
        if let stuckSince, now >= stuckSince + limits.stuckSeconds { return .stuck }
        guard let (at, late) = requestDeadline, now >= at else { return nil }
        return late
    }

    private var requestDeadline: (at: Double, late: Late)? {
        if let body {
            let rest = answeredAt.map { max($0, body.since) + limits.lingerSeconds }
            let whole = body.since + limits.bodySeconds + Double(body.bytes) / limits.bodyRate
            return (min(rest ?? whole, whole), .body)
        }
        if answersDue > 0 { return nil }
        let idle = isProxy ? limits.proxyIdleSeconds : limits.idleSeconds
        return isFirst && !isProxy ? (headSince + limits.headSeconds, .head) : (headSince + idle, .idle)
    }
}

/// Whether a camera is looked at, against how often it should be: what its shown state follows beside its connection.
///
/// A pure value, told what happens; monotonic seconds. Only time in which the stream was open counts, over all its
/// connections: a camera that connects anew again and again is not well each time. Once a camera is blind it stays so
/// until one of its pictures is looked at.
public struct Sight: Sendable {
    /// How often a camera should be looked at.
    public struct Expectation: Sendable, Hashable {
        /// Seconds within which a picture should be looked at.
        public var interval: Double
        /// Whether it is only visited now and then, when its turn comes.
        public var isPatrol: Bool

        /// Makes an expectation.
        public init(interval: Double, isPatrol: Bool = false) {
            self.interval = interval
            self.isPatrol = isPatrol
        }
    }

    /// What people are told.
    public enum Verdict: Sendable, Hashable {
        /// It is looked at, or it is too early to say.
        case fine
        /// In service, but looked at too seldom.
        case late(SightReason)
        /// Nobody looks at it.
        case blind(SightReason)

        /// Why; nil when all is well.
        public var reason: SightReason? {
            switch self {
            case .fine: nil
            case .late(let reason), .blind(let reason): reason
            }
        }

        /// True of a camera that nobody looks at.
        public var isBlind: Bool { if case .blind = self { true } else { false } }
    }

    /// Seconds of an open stream within which its first picture is looked at.
    private static let firstWithin = 20.0
    /// Intervals, and seconds beside them, within which each further one is.
    private static let allowed = (intervals: 2.0, seconds: 20.0, gaps: 1.5)
    /// Longest time without a keyframe that is taken for the time between two, seconds.
    private static let longestWait = 120.0
    /// Seconds between two questions why.
    private static let patience = 10.0
    /// Visits of a patrol that must have brought a picture that could not be looked at.
    private static let failedVisits = 2
    /// Keyframes so many intervals apart are said.
    private static let farApart = 1.5

    /// What is told now.
    public private(set) var verdict = Verdict.fine
    /// Seconds that belong to it, see `SightReason.explanation`.
    public private(set) var seconds = 0.0
    /// What the decoder said; nil when nothing.
    public private(set) var message: String?

    private var expectation: Expectation?
    private var openedAt: Double?
    private var openFor = 0.0
    private var askedAt = -Double.infinity
    private var keyframeGap = 0.0
    private var wasSeen = false
    private var comesWhole = true
    /// Whether two keyframes have come, so that the time between them is known.
    private var knowsGap = false

    /// Makes the sight of a camera that was not looked at yet.
    public init() {}

    /// Seconds within which it should be looked at; 0 when nothing is expected.
    public var interval: Double { expectation?.interval ?? 0 }

    /// Takes how often it should be looked at; nil: nobody has to, because it has no rules.
    public mutating func expect(_ expectation: Expectation?) {
        self.expectation = expectation
        if expectation == nil { verdict = .fine }
    }

    /// Takes whether its stream is open now.
    ///
    /// `comesWhole`: whether all units of it come to its worker, not only those from a keyframe on.
    public mutating func stream(isOpen: Bool, comesWhole: Bool = true, now: Double) {
        self.comesWhole = comesWhole
        guard isOpen != (openedAt != nil) else { return }
        openFor = unseen(now: now)
        openedAt = isOpen ? now : nil
    }

    /// Takes that a picture was looked at.
    ///
    /// - Parameters:
    ///   - gap: Seconds between its keyframes; nil when that is not known.
    ///   - now: Monotonic seconds.
    public mutating func looked(gap: Double?, now: Double) {
        // One keyframe at last: the next one may take as long.
        let waited = verdict == .blind(.noKeyframe) ? min(unseen(now: now), Self.longestWait) : 0
        wasSeen = true
        knowsGap = knowsGap || gap != nil
        openFor = 0
        if openedAt != nil { openedAt = now }
        askedAt = -.infinity
        keyframeGap = gap ?? waited
        message = nil
        seconds = keyframeGap
        let isFar = expectation.map { !$0.isPatrol && keyframeGap > max($0.interval, 1) * Self.farApart } ?? false
        verdict = isFar ? .late(.keyframesApart) : .fine
    }

    /// Whether it should have been looked at, so that its worker must be asked why not.
    public func wantsAnswer(now: Double) -> Bool {
        openedAt != nil && now - askedAt >= Self.patience && isOverdue(now: now)
    }

    /// Takes that its worker was asked.
    public mutating func asked(now: Double) {
        askedAt = now
    }

    /// Takes the answer of its worker.
    ///
    /// - Parameters:
    ///   - tally: What came since the last look; nil when the worker knows no rules of the camera.
    ///   - isLosing: Whether units of it are dropped here.
    ///   - now: Monotonic seconds.
    /// - Returns: Whether people must be told something else now.
    public mutating func judge(_ tally: SightTally?, isLosing: Bool, now: Double) -> Bool {
        guard openedAt != nil, isOverdue(now: now) else { return false }
        var reason =
            tally.map { $0.reason(isLosing: isLosing, comesWhole: comesWhole) } ?? .noRules
        if expectation?.isPatrol == true, reason != .noRules, (tally?.keyframes ?? 0) < Self.failedVisits {
            reason = .waitsForTurn
        }
        // After the first keyframe nobody knows yet when the next one comes: it may take its time, else cameras whose
        // keyframes are far apart would be blind once more before that is known.
        if reason == .noKeyframe, wasSeen, !knowsGap, unseen(now: now) <= Self.longestWait + Self.allowed.seconds {
            return false
        }
        if reason.isInService {
            // Blind for a reason of its own before: that is not over because nobody has time for it as well.
            guard !verdict.isBlind, unseen(now: now) > allowedLater else { return false }
        }
        let next = reason.isInService ? Verdict.late(reason) : .blind(reason)
        guard next != verdict else { return false }
        verdict = next
        seconds = unseen(now: now)
        message = tally?.message
        return true
    }

    private func unseen(now: Double) -> Double {
        openFor + (openedAt.map { max(0, now - $0) } ?? 0)
    }

    private func isOverdue(now: Double) -> Bool {
        guard let expectation else { return false }
        let isFirst = !wasSeen && !expectation.isPatrol
        return unseen(now: now) > (isFirst ? Self.firstWithin : allowedLater)
    }

    private var allowedLater: Double {
        max(interval * Self.allowed.intervals, keyframeGap * Self.allowed.gaps) + Self.allowed.seconds
    }
}

/// Finds the thread that stands in one piece of work for good: a decoder that never comes back from a picture.
///
/// Slow is not hung. What counts is the work that the thread itself has done without coming further, by the kernel's
/// account: on a machine without time a healthy picture takes minutes and hardly any of the CPU. A thread that does
/// nothing at all counts only while it waits for something; one that is kept from running does not. A pure value: one
/// owner looks with it every second or so.
public struct HangDetector: Sendable {
    /// When a thread counts as hung; a healthy picture takes milliseconds, the largest one second.
    public struct Limits: Sendable, Hashable {
        /// Seconds of the CPU in one piece of work.
        public var work = 20.0
        /// The same for a thread that reads a stream, whose pieces are longer.
        public var readingWork = 60.0
        /// Seconds in which a thread has waited and done nothing; those that read streams wait for good reasons.
        public var standstill = 60.0
        /// Seconds for which a thread in a piece of work is excused from other signs of life.
        public var excuse = 300.0

        /// The default limits.
        public init() {}
    }

    /// What a look has shown.
    public struct Finding: Sendable, Hashable {
        /// The thread that hangs; nil when none does.
        public var hung: BreadcrumbReport.Work?
        /// Threads that are slow at most, by the kernel's numbers: in a piece of work, and not hung.
        public var busy: Set<Int32> = []
    }

    /// Longest time between two looks that counts, seconds.
    private static let longestStep = 2.0

    private struct Piece {
        var work: BreadcrumbReport.Work
        var beganAt: Double
        /// Seconds of the CPU when it was first found to last, and at the last look.
        var usage: (first: Double, last: Double)?
        /// When it was last seen to do anything else than to wait.
        var movedAt: Double
    }

    private let limits: Limits
    private var clock = PatientClock(longestStep: Self.longestStep)
    private var pieces: [Int32: Piece] = [:]

    /// Makes a watch that has seen nothing.
    public init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Looks at what the threads work on.
    ///
    /// - Parameters:
    ///   - working: The threads that are in a piece of work.
    ///   - now: Monotonic seconds.
    ///   - usage: What the kernel says of a thread; asked only for those that have not come further since the last look.
    /// - Returns: Who hangs, and who is slow at most.
    public mutating func look(
        _ working: [BreadcrumbReport.Work],
        now: Double,
        usage: (Int32) -> KernelUsage?
    ) -> Finding {
        let time = clock.look(now)
        var finding = Finding()
        var current: [Int32: Piece] = [:]
        for work in working {
            var piece = Piece(work: work, beganAt: time, usage: nil, movedAt: time)
            if let known = pieces[work.thread], known.work.steps == work.steps, known.work.camera == work.camera {
                piece = known
                piece.work = work
                if let usage = usage(work.thread) { note(usage, in: &piece, time) }
            }
            current[work.thread] = piece
            if isHung(piece, time) {
                finding.hung = finding.hung ?? work
            } else if time - piece.beganAt < limits.excuse {
                finding.busy.insert(work.thread)
            }
        }
        pieces = current
        return finding
    }

    private func note(_ usage: KernelUsage, in piece: inout Piece, _ time: Double) {
        let first = piece.usage?.first ?? usage.seconds
        let hasMoved = piece.usage.map { usage.seconds > $0.last } ?? true
        if hasMoved || !usage.isAsleep { piece.movedAt = time }
        piece.usage = (first, usage.seconds)
    }

    private func isHung(_ piece: Piece, _ time: Double) -> Bool {
        guard let usage = piece.usage else { return false }
        let isReading = piece.work.activity == .reading
        if usage.last - usage.first >= (isReading ? limits.readingWork : limits.work) { return true }
        return !isReading && time - piece.movedAt >= limits.standstill
    }
}

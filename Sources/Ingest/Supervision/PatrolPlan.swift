/// Whom to visit next on a platform where every stream costs: connect, take one keyframe, leave.
///
/// A pure value on monotonic seconds; one per platform. At most so many sessions at once; the camera whose deadline (last
/// visit + interval of its class) is nearest goes first; class II may be a quarter of its interval late, class III half of
/// it, before they go before class I. When
/// sessions and length of the visits (measured) do not allow the intervals, those of class III are stretched first, then
/// II, then I, so that the important ones keep theirs and nobody starves. O(log n) per visit; about 170 bytes per camera.
public struct PatrolPlan<Key: Hashable & Sendable>: Sendable {
    /// One visit to make now.
    public struct Visit: Sendable, Hashable {
        /// The camera.
        public var key: Key
        /// When the visit must be over, monotonic seconds.
        public var endBy: Double
    }

    private struct Camera {
        var seenAt = -Double.infinity
        var addedAt: Double
        /// When the visit that is under way began; nil when none is.
        var visitSince: Double?
        var classIndex: UInt8
        var failures: UInt8 = 0
    }

    /// Part of the sessions' time that is given out.
    private static var usable: Double { 0.9 }
    /// Weight of the newest visit in the mean length.
    private static var visitWeight: Double { 1.0 / 32 }
    /// Part of the interval after which a camera is tried again when its visit failed for the first time.
    private static var retryPart: Double { 0.25 }
    /// Part of its interval by which class II, and twice of it class III, counts as less late than class I.
    private static var allowance: Double { 0.25 }

    /// The limits.
    public let settings: PatrolSettings
    /// Visits under way.
    public var active: Int { running.count }
    /// Mean length of a visit, seconds.
    public private(set) var visitSeconds: Double

    private var keys = SlotTable<Key>()
    private var cameras: [Camera] = []
    /// Per class, who waits, by the time from which its interval counts.
    private var waiting = [SlotHeap](repeating: SlotHeap(), count: ClassShares.count)
    /// Visits under way, by the time at which they must be over.
    private var running = SlotHeap()
    /// Seconds by which the owner was late so far: visits end by time less that.
    private var lateness = 0.0
    private var sizes = SIMD3<Double>(repeating: 0)

    /// Makes a plan without cameras.
    public init(settings: PatrolSettings) {
        self.settings = settings
        self.visitSeconds = settings.expectedVisit
    }

    /// Cameras in the plan.
    public var count: Int { keys.count }

    /// Takes a camera in, due at once; one that is known is only moved to the class that is given.
    ///
    /// - Parameters:
    ///   - key: The camera.
    ///   - pointClass: Class I, II or III as 1…3.
    ///   - lastSeen: When it was seen last, if it was.
    ///   - now: Monotonic seconds.
    public mutating func add(_ key: Key, pointClass: Int, lastSeen: Double? = nil, now: Double) {
        let index = ClassShares.index(of: pointClass)
        let (slot, isNew) = keys.insert(key)
        if isNew {
            var camera = Camera(addedAt: now, classIndex: UInt8(index))
            camera.seenAt = lastSeen ?? -.infinity
            if slot < cameras.count { cameras[slot] = camera } else { cameras.append(camera) }
            sizes[index] += 1
            waiting[index].set(slot, rank: lastSeen ?? now - settings.intervals[index])
            return
        }
        let old = Int(cameras[slot].classIndex)
        guard old != index else { return }
        cameras[slot].classIndex = UInt8(index)
        sizes[old] -= 1
        sizes[index] += 1
        guard let from = waiting[old].rank(of: slot) else { return }
        waiting[old].remove(slot)
        waiting[index].set(slot, rank: from)
    }

    /// Forgets a camera; a visit of it no longer counts.
    public mutating func remove(_ key: Key) {
        guard let slot = keys.remove(key) else { return }
        let index = Int(cameras[slot].classIndex)
        sizes[index] -= 1
        waiting[index].remove(slot)
        running.remove(slot)
    }

    /// The visits to begin now, most urgent first; as many as there are free sessions and cameras whose time has come.
    public mutating func next(now: Double) -> [Visit] {
        var visits: [Visit] = []
        let stretch = stretch
        while running.count < settings.sessions, let slot = mostUrgent(stretch, now: now), let key = keys.key(at: slot)
        {
            waiting[Int(cameras[slot].classIndex)].remove(slot)
            cameras[slot].visitSince = now
            running.set(slot, rank: now - lateness + settings.timeout)
            visits.append(Visit(key: key, endBy: now + settings.timeout))
        }
        return visits
    }

    /// When `next` will have a visit if a session is free; nil when there is no camera.
    public var nextStart: Double? {
        let stretch = stretch
        return (0..<ClassShares.count).compactMap { index in
            waiting[index].first.map { startAt($0.rank, index, stretch) }
        }.min()
    }

    /// A visit that should be over: close it, tell `visited`, and ask again.
    public func overdue(now: Double) -> Key? {
        guard let (slot, endBy) = running.first, endBy <= now - lateness else { return nil }
        return keys.key(at: slot)
    }

    /// Gives the visits that are under way so many seconds more, because the owner was late to look.
    public mutating func excuse(_ seconds: Double) {
        lateness += max(0, seconds)
    }

    /// Takes the end of a visit.
    ///
    /// - Parameters:
    ///   - key: The camera; ignored when no visit of it is under way.
    ///   - at: When it ended, monotonic seconds.
    ///   - ok: Whether a picture was taken. If not, the first failure is followed by a try after a quarter of the
    ///     interval, further ones by the whole interval.
    public mutating func visited(_ key: Key, at: Double, ok: Bool) {
        guard let slot = keys.slot(of: key), let since = cameras[slot].visitSince else { return }
        running.remove(slot)
        cameras[slot].visitSince = nil
        let length = min(max(0, at - since), settings.timeout)
        visitSeconds = max(0.01, visitSeconds + Self.visitWeight * (length - visitSeconds))
        let index = Int(cameras[slot].classIndex)
        var from = at
        if ok {
            cameras[slot].seenAt = at
            cameras[slot].failures = 0
        } else {
            if cameras[slot].failures == 0 { from -= settings.intervals[index] * (1 - Self.retryPart) }
            cameras[slot].failures = min(cameras[slot].failures, .max - 1) + 1
        }
        waiting[index].set(slot, rank: from)
    }

    /// How well the intervals are kept: all classes together, then I, II and III; one pass over the cameras.
    public func coverage(now: Double) -> (all: PatrolCoverage, classes: [PatrolCoverage]) {
        var classes = [PatrolCoverage](repeating: PatrolCoverage(), count: ClassShares.count)
        let stretch = stretch
        for slot in cameras.indices where keys.key(at: slot) != nil {
            let camera = cameras[slot]
            let index = Int(camera.classIndex)
            classes[index].cameras += 1
            let wasSeen = camera.seenAt.isFinite
            if !wasSeen { classes[index].neverSeen += 1 }
            let late = now - (wasSeen ? camera.seenAt : camera.addedAt) - settings.intervals[index]
            if wasSeen, late <= 0 { classes[index].seenInTime += 1 }
            classes[index].meanLateness += max(0, late)
        }
        var all = PatrolCoverage()
        for index in classes.indices {
            all.cameras += classes[index].cameras
            all.seenInTime += classes[index].seenInTime
            all.neverSeen += classes[index].neverSeen
            all.meanLateness += classes[index].meanLateness / Double(max(1, count))
            classes[index].meanLateness /= Double(max(1, classes[index].cameras))
            classes[index].stretch = stretch[index]
            if classes[index].cameras > 0 { all.stretch = max(all.stretch, stretch[index]) }
        }
        return (all, classes)
    }

    private var stretch: SIMD3<Double> {
        ClassShares.stretch(
            demand: sizes / settings.intervals,
            capacity: Self.usable * Double(settings.sessions) / visitSeconds,
            limits: settings.stretchLimits
        )
    }

    /// The waiting camera that goes next, of those whose time has come.
    private func mostUrgent(_ stretch: SIMD3<Double>, now: Double) -> Int? {
        var best: (slot: Int, deadline: Double)?
        for index in 0..<ClassShares.count {
            guard let (slot, from) = waiting[index].first, startAt(from, index, stretch) <= now else { continue }
            let allowed = 1 + Self.allowance * Double(index)
            let deadline = from + settings.intervals[index] * stretch[index] * allowed
            if let best, best.deadline <= deadline { continue }
            best = (slot, deadline)
        }
        return best?.slot
    }

    /// When a visit should begin to end in time: a little early, by two lengths or the twentieth part of the interval.
    private func startAt(_ from: Double, _ index: Int, _ stretch: SIMD3<Double>) -> Double {
        let interval = settings.intervals[index] * stretch[index]
        return from + interval - min(max(2 * visitSeconds, interval / 20), interval / 2)
    }
}

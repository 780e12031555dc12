/// The samples that wait for a worker thread's decoder: at most one per camera, the most urgent first.
///
/// A pure value, owned by one thread or kept behind a lock; monotonic seconds in. The newest sample of a camera replaces
/// the one that waits. Order is by deadline (earliest first): `due + interval · (share + stretch − 1)`, where the stretch
/// of a class is 1 while the decoder keeps up. When more is offered than it can do, class III is stretched first, then
/// II, as far as `Settings.stretchLimits`, so that I loses nothing and III is still looked at every few intervals.
///
/// Beyond its bounds in bytes or samples it sheds class III before II before I, the least urgent first; what is late
/// already is spared before what is not. A sample that was shed or replaced leaves its deadline to the camera's next one,
/// so that nobody starves (unless class I alone fills the bounds for ever). O(log n) per call; about 150 bytes per camera
/// besides the payloads.
public struct DecodeQueue<Key: Hashable & Sendable, Payload: Sendable>: Sendable {
    /// A sample taken from the queue.
    public struct Sample: Sendable {
        /// The camera.
        public var key: Key
        /// What was offered.
        public var payload: Payload
        /// Class 1…3.
        public var pointClass: Int
        /// When it should have been decoded at the latest.
        public var deadline: Double
    }

    private struct Camera {
        var payload: Payload?
        /// Deadline before any stretch; kept while a lost sample has not been made up for.
        var rank = Double.infinity
        var bytes = 0
        var interval: Float = 0
        var classIndex: UInt8 = 0
    }

    /// The bounds and shares.
    public let settings: DecodeQueueSettings
    /// What went through, by class.
    public private(set) var counts = DecodeCounts()
    /// Bytes of the payloads that wait.
    public private(set) var bytes = 0
    /// Samples that wait.
    public private(set) var count = 0

    private var keys = SlotTable<Key>()
    private var cameras: [Camera] = []
    /// Per class, the waiting cameras by rank, and by falling rank.
    private var urgent = [SlotHeap](repeating: SlotHeap(), count: ClassShares.count)
    private var patient = [SlotHeap](repeating: SlotHeap(), count: ClassShares.count)
    private var load = DecodeLoad()

    /// Makes an empty queue.
    public init(settings: DecodeQueueSettings = .init()) {
        self.settings = settings
    }

    /// How far the intervals of class I, II and III are stretched now; 1 each while the decoder keeps up.
    public var stretch: [Double] {
        (0..<ClassShares.count).map { load.stretch[$0] }
    }

    /// Takes a camera's newest sample.
    ///
    /// - Parameters:
    ///   - payload: What to decode.
    ///   - key: The camera.
    ///   - pointClass: Class I, II or III as 1…3.
    ///   - due: When the sample came or was wanted, monotonic seconds.
    ///   - interval: Seconds between the camera's samples.
    ///   - size: Bytes of the payload.
    ///   - now: Monotonic seconds.
    /// - Returns: Whether it waits now; false when it was shed at once. Others may have been shed for it.
    public mutating func offer(
        _ payload: Payload,
        from key: Key,
        pointClass: Int,
        due: Double,
        interval: Double,
        bytes size: Int,
        now: Double
    ) -> Bool {
        let index = ClassShares.index(of: pointClass)
        counts.offered[index] += 1
        load.offered(classIndex: index, now: now, limits: settings.stretchLimits)
        guard size <= settings.bytes else {
            counts.tooLarge[index] += 1
            return false
        }
        let (slot, isNew) = keys.insert(key)
        if isNew {
            if slot < cameras.count { cameras[slot] = Camera() } else { cameras.append(Camera()) }
        }
        if cameras[slot].payload != nil {
            counts.replaced[Int(cameras[slot].classIndex)] += 1
            drop(slot)
        }
        let period = min(max(interval, 0), DecodeQueueSettings.longestInterval)
        cameras[slot].rank = min(cameras[slot].rank, due + period * settings.share)
        cameras[slot].payload = payload
        cameras[slot].bytes = max(0, size)
        cameras[slot].interval = Float(period)
        cameras[slot].classIndex = UInt8(index)
        urgent[index].set(slot, rank: cameras[slot].rank)
        patient[index].set(slot, rank: -cameras[slot].rank)
        bytes += cameras[slot].bytes
        count += 1
        while bytes > settings.bytes || count > settings.samples, let victim = victim(now: now) {
            counts.shed[Int(cameras[victim].classIndex)] += 1
            drop(victim)
        }
        return cameras[slot].payload != nil
    }

    /// The most urgent sample; nil when none waits.
    public mutating func take(now: Double) -> Sample? {
        var best: (slot: Int, deadline: Double)?
        for index in 0..<ClassShares.count {
            guard let slot = urgent[index].first?.slot else { continue }
            let deadline = deadline(slot)
            if let best, best.deadline <= deadline { continue }
            best = (slot, deadline)
        }
        guard let (slot, deadline) = best, let key = keys.key(at: slot), let payload = cameras[slot].payload else {
            return nil
        }
        let index = Int(cameras[slot].classIndex)
        drop(slot)
        cameras[slot].rank = .infinity
        counts.taken[index] += 1
        if deadline < now { counts.late[index] += 1 }
        load.taken(now: now, othersWait: count > 0)
        return Sample(key: key, payload: payload, pointClass: index + 1, deadline: deadline)
    }

    /// Forgets a camera and its sample.
    public mutating func remove(_ key: Key) {
        guard let slot = keys.remove(key) else { return }
        drop(slot)
        cameras[slot] = Camera()
    }

    private func deadline(_ slot: Int) -> Double {
        let camera = cameras[slot]
        return camera.rank + (load.stretch[Int(camera.classIndex)] - 1) * Double(camera.interval)
    }

    /// Who goes when there is no room: the least urgent of class III, then II, unless it is late; then whoever there is.
    private func victim(now: Double) -> Int? {
        for index in stride(from: ClassShares.count - 1, to: 0, by: -1) {
            if let slot = patient[index].first?.slot, deadline(slot) > now { return slot }
        }
        for index in stride(from: ClassShares.count - 1, through: 0, by: -1) {
            if let slot = patient[index].first?.slot { return slot }
        }
        return nil
    }

    /// Takes a waiting sample out and leaves the deadline with the camera.
    private mutating func drop(_ slot: Int) {
        guard cameras[slot].payload != nil else { return }
        let index = Int(cameras[slot].classIndex)
        urgent[index].remove(slot)
        patient[index].remove(slot)
        bytes -= cameras[slot].bytes
        count -= 1
        cameras[slot].payload = nil
    }
}

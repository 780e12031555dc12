/// What kind of camera fault it is.
public enum CameraFaultKind: String, Sendable, Hashable, CaseIterable {
    /// Cannot be reached, or broke off.
    case offline
    /// Connected, but sends no video.
    case stalled
    /// Repeats the same picture.
    case frozen
    /// Sends, but none of its pictures can be looked at.
    case blind
    /// Needs a person: password, address, kind of video.
    case refused
    /// Kept away from the workers because its stream made them crash.
    case quarantined
    /// Comes and goes.
    case unsteady

    /// The kind that a state means; nil for a state in service or one that says nothing yet.
    init?(_ state: StreamState) {
        switch state {
        case .offline: self = .offline
        case .stalled: self = .stalled
        case .frozen: self = .frozen
        case .blind: self = .blind
        case .refused: self = .refused
        case .quarantined: self = .quarantined
        case .online, .patrol, .connecting: return nil
        }
    }
}

/// The times of a `FaultDetector`, in seconds.
public struct FaultDetectorSettings: Sendable, Hashable {
    /// How long a camera must be out of service for a fault.
    public var beginsAfter: Double
    /// How long it must be in service again for the end of the fault, or of what might become one.
    public var endsAfter: Double
    /// Shortest time between the begins of two faults of one camera.
    public var apart: Double

    /// Makes the times.
    public init(beginsAfter: Double = 600, endsAfter: Double = 120, apart: Double = 1800) {
        self.beginsAfter = max(0, beginsAfter)
        self.endsAfter = max(0, endsAfter)
        self.apart = max(0, apart)
    }
}

/// Makes camera faults, which people see and repair, out of stream states, which change all the time.
///
/// A pure value on monotonic seconds. A camera that comes back for less than `endsAfter` was never back: so one that
/// comes and goes for hours is one fault (of kind `unsteady`). While an incident explains why a camera is out, no fault
/// begins; its time counts from the end of the incident. O(log n) per change; about 160 bytes per camera.
public struct FaultDetector<Key: Hashable & Sendable>: Sendable {
    /// A change of the faults.
    public enum Action: Sendable, Hashable {
        /// The camera is out of service since that time.
        case faultBegan(Key, since: Double, kind: CameraFaultKind)
        /// The camera is in service again since that time, or no longer watched.
        case faultEnded(Key, at: Double)
    }

    private struct Camera {
        /// When it went out first.
        var since = 0.0
        /// From when the time out of service counts.
        var countsFrom = 0.0
        var upSince = 0.0
        var lastBegan = -Double.infinity
        var returns: UInt16 = 0
        var kind = CameraFaultKind.offline
        var isOut = false
        /// Out, or not back for long enough.
        var isDisturbed = false
        var hasFault = false
    }

    /// Returns that make a camera unsteady.
    private static var returnsOfUnsteady: UInt16 { 3 }
    /// How often an explained camera is looked at again, seconds.
    private static var patience: Double { 30 }

    /// The times.
    public let settings: FaultDetectorSettings
    /// Faults that are open.
    public private(set) var openFaults = 0

    private var keys = SlotTable<Key>()
    private var cameras: [Camera] = []
    private var looks = SlotHeap()

    /// Makes a watch without cameras; they come with their first change.
    public init(settings: FaultDetectorSettings = .init()) {
        self.settings = settings
    }

    /// When `advance` may have something to do; nil while all is well.
    public var nextLook: Double? { looks.first?.rank }

    /// Takes a camera's state; `connecting` says nothing and changes nothing.
    public mutating func changed(_ key: Key, to state: StreamState, now: Double) {
        guard state != .connecting else { return }
        let slot = slot(of: key)
        if let kind = CameraFaultKind(state) {
            cameras[slot].kind = kind
            guard !cameras[slot].isOut else { return }
            cameras[slot].isOut = true
            if !cameras[slot].isDisturbed {
                cameras[slot].isDisturbed = true
                cameras[slot].since = now
                cameras[slot].countsFrom = now
                cameras[slot].returns = 0
            }
            if cameras[slot].hasFault { looks.remove(slot) } else { looks.set(slot, rank: beginsAt(slot)) }
        } else {
            guard cameras[slot].isOut else { return }
            cameras[slot].isOut = false
            cameras[slot].upSince = now
            cameras[slot].returns = min(cameras[slot].returns, .max - 1) + 1
            looks.set(slot, rank: now + settings.endsAfter)
        }
    }

    /// Takes over a fault that was open when the process ended, so that it does not begin twice.
    public mutating func restore(_ key: Key, since: Double, kind: CameraFaultKind, now: Double) {
        changed(key, to: .offline, now: now)
        let slot = slot(of: key)
        cameras[slot].since = since
        cameras[slot].kind = kind
        cameras[slot].lastBegan = now
        looks.remove(slot)
        if !cameras[slot].hasFault { openFaults += 1 }
        cameras[slot].hasFault = true
    }

    /// Says what began and ended; call it about once a second.
    ///
    /// - Parameters:
    ///   - now: Monotonic seconds.
    ///   - explainedUntil: Until when an incident explains the camera's absence: infinite while it is open, its end when
    ///     it is over, nil when there was none (`OutageJudge.explainedUntil`).
    /// - Returns: The changes, in the order in which they became due.
    public mutating func advance(now: Double, explainedUntil: (Key) -> Double? = { _ in nil }) -> [Action] {
        var actions: [Action] = []
        while let (slot, at) = looks.first, at <= now {
            looks.remove(slot)
            guard let key = keys.key(at: slot) else { continue }
            if !cameras[slot].isOut {
                cameras[slot].isDisturbed = false
                guard cameras[slot].hasFault else { continue }
                cameras[slot].hasFault = false
                openFaults -= 1
                actions.append(.faultEnded(key, at: cameras[slot].upSince))
                continue
            }
            if let until = explainedUntil(key) {
                if until > now {
                    looks.set(slot, rank: now + Self.patience)
                    continue
                }
                cameras[slot].countsFrom = max(cameras[slot].countsFrom, until)
                if beginsAt(slot) > now {
                    looks.set(slot, rank: beginsAt(slot))
                    continue
                }
            }
            cameras[slot].hasFault = true
            cameras[slot].lastBegan = now
            openFaults += 1
            let isUnsteady = cameras[slot].returns >= Self.returnsOfUnsteady
            let kind = isUnsteady ? .unsteady : cameras[slot].kind
            actions.append(.faultBegan(key, since: cameras[slot].since, kind: kind))
        }
        return actions
    }

    /// Forgets a camera; an open fault of it ends.
    public mutating func remove(_ key: Key, now: Double) -> Action? {
        guard let slot = keys.remove(key) else { return nil }
        looks.remove(slot)
        let hadFault = cameras[slot].hasFault
        cameras[slot] = Camera()
        guard hadFault else { return nil }
        openFaults -= 1
        return .faultEnded(key, at: now)
    }

    private func beginsAt(_ slot: Int) -> Double {
        max(cameras[slot].countsFrom + settings.beginsAfter, cameras[slot].lastBegan + settings.apart)
    }

    private mutating func slot(of key: Key) -> Int {
        let (slot, isNew) = keys.insert(key)
        if isNew {
            if slot < cameras.count { cameras[slot] = Camera() } else { cameras.append(Camera()) }
        }
        return slot
    }
}

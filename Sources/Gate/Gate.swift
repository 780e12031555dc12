public import Flow

/// Why the gate lets a unit through, for the operator and the counters.
public enum GateReason: String, Sendable, Hashable, CaseIterable {
    /// The sampling asks for every unit of this kind.
    case sampling
    /// Nothing was decoded for as long as the camera's class allows.
    case floor
    /// The stream has just begun, and its sizes are being learnt.
    case calibration
    /// The sizes say that something happens.
    case activity
    /// The last picture showed something.
    case followUp = "follow-up"
    /// The gate has turned itself off for this camera: what happens there does not show in the sizes.
    case fallback
}

/// What pictures that the gate let through have shown.
public struct GateOutcome: Sendable, Hashable {
    /// True when something in a picture does not belong to the empty scene.
    public var showedMotion: Bool
    /// True when a rule sees something, but not enough of it for an alert yet.
    public var isPending: Bool
    /// True while an alert runs.
    public var isAlerting: Bool

    /// Makes an outcome.
    public init(showedMotion: Bool, isPending: Bool = false, isAlerting: Bool = false) {
        self.showedMotion = showedMotion
        self.isPending = isPending
        self.isAlerting = isAlerting
    }
}

/// Decides which access units deserve a decode, from their types, sizes and times alone.
///
/// One per camera, on the camera's worker. With the sampling `gated` it decodes a keyframe when the floor is due, when
/// sizes say that something happens, and after a picture that showed something. What decoded pictures showed is told
/// back to it (`learned`), and it adapts: a fire that showed nothing makes it less sensitive and, when they repeat, wait
/// longer; quiet without a fire makes it more sensitive; a beginning that it did not see does so at once, and when it
/// does not see most of them it turns itself off for a while (`isOff`). The floor always holds. Deterministic.
public struct Gate: Sendable {
    /// What to do with a unit.
    public enum Verdict: Sendable, Hashable {
        /// Leave it.
        case skip
        /// Decode it; look at the picture, where the sampling wants that one (`Sampling.wants`).
        case decode(GateReason)
        /// Something happens, and the next keyframe is too far: decode the group so far, this unit included.
        case burst
    }

    /// A burst in the middle of a group needs so much more activity than a keyframe.
    private static let burstThreshold = 1.5
    /// Adaptation of the own thresholds: after a fire for nothing, after a miss, with each quiet keyframe.
    ///
    /// The first and the last meet where one quiet keyframe in 35 is decoded for nothing, whatever the camera.
    private static let step = (uselessFire: Float(1.15), miss: Float(0.7), quiet: Float(0.996))
    /// Share that one beginning has in the moving share of misses.
    private static let missStep: Float = 0.2
    /// Fires for nothing in a row before the gate waits a group, and the number up to which the wait doubles.
    private static let patience = (before: UInt8(2), most: UInt8(6))
    /// What is so many times the threshold is looked at without waiting.
    private static let clear = 2.0
    /// While pictures show motion, every so many groups is still taken for quiet, so that the reference never ages.
    private static let adoptedOfMoving: UInt8 = 4

    /// How much of the stream is looked at; a change counts from the next unit on, and forgets nothing.
    public var sampling: Sampling
    private let settings: GateSettings
    private var profile = SizeProfile()
    private var lastDecoded: MediaTime?
    private var decodedBefore: MediaTime?
    private var lastBurst: MediaTime?
    private var offSince: MediaTime?
    private var waitsForKeyframe = true
    private var showsMotion = false
    private var isPending = false
    private var hasFired = false
    private var isUnproven = false
    private var keyframes: UInt8 = 0
    private var movingGroups: UInt8 = 0
    private var uselessFires: UInt8 = 0
    private var followUp: Float = 0
    private var followUps: UInt8 = 0
    private var gain: Float = 1
    private var misses: Float = 0

    /// Makes the gate of one camera.
    public init(sampling: Sampling, settings: GateSettings = GateSettings()) {
        self.sampling = sampling
        self.settings = settings
    }

    /// True while the gate has turned itself off, see `GateReason.fallback`.
    public var isOff: Bool { offSince != nil }

    /// Factor on the thresholds that this camera has led to: above 1 less sensitive, below 1 more.
    public var thresholdFactor: Double { Double(gain) }

    /// Activity of the last complete group of pictures, in usual deviations; for diagnosis.
    public var activity: Double { showsMotion ? profile.change : profile.activity }

    /// Judges the next unit of the camera.
    public mutating func admit(_ unit: UnitHeader) -> Verdict {
        if unit.isDamaged { interrupted() }
        guard !unit.isDamaged, unit.isKeyframe || !waitsForKeyframe else { return .skip }
        waitsForKeyframe = false
        switch sampling {
        case .everyFrame, .frames:
            return .decode(.sampling)
        case .keyframes(let every):
            return unit.isKeyframe && isDue(unit.time, every: every) ? decoding(unit, .sampling) : .skip
        case .gated(let floor):
            return unit.isKeyframe ? judgeKeyframe(unit, floor: floor) : judgePicture(unit)
        }
    }

    /// Forgets the stream's continuity after a loss: nothing is decoded until the next keyframe.
    public mutating func interrupted() {
        waitsForKeyframe = true
        isUnproven = false
        profile.interrupt()
    }

    /// Forgets the last decode: it did not come about, so the next keyframe is due.
    public mutating func lost() {
        lastDecoded = nil
    }

    /// Takes the last verdict back: the owner is too busy for what the floor did not ask for, which stays due as it was.
    public mutating func declined() {
        lastDecoded = decodedBefore
        hasFired = false
    }

    /// Whether the group before the keyframe that was just let through may turn out to deserve a burst, so that it is
    /// worth keeping until then.
    public func mayBurst(at time: MediaTime) -> Bool {
        guard case .gated = sampling, !isCalibrating, hasRested(at: time) else { return false }
        return isPending || hasFired && !showsMotion
    }

    /// Says whether the group of pictures before the keyframe that has just been decoded deserves a decode too.
    ///
    /// It does when a rule sees something that is not enough for an alert yet, and when sizes said that something began
    /// and no alert accounts for it; where the keyframe shows nothing at all, only when they said so clearly. Not more
    /// often than the settings allow. Ask before `learned`.
    ///
    /// - Parameters:
    ///   - outcome: What the keyframe shows.
    ///   - time: Its time.
    /// - Returns: True when it does; this counts as a burst.
    public mutating func deservesBurst(after outcome: GateOutcome, at time: MediaTime) -> Bool {
        guard case .gated = sampling, !isCalibrating, hasRested(at: time) else { return false }
        let begins = hasFired && !showsMotion && !outcome.isAlerting
        let isLikely = outcome.showedMotion || activity >= threshold * Self.clear
        guard outcome.isPending || begins && isLikely else { return false }
        lastBurst = time
        return true
    }

    /// Takes what the pictures showed that were decoded on the last verdict, burst included.
    public mutating func learned(_ outcome: GateOutcome) {
        guard case .gated = sampling else { return }
        let fired = hasFired
        hasFired = false
        if isCalibrating {
            followUp = 0
        } else if outcome.showedMotion {
            if !showsMotion { learnBeginning(wasSeen: fired) }
            followUps = showsMotion ? UInt8(min(255, Int(followUps) + 1)) : 0
            followUp = interval(outcome)
            uselessFires = 0
        } else {
            learnQuiet(fired: fired)
            followUp = 0
        }
        showsMotion = outcome.showedMotion
        isPending = outcome.isPending
    }
}

extension Gate {
    private var isCalibrating: Bool { Float(keyframes) <= settings.calibrationKeyframes }

    /// False for groups that are known to show motion, except for every few.
    private var adopts: Bool { !showsMotion || movingGroups % Self.adoptedOfMoving == 0 }

    private mutating func judgePicture(_ unit: UnitHeader) -> Verdict {
        guard profile.addPicture(size: unit.size, at: unit.time.seconds, adopts: adopts),
            profile.groupSeconds >= settings.longGroup,
            profile.secondsLeft(at: unit.time.seconds) > Double(settings.longGroup) / 2,
            hasRested(at: unit.time)
        else { return .skip }
        let activity = showsMotion ? profile.changeSoFar : profile.activitySoFar
        guard activity >= threshold * Self.burstThreshold else { return .skip }
        lastBurst = unit.time
        hasFired = true
        return .burst
    }

    private mutating func judgeKeyframe(_ unit: UnitHeader, floor: Double) -> Verdict {
        profile.addKeyframe(size: unit.size, at: unit.time.seconds, adopts: adopts)
        keyframes = UInt8(min(255, Int(keyframes) + 1))
        if showsMotion { movingGroups &+= 1 }
        proveBeginning(at: unit.time)
        let fires = activity >= threshold
        if fires { hasFired = true }
        if !fires, !showsMotion, !isCalibrating { gain = max(settings.leastGain, gain * Self.step.quiet) }
        if let offSince, secondsTo(unit.time, from: offSince) >= Double(settings.fallbackPeriod) {
            self.offSince = nil
            misses = 0
        }
        let since = secondsTo(unit.time, from: lastDecoded)
        guard let reason = reason(since: since, floor: floor, fires: fires) else { return .skip }
        return decoding(unit, reason)
    }

    private func reason(since: Double, floor: Double, fires: Bool) -> GateReason? {
        let share = 1 - Sampling.slack
        if since >= floor * share { return .floor }
        if isCalibrating { return .calibration }
        if showsMotion, since >= Double(followUp) * share { return .followUp }
        if isOff, since >= Double(settings.fallbackSeconds) * share { return .fallback }
        guard fires else { return nil }
        return since >= min(wait, floor) * share || activity >= threshold * Self.clear ? .activity : nil
    }

    /// Seconds that must have passed since the last decode for sizes alone to bring one, unless they are very clear.
    private var wait: Double {
        guard uselessFires >= Self.patience.before else { return 0 }
        return Double(profile.groupSeconds) * Double(1 << Int(uselessFires - Self.patience.before))
    }

    private var threshold: Double {
        Double((showsMotion ? settings.busyThreshold : settings.threshold) * gain)
    }

    private func hasRested(at time: MediaTime) -> Bool {
        secondsTo(time, from: lastBurst) >= Double(settings.burstGap)
    }

    private func interval(_ outcome: GateOutcome) -> Float {
        if followUps == 0 || outcome.isPending { return 0 }
        if outcome.isAlerting { return settings.alertSeconds }
        return Float(followUps) < settings.followUpKeyframes ? 0 : settings.followUpSeconds
    }

    private mutating func learnBeginning(wasSeen: Bool) {
        if wasSeen { misses -= misses * Self.missStep }
        isUnproven = !wasSeen
        movingGroups = 1
        profile.disownLastGroup()
    }

    /// A beginning that the floor found and no fire: it may have begun just then, so the group that follows decides
    /// whether sizes tell of it.
    private mutating func proveBeginning(at time: MediaTime) {
        guard isUnproven else { return }
        isUnproven = false
        let isSeen = profile.activity >= Double(settings.threshold * gain)
        misses += ((isSeen ? 0 : 1) - misses) * Self.missStep
        if !isSeen { gain = max(settings.leastGain, gain * Self.step.miss) }
        if misses > settings.missShare, offSince == nil { offSince = time }
    }

    private mutating func learnQuiet(fired: Bool) {
        if fired, !showsMotion {
            uselessFires = min(Self.patience.most, uselessFires + 1)
            gain = min(settings.mostGain, gain * Self.step.uselessFire)
        } else if !fired {
            uselessFires -= min(1, uselessFires)
        }
    }

    private mutating func decoding(_ unit: UnitHeader, _ reason: GateReason) -> Verdict {
        decodedBefore = lastDecoded
        lastDecoded = unit.time
        return .decode(reason)
    }

    private func isDue(_ time: MediaTime, every seconds: Double) -> Bool {
        secondsTo(time, from: lastDecoded) >= seconds * (1 - Sampling.slack)
    }

    /// Seconds since an instant; endless when there was none, or when the stream's time has gone back.
    private func secondsTo(_ time: MediaTime, from earlier: MediaTime?) -> Double {
        guard let earlier, time >= earlier else { return .infinity }
        return time.seconds(since: earlier)
    }
}

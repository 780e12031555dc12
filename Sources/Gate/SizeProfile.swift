/// The usual sizes of a camera's access units, and how far the newest ones are off.
///
/// What bytes say differs with the encoder, so several cues are kept, all as logarithms, all against the camera itself:
///
/// - The mean size of the pictures between keyframes, over half-second windows. A window is compared with windows at
///   the same place behind the keyframe, because rate control makes sizes rise and fall within each group; a window
///   holds several pictures, so that patterns of P and B pictures and a changing frame rate average out.
/// - The size of the keyframe, up and down: with a constant bit rate, activity costs the next keyframe its bytes.
///
/// Each cue has two references: the quiet one holds the last eight groups in which no motion is known, the recent one
/// the last four whatever they showed. Both are medians with median deviations, so that a few active groups do not
/// move them. Plain arithmetic only: the same sizes give the same scores on every machine.
struct SizeProfile: Sendable {
    /// Windows behind a keyframe that are told apart; later ones are all compared with each other.
    private static let places = 4
    /// Of the later windows, every so many is kept as a reference, so that a reference spans seconds in long groups too.
    private static let laterStride: UInt16 = 4
    /// Length of a window, seconds; a little less will do, so that rates that do not divide it lose no picture.
    private static let window = 0.455
    /// Deviation of windows and keyframes that says nothing, in powers of two.
    private static let windowFloor = 0.06
    private static let keyframeFloor = 0.012
    /// Recent references are few and hold motion, so deviations say half as much.
    private static let recentSlack = 2.0
    /// Deviation to expect before anything is known.
    private static let windowPrior = 0.5
    private static let keyframePrior = 0.3
    /// A single cue counts at most so many deviations.
    private static let most = 24.0
    /// Seconds between keyframes before two of them were seen.
    private static let firstGuess: Float = 2

    private var quietWindows: InlineArray<4, QuietReference> = .init(repeating: QuietReference())
    private var quietKeyframes = QuietReference()
    private var recentWindows: InlineArray<4, RecentReference> = .init(repeating: RecentReference())
    private var recentKeyframes = RecentReference()
    /// How much of the group that has just ended went into the quiet references: by place, then keyframes.
    private var adopted: InlineArray<5, UInt8> = .init(repeating: 0)
    private var adopting: InlineArray<5, UInt8> = .init(repeating: 0)
    private var quietTally = Tally()
    private var recentTally = Tally()
    private var windowStart = 0.0
    private var windowBytes: UInt32 = 0
    private var windowUnits: UInt16 = 0
    private var windowIndex: UInt16 = 0
    private var lastKeyframe: Double?
    /// Usual seconds from keyframe to keyframe.
    private(set) var groupSeconds = firstGuess
    /// Activity of the group that the last keyframe ended, against the quiet reference.
    private(set) var activity = 0.0
    /// The same against the last few groups.
    private(set) var change = 0.0

    /// Takes a picture between keyframes; true when a window ended with it, so that `activitySoFar` has changed.
    ///
    /// `adopts` is false while its group is known to show motion: it says nothing about quiet then.
    mutating func addPicture(size: Int, at seconds: Double, adopts: Bool) -> Bool {
        guard lastKeyframe != nil else { return false }
        if windowUnits == 0 { windowStart = seconds }
        windowUnits &+= 1
        windowBytes &+= UInt32(clamping: size)
        guard windowUnits >= 2, seconds - windowStart >= Self.window else { return false }
        closeWindow(adopts: adopts)
        return true
    }

    /// Takes a keyframe, which ends the group before it: `activity` and `change` are those of that group.
    mutating func addKeyframe(size: Int, at seconds: Double, adopts: Bool) {
        if windowUnits >= 2 || windowIndex == 0, windowUnits > 0 { closeWindow(adopts: adopts) }
        let value = Self.logarithm(Double(max(64, size)))
        let quiet = quietKeyframes.deviation(of: value, floor: Self.keyframeFloor, prior: Self.keyframePrior)
        let recent = recentKeyframes.deviation(
            of: value,
            floor: Self.keyframeFloor * Self.recentSlack,
            prior: Self.keyframePrior
        )
        activity = quietTally.score(keyframe: Self.bounded(quiet))
        change = recentTally.score(keyframe: Self.bounded(recent))
        recentKeyframes.add(value)
        if adopts {
            quietKeyframes.add(value)
            adopting[Self.places] &+= 1
        }
        adopted = adopting
        if let lastKeyframe, seconds > lastKeyframe {
            groupSeconds += (Float(seconds - lastKeyframe) - groupSeconds) / 2
        }
        begin(at: seconds)
    }

    /// Activity within the group that is not complete yet.
    var activitySoFar: Double { quietTally.score(keyframe: 0) }
    /// The same against the last few groups.
    var changeSoFar: Double { recentTally.score(keyframe: 0) }

    /// Seconds until the next keyframe is to be expected; 0 when it is late.
    func secondsLeft(at seconds: Double) -> Double {
        guard let lastKeyframe else { return 0 }
        return max(0, Double(groupSeconds) - (seconds - lastKeyframe))
    }

    /// Takes the group before the last keyframe out of the quiet references: it has turned out to show motion.
    mutating func disownLastGroup() {
        for place in 0..<Self.places {
            for _ in 0..<adopted[place] { quietWindows[place].removeLast() }
        }
        for _ in 0..<adopted[Self.places] { quietKeyframes.removeLast() }
        adopted = .init(repeating: 0)
    }

    /// Forgets the group that has begun: units of it are missing.
    mutating func interrupt() {
        lastKeyframe = nil
        begin(at: nil)
    }

    private mutating func begin(at seconds: Double?) {
        lastKeyframe = seconds
        adopting = .init(repeating: 0)
        quietTally = Tally()
        recentTally = Tally()
        windowBytes = 0
        windowUnits = 0
        windowIndex = 0
    }

    private mutating func closeWindow(adopts: Bool) {
        let value = Self.logarithm(max(16, Double(windowBytes) / Double(windowUnits)))
        let place = min(Int(windowIndex), Self.places - 1)
        quietTally.add(
            Self.bounded(
                quietWindows[place].deviation(of: value, floor: Self.windowFloor, prior: Self.windowPrior)
            )
        )
        recentTally.add(
            Self.bounded(
                recentWindows[place].deviation(
                    of: value,
                    floor: Self.windowFloor * Self.recentSlack,
                    prior: Self.windowPrior
                )
            )
        )
        if windowIndex < Self.places || windowIndex % Self.laterStride == Self.laterStride - 1 {
            recentWindows[place].add(value)
            if adopts {
                quietWindows[place].add(value)
                adopting[place] = UInt8(min(255, Int(adopting[place]) + 1))
            }
        }
        windowIndex &+= 1
        windowUnits = 0
        windowBytes = 0
    }

    private static func bounded(_ value: Double) -> Double {
        max(-most, min(most, value))
    }

    /// Base-2 logarithm of a number of at least 1, good to 1 %, the same on every machine.
    static func logarithm(_ value: Double) -> Float {
        let fraction = value.significand - 1
        return Float(Double(value.exponent) + fraction + 0.3466 * fraction * (1 - fraction))
    }
}

/// The deviations of one group's windows, folded.
private struct Tally: Sendable {
    /// A fall of sizes says half as much as a rise.
    private static let fall: Float = 0.5

    private var greatest: Float = 0
    private var sum: Float = 0
    private var count: UInt16 = 0

    mutating func add(_ deviation: Double) {
        greatest = max(greatest, Self.weight(Float(deviation)))
        sum += Float(deviation)
        count &+= 1
    }

    /// One window that stands out, or all of them a little; and the keyframe, up or down.
    func score(keyframe: Double) -> Double {
        guard count > 0 else { return abs(keyframe) }
        let mean = Self.weight(sum / Float(count)) * Float(min(4, count)).squareRoot()
        let windows = Double(max(greatest, mean))
        return (windows * windows + keyframe * keyframe).squareRoot()
    }

    private static func weight(_ deviation: Float) -> Float {
        deviation > 0 ? deviation : -deviation * fall
    }
}

import CVision
import Flow

/// Tells when the camera is covered, sprayed, blinded, turned or out of focus.
///
/// It compares where the picture has texture, in coarse blocks, with where it usually has: covering, spraying and
/// blurring take it away, turning moves it. Texture is measured against brightness, so that dusk changes nothing.
struct TamperEvaluator: RuleEvaluator {
    /// Into how many blocks the picture is cut, across and down.
    private static let grid = (columns: 16, rows: 9)
    /// Mean gradient of a block that has texture.
    private static let leastTexture = 4.0
    /// Share of the blocks that must have texture to judge by it.
    private static let leastTextured = 0.1
    /// A block has lost its texture when less than this share is left.
    private static let lost = 0.4
    /// Share of the textured blocks that must have lost it.
    private static let lostShare = 0.6
    /// Correlation of the texture with its usual place, below which it is another view.
    private static let otherView = 0.35
    /// Seconds that it must last when the rule does not say.
    private static let usualDwell = 1.0
    /// A frame counts so many times its duration at most, however strong.
    private static let greatestWeight = 2.0
    /// Above this strength nothing is learnt.
    private static let learnsBelow = 0.7
    /// Seconds in which the usual texture is learnt.
    private static let learnSeconds = 60.0
    /// Seconds after which another view has become the usual one.
    private static let acceptSeconds = 600.0
    /// Grey levels that keep the measure calm in the dark.
    private static let darkness = 16.0

    private let region: Region
    private var dwell: Double
    private var hold: Double
    /// Usual texture of each block; empty before the first frame.
    private var usual: [Double] = []
    /// Mean gradient that goes with it, to tell which blocks have texture at all.
    private var usualGradient: [Double] = []
    private var seconds = 0.0
    private var evidence = 0.0
    private var since: MediaTime?
    private var alert: AlertLifecycle
    private var strength = 0.0

    init(rule: Rule, settings: DetectionSettings, region: Region) {
        self.region = region
        dwell = rule.thresholds.dwell ?? Self.usualDwell
        hold = settings.hold
        alert = AlertLifecycle(rule: rule)
    }

    mutating func revise(_ rule: Rule, settings: DetectionSettings) {
        dwell = rule.thresholds.dwell ?? Self.usualDwell
        hold = settings.hold
        alert.rule = rule
    }

    var isOpen: Bool { alert.isOpen }

    var isPending: Bool { !alert.isOpen && evidence > 0 }

    var state: RuleState { RuleState(strength: strength, progress: dwell > 0 ? evidence / dwell : 0) }

    mutating func evaluate(_ frame: AnalyzedFrame) -> AlertChange? {
        strength = 0
        let (gradient, texture) = measure(frame.plane)
        if usual.isEmpty || frame.isOtherMode {
            usual = texture
            usualGradient = gradient
            seconds = 0
            return nil
        }
        strength = strength(of: texture)
        let step = min(frame.elapsed, IntrusionEvaluator.longestStep)
        if strength < Self.learnsBelow { learn(gradient, texture, frame.elapsed) }
        if alert.isOpen { return follow(strength, gradient, texture, at: frame.time) }
        guard strength >= 1 else {
            evidence = max(0, evidence - step)
            if evidence == 0 { since = nil }
            return nil
        }
        evidence += step * min(Self.greatestWeight, strength)
        let first = since ?? frame.time
        since = first
        guard evidence >= dwell else { return nil }
        return alert.start(since: first, at: frame.time, strength: strength, box: .full, reason: Self.reason)
    }

    mutating func close(at time: MediaTime) -> AlertChange? {
        evidence = 0
        since = nil
        return alert.end(at: time)
    }

    private static let reason = "most of the picture has lost its usual texture: covered, turned or out of focus"

    private mutating func follow(
        _ strength: Double,
        _ gradient: [Double],
        _ texture: [Double],
        at time: MediaTime
    ) -> AlertChange? {
        guard strength >= Self.learnsBelow else {
            guard let seen = alert.lastSeen, time.seconds(since: seen) >= hold else { return nil }
            return close(at: time)
        }
        if let since, time.seconds(since: since) >= Self.acceptSeconds {
            usual = texture
            usualGradient = gradient
            return close(at: time)
        }
        return alert.goOn(at: time, strength: strength, box: .full, reason: Self.reason)
    }

    private mutating func learn(_ gradient: [Double], _ texture: [Double], _ elapsed: Double) {
        seconds += elapsed
        let rate = min(1, elapsed / min(Self.learnSeconds, max(0.5, seconds)))
        for index in usual.indices {
            usual[index] += (texture[index] - usual[index]) * rate
            usualGradient[index] += (gradient[index] - usualGradient[index]) * rate
        }
    }

    /// 1 at the threshold of being covered or turned.
    private func strength(of texture: [Double]) -> Double {
        let textured = usual.indices.filter { usualGradient[$0] >= Self.leastTexture }
        guard Double(textured.count) >= Self.leastTextured * Double(usual.count), !textured.isEmpty else { return 0 }
        let gone = textured.count { texture[$0] < Self.lost * usual[$0] }
        let covered = Double(gone) / Double(textured.count) / Self.lostShare
        let turned = (1 - correlation(texture, usual)) / (1 - Self.otherView)
        return max(covered, turned)
    }

    private func correlation(_ a: [Double], _ b: [Double]) -> Double {
        let count = Double(a.count)
        let (meanA, meanB) = (a.reduce(0, +) / count, b.reduce(0, +) / count)
        var (ab, aa, bb) = (0.0, 0.0, 0.0)
        for index in a.indices {
            let (x, y) = (a[index] - meanA, b[index] - meanB)
            ab += x * y
            aa += x * x
            bb += y * y
        }
        return aa > 0 && bb > 0 ? ab / (aa * bb).squareRoot() : 0
    }

    /// Mean gradient of each block of the region, and the same over its brightness.
    private func measure(_ plane: LumaPlane) -> (gradient: [Double], texture: [Double]) {
        var gradients = [UInt8](repeating: 0, count: plane.pixels.count)
        cv_gradient(plane.pixels, plane.width, plane.height, nil, &gradients)
        let blocks = Self.grid.columns * Self.grid.rows
        var sums = [(gradient: Int, grey: Int, count: Int)](repeating: (0, 0, 0), count: blocks)
        for (row, runs) in zip(region.rows, region.runs) {
            let above = row * Self.grid.rows / plane.height * Self.grid.columns
            for run in runs {
                var left = run.lowerBound
                while left < run.upperBound {
                    let across = left * Self.grid.columns / plane.width
                    let next = ((across + 1) * plane.width + Self.grid.columns - 1) / Self.grid.columns
                    let part = row * plane.width + left..<row * plane.width + min(run.upperBound, next)
                    sums[above + across].gradient += Self.sum(gradients, part)
                    sums[above + across].grey += Self.sum(plane.pixels, part)
                    sums[above + across].count += part.count
                    left = min(run.upperBound, next)
                }
            }
        }
        let filled = sums.filter { $0.count > 0 }
        let gradient = filled.map { Double($0.gradient) / Double($0.count) }
        let texture = filled.map { Double($0.gradient) / (Double($0.grey) + Self.darkness * Double($0.count)) }
        return (gradient, texture)
    }

    private static func sum(_ values: [UInt8], _ part: Range<Int>) -> Int {
        values.withUnsafeBufferPointer { values in
            Int(cv_sum(values.baseAddress.map { $0 + part.lowerBound }, part.count))
        }
    }
}

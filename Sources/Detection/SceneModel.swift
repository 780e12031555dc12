import CVision
import Flow

/// What is known about the empty scene of one camera, and what the last frame showed that does not belong to it.
///
/// Each pixel has two backgrounds: what it looks like now when nothing is there, and its home, what it looked like
/// before something was adopted. A thing that was there so long that it became background leaves no trace when it goes.
struct SceneModel: Sendable {
    /// A group of foreground pixels with its verdict; its label is its index + 1.
    private struct Blob {
        let shape: cv_component
        let verdict: Verdict
    }

    let width: Int
    let height: Int
    private let settings: DetectionSettings
    private let judge: BlobJudge
    private let threshold: cv_threshold
    private var modes: ModeWatch
    private var background: [UInt8]
    private var home: [UInt8]
    private var recent: [UInt8]
    private var noise: [UInt8]
    private var age: [UInt8]
    private var labels: [UInt16]
    private var blobs: [Blob] = []
    private var ageClock = 0.0
    /// Seconds for which this scene has been learnt.
    private var seconds = 0.0
    /// Seconds that a new scene still needs before it can be judged.
    private var settling = 0.0
    private var frame: UInt32 = 0

    /// What the last frame was judged as.
    private(set) var status = SceneStatus.warmingUp
    /// For each pixel of the last frame how it learnt: a `CV_` value, 0 where nothing is.
    private(set) var kinds: [UInt8]

    /// Starts to learn a scene from its first frame.
    init(first plane: LumaPlane, settings: DetectionSettings) {
        let count = plane.pixels.count
        width = plane.width
        height = plane.height
        self.settings = settings
        judge = BlobJudge(settings: settings, pixels: count)
        threshold = cv_threshold(
            floor: UInt16(settings.contrastFloor.rounded()),
            level: UInt16((settings.contrastShare * 256).rounded()),
            noise_factor: UInt16((settings.noiseFactor * 8).rounded())
        )
        modes = ModeWatch(saturation: plane.saturation, settings: settings)
        background = plane.pixels
        home = plane.pixels
        recent = plane.pixels
        noise = Self.prior(of: plane)
        age = Array(repeating: 0, count: count)
        labels = Array(repeating: 0, count: count)
        kinds = Array(repeating: 0, count: count)
    }

    /// True for a plane of the size that was learnt.
    func fits(_ plane: LumaPlane) -> Bool {
        plane.width == width && plane.height == height
    }

    /// False while the whole picture changes: nothing can be said about things then.
    var isJudged: Bool { settling <= 0 && status != .sceneChange }

    /// Share of the last frame that things cover.
    var thingShare: Double {
        let things = blobs.reduce(0) { $0 + ($1.verdict.certainty > 0 ? Int($1.shape.area) : 0) }
        return Double(things) / Double(kinds.count)
    }

    /// Takes the next frame, `elapsed` seconds after the one before (0 for the first).
    mutating func observe(_ plane: LumaPlane, elapsed: Double) {
        frame &+= 1
        seconds += elapsed
        settling = max(0, settling - elapsed)
        let light = cv_fit_light(background, plane.pixels, background.count)
        var table = [UInt8](repeating: 0, count: 256)
        cv_light_table(light, &table)
        var expected = [UInt8](repeating: 0, count: background.count)
        cv_map(background, table, expected.count, &expected)
        let mask = foreground(of: plane, expected: expected, table: table)
        cv_age(&age, mask, plane.pixels, recent, mask.count, threshold, ageTicks(elapsed))
        blobs = findBlobs(in: mask, plane: plane, expected: expected)
        let mode = modes.judge(
            saturation: plane.saturation,
            changed: 1 - Double(light.still) / 1000,
            occupied: Double(blobs.reduce(0) { $0 + Int($1.shape.area) }) / Double(mask.count),
            elapsed: elapsed
        )
        switch mode {
        case .restart(let reason):
            restart(on: plane, reason)
        case .unclear:
            status = .sceneChange
        case .normal:
            learn(from: plane, table: table, elapsed: min(elapsed, Self.longestLesson))
            if settling <= 0 { status = steadyStatus(light) }
        }
        cv_approach(&recent, plane.pixels, recent.count, rate(Self.recentSeconds, elapsed), frame &* 7919 &+ 1)
    }

    /// What occupies a region, if anything does; `minShare` is the share of the region that is needed for strength 1.
    func sighting(in region: Region, minShare: Double) -> Sighting? {
        let inside = pixelsPerLabel(in: region)
        var total = 0.0
        var believed = 0.0
        var left = width
        var top = height
        var right = 0
        var bottom = 0
        for (index, blob) in blobs.enumerated() where blob.verdict.certainty > 0 {
            let pixels = Double(inside[index + 1])
            guard pixels >= (blob.verdict == .object ? judge.leastArea : judge.leastInside) else { continue }
            total += pixels
            believed += pixels * blob.verdict.certainty
            left = min(left, Int(blob.shape.left))
            top = min(top, Int(blob.shape.top))
            right = max(right, Int(blob.shape.right) + 1)
            bottom = max(bottom, Int(blob.shape.bottom) + 1)
        }
        guard total > 0 else { return nil }
        // Something slight is rarely seen whole; what it lacks in size it must make up in time.
        let certainty = believed / total
        let needed = certainty < Sighting.doubtful ? judge.leastArea * 0.6 : judge.leastArea
        return Sighting(
            strength: total / max(needed, minShare * Double(region.count)),
            certainty: certainty,
            share: total / Double(region.count),
            box: NormalizedRect(
                x: Double(left) / Double(width),
                y: Double(top) / Double(height),
                width: Double(right - left) / Double(width),
                height: Double(bottom - top) / Double(height)
            )
        )
    }
}

extension SceneModel {
    /// Seconds over which the recent picture is averaged, against which motion is told from standing still.
    private static let recentSeconds = 1.0
    /// Seconds in which a part of the scene under other light is learnt.
    private static let lightSeconds = 1.5
    /// Seconds in which a new scene is learnt while it settles.
    private static let settlingSeconds = 0.3
    /// A frame teaches at most so many seconds' worth: one alone, long after the one before, is no average.
    private static let longestLesson = 2.0
    /// Under a thing, noise is learnt so many times slower.
    private static let objectNoise = 10.0
    /// Where only neighbours explain a pixel, its background follows so many times slower.
    private static let excusedBackground = 4.0

    /// The noise to expect before any was seen: where the picture has texture, a little motion of leaves, water or the
    /// camera changes a pixel by as much as its neighbours differ.
    private static func prior(of plane: LumaPlane) -> [UInt8] {
        let (low, high) = range(of: plane.pixels, plane.width, plane.height)
        return plane.pixels.indices.map { UInt8(min(255, 8 + 4 * Int(high[$0] - low[$0]))) }
    }

    private static func range(of pixels: [UInt8], _ width: Int, _ height: Int) -> (low: [UInt8], high: [UInt8]) {
        var low = [UInt8](repeating: 0, count: pixels.count)
        var high = low
        cv_range3(pixels, width, height, &low, &high)
        return (low, high)
    }

    private mutating func foreground(of plane: LumaPlane, expected: [UInt8], table: [UInt8]) -> [UInt8] {
        let (low, high) = Self.range(of: expected, width, height)
        var raw = [UInt8](repeating: 0, count: expected.count)
        var clean = raw
        cv_foreground(plane.pixels, low, high, noise, raw.count, threshold, &raw)
        cv_recall_home(plane.pixels, home, table, raw.count, threshold, &raw, &background)
        cv_clean(raw, width, height, 4, 6, &clean)
        return clean
    }

    /// Whole units of age that passed.
    private mutating func ageTicks(_ elapsed: Double) -> UInt8 {
        ageClock += elapsed
        let whole = (ageClock / BlobJudge.ageUnit).rounded(.down)
        ageClock -= whole * BlobJudge.ageUnit
        return UInt8(min(255, whole))
    }

    private mutating func findBlobs(in mask: [UInt8], plane: LumaPlane, expected: [UInt8]) -> [Blob] {
        var found = [cv_component](repeating: cv_component(), count: cv_components_limit(width, height) + 1)
        let count = cv_components(mask, width, height, &labels, &found)
        guard count > 0 else { return [] }
        var now = [UInt8](repeating: 0, count: mask.count)
        var then = now
        cv_gradient(plane.pixels, width, height, &now)
        cv_gradient(expected, width, height, &then)
        cv_measure(labels, width, height, plane.pixels, expected, age, now, then, &found)
        return found[0..<count].map { Blob(shape: $0, verdict: judge.verdict(of: $0)) }
    }

    private mutating func learn(from plane: LumaPlane, table: [UInt8], elapsed: Double) {
        cv_select(labels, [UInt8(CV_EMPTY)] + blobs.map(\.verdict.kind), labels.count, &kinds)
        let follow = settling > 0 ? Self.settlingSeconds : min(settings.backgroundSeconds, max(0.5, seconds))
        let scene = rate(follow, elapsed)
        let flicker = rate(min(settings.noiseSeconds, max(1, seconds)), elapsed)
        let speck = rate(settings.noiseSeconds, elapsed)
        let object = rate(settings.noiseSeconds * Self.objectNoise, elapsed)
        var rates = cv_rates(
            background: (scene, scene, scene, rate(Self.lightSeconds, elapsed), 0),
            noise: (flicker, object, speck, object, 0),
            excused: rate(follow * Self.excusedBackground, elapsed),
            home: rate(settings.homeSeconds, elapsed)
        )
        cv_learn(&background, &home, &noise, plane.pixels, recent, kinds, table, kinds.count, &rates, frame &* 7919)
    }

    private mutating func restart(on plane: LumaPlane, _ reason: SceneStatus) {
        background = plane.pixels
        noise = Self.prior(of: plane)
        age = Array(repeating: 0, count: age.count)
        kinds = age
        blobs = []
        seconds = 0
        settling = settings.settleSeconds
        status = reason
    }

    private func steadyStatus(_ light: cv_light) -> SceneStatus {
        if seconds < settings.warmUpSeconds { return .warmingUp }
        return light.gain == 256 && light.offset == 0 ? .steady : .lightChange
    }

    private func rate(_ period: Double, _ elapsed: Double) -> UInt32 {
        UInt32(min(65_536, 65_536 * elapsed / max(period, elapsed, 0.001)))
    }

    private func pixelsPerLabel(in region: Region) -> [UInt32] {
        var inside = [UInt32](repeating: 0, count: blobs.count + 1)
        guard !blobs.isEmpty else { return inside }
        labels.withUnsafeBufferPointer { all in
            guard let first = all.baseAddress else { return }
            for (row, runs) in zip(region.rows, region.runs) {
                for run in runs {
                    cv_count_labels(first + row * width, run.lowerBound, run.upperBound, &inside)
                }
            }
        }
        return inside
    }
}

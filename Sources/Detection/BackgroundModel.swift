import CVision
import Flow

/// What is known about the empty scene of one camera, and what the last frame showed that does not belong to it.
///
/// Each pixel has two backgrounds: the current one, which it shows while nothing is there, and the original one, which
/// it showed before a still object was adopted into the current one. When that object leaves, the pixel goes back to
/// its original background at once, and no ghost is left where it stood.
struct BackgroundModel: Sendable {
    let width: Int
    let height: Int
    private var settings: DetectionSettings
    private var classifier: BlobClassifier
    private var threshold: cv_threshold
    private var modes: SceneChangeDetector
    private var background: [UInt8]
    /// The original background, kept as what differs from `background`.
    private var original = SparsePlane()
    /// False while the original background is of the scene before a change of scene.
    private var isOriginalHere = true
    private var recent: [UInt8]
    private var noise: [UInt8]
    /// For how long each foreground pixel has not changed.
    private var age = SparsePlane()
    private var ageClock = 0.0
    private var dynamicAreas: DynamicBackgroundMap
    /// True when the last frame was shifted against the background: the camera moves.
    private var isShaking = false
    /// Seconds for which this scene has been learnt.
    private var seconds = 0.0
    /// Seconds that a new scene still needs before it can be judged.
    private var settling = 0.0
    private var frame: UInt32 = 0

    /// What the last frame was judged as.
    private(set) var status = SceneStatus.warmingUp
    /// How each pixel of the last frame learnt: a `CV_` value.
    private var kinds = SparsePlane()
    /// Share of the last frame that objects cover.
    private(set) var foregroundShare = 0.0

    /// Starts to learn a scene from its first frame.
    init(first plane: LumaPlane, settings: DetectionSettings) {
        let count = plane.pixels.count
        width = plane.width
        height = plane.height
        self.settings = settings
        classifier = BlobClassifier(settings: settings, pixels: count)
        threshold = Self.threshold(settings)
        dynamicAreas = DynamicBackgroundMap(width: width, height: height)
        modes = SceneChangeDetector(saturation: plane.saturation, settings: settings)
        background = plane.pixels
        recent = plane.pixels
        noise = Self.prior(of: plane)
    }

    /// Judges by other settings from the next frame on; what was learnt stays.
    mutating func judge(by settings: DetectionSettings) {
        self.settings = settings
        classifier = BlobClassifier(settings: settings, pixels: width * height)
        threshold = Self.threshold(settings)
        modes.settings = settings
    }

    /// True for a plane of the size that was learnt.
    func fits(_ plane: LumaPlane) -> Bool {
        plane.width == width && plane.height == height
    }

    /// The original background: the scene as it was before anything came that still stands there.
    var emptyPixels: [UInt8] { original.plane(over: background, width: width) }

    /// For each pixel of the last frame how it learnt: a `CV_` value, 0 where nothing is.
    var kindsOfPixels: [UInt8] { kinds.plane(over: zeroes, width: width) }

    /// Bytes of all that is kept of the scene from frame to frame.
    var stateBytes: Int {
        let patches = [original, age, kinds].reduce(0) { $0 + $1.stateBytes }
        return [background, recent, noise].reduce(dynamicAreas.stateBytes + patches) { $0 + $1.count }
    }

    /// Share of the picture, or of a region of it, that always moves.
    ///
    /// Pixels there usually deviate so much that only what differs by more is foreground.
    func dynamicShare(in region: Region? = nil) -> Double {
        let region = region ?? Region(polygon: nil, width: width, height: height)
        var restless = 0
        for (row, runs) in zip(region.rows, region.runs) {
            for run in runs {
                let pixels = noise[row * width + run.lowerBound..<row * width + run.upperBound]
                restless += pixels.count { $0 >= Self.dynamicNoise }
            }
        }
        return Double(restless) / Double(max(1, region.count))
    }

    /// Usual deviation of a pixel of the empty scene, grey levels; the mean over the picture.
    var deviation: Double {
        Double(noise.reduce(0) { $0 + Int($1) }) / 8 / Double(max(1, noise.count))
    }

    /// False while the whole picture changes: nothing can be said about objects then.
    var isJudged: Bool { settling <= 0 && status != .sceneChange }

    /// Takes the next frame, `elapsed` seconds after the one before (0 for the first), and says what is in it.
    mutating func observe(_ plane: LumaPlane, elapsed: Double) -> ForegroundBlobs {
        frame &+= 1
        seconds += elapsed
        settling = max(0, settling - elapsed)
        let (light, expected, raw) = compare(plane)
        let lit = LightChange(light)
        let original = original.isEmpty ? nil : original.plane(over: background, width: width)
        let mask = clean(raw, of: plane, original: original, lit: lit)
        let foreground = ForegroundMask(mask, width: width, height: height)
        let before = isOriginalHere ? original.map(lit.map) ?? expected : expected
        let blobs = findForeground(in: foreground, of: plane, expected, before: before, ticks: ageTicks(elapsed))
        dynamicAreas.learn(foreground, age: blobs.age, elapsed: elapsed)
        foregroundShare = Double(blobs.objectArea) / Double(plane.pixels.count)
        let mode = modes.judge(
            saturation: plane.saturation,
            changed: 1 - Double(light.still) / 1000,
            occupied: Double(blobs.area) / Double(plane.pixels.count),
            elapsed: elapsed
        )
        switch mode {
        case .restart(let reason):
            restart(on: plane, reason)
        case .unclear:
            status = .sceneChange
        case .normal:
            learn(from: plane, blobs: blobs, original: original, lit: lit, elapsed: min(elapsed, Self.longestLesson))
            if settling <= 0 { status = steadyStatus(light) }
        }
        cv_approach(&recent, plane.pixels, recent.count, rate(Self.recentSeconds, elapsed), frame &* 7919 &+ 1)
        return blobs
    }
}

extension BackgroundModel {
    /// Pixels that the scene may move each way from one frame to the next; a camera that sways by five to either side
    /// of its place moves by ten.
    private static let shakeReach = 10
    /// Share of the picture that must differ before the scene may have moved as a whole.
    private static let shakenShare = 0.03
    /// Usual deviation, in eighths of a grey level, from which on a pixel always moves.
    fileprivate static let dynamicNoise: UInt8 = 64
    /// Seconds over which the recent picture is averaged, against which motion is told from standing still.
    private static let recentSeconds = 1.0
    /// Seconds in which a part of the scene under other light is learnt.
    private static let lightSeconds = 1.5
    /// Seconds in which a new scene is learnt while it settles.
    private static let settlingSeconds = 0.3
    /// Seconds for which one frame counts at most when the background is learnt: a single frame that comes long after
    /// the one before must not become the background by itself.
    private static let longestLesson = 2.0
    /// Under an object, noise is learnt so many times slower.
    private static let objectNoise = 10.0
    /// Where a pixel differs and only its neighbours explain that, its background follows so many times slower.
    private static let excusedBackground = 4.0

    /// By how much a pixel must differ, in the units of the C kernels.
    private static func threshold(_ settings: DetectionSettings) -> cv_threshold {
        cv_threshold(
            floor: UInt16(settings.contrastFloor.rounded()),
            level: UInt16((settings.contrastShare * 256).rounded()),
            noise_factor: UInt16((settings.noiseFactor * 8).rounded())
        )
    }

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

    /// Compares a frame with the background: the light of the frame, the background under that light, and the pixels
    /// that differ from it.
    ///
    /// Where the camera has moved, the background is moved first.
    private mutating func compare(_ plane: LumaPlane) -> (light: cv_light, expected: [UInt8], raw: [UInt8]) {
        let light = cv_fit_light(background, plane.pixels, background.count)
        let expected = LightChange(light).map(background)
        let raw = difference(of: plane, from: expected)
        isShaking = false
        guard Double(cv_count(raw, raw.count)) >= Self.shakenShare * Double(raw.count) else {
            return (light, expected, raw)
        }
        let shift = cv_find_shift(expected, plane.pixels, width, height, Self.shakeReach)
        guard shift.right != 0 || shift.down != 0 else { return (light, expected, raw) }
        isShaking = true
        move(by: shift, plane)
        let moved = cv_fit_light(background, plane.pixels, background.count)
        let there = LightChange(moved).map(background)
        return (moved, there, difference(of: plane, from: there))
    }

    /// Moves all that is known of the scene; what comes in at the border is taken from the frame.
    private mutating func move(by shift: cv_shift, _ plane: LumaPlane) {
        func moved(_ known: [UInt8], _ fill: [UInt8]) -> [UInt8] {
            var moved = known
            cv_move(known, width, height, shift, fill, &moved)
            return moved
        }
        let there = original.isEmpty ? nil : moved(original.plane(over: background, width: width), plane.pixels)
        background = moved(background, plane.pixels)
        original = there.map { SparsePlane($0, over: background, width: width) } ?? original
        recent = moved(recent, plane.pixels)
        noise = moved(noise, noise)
        age = SparsePlane(moved(age.plane(over: zeroes, width: width), zeroes), over: nil, width: width)
    }

    private func difference(of plane: LumaPlane, from expected: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: expected.count) { raw, count in
            cv_foreground(plane.pixels, expected, noise, width, height, threshold, raw.baseAddress)
            count = expected.count
        }
    }

    private mutating func clean(_ raw: [UInt8], of plane: LumaPlane, original: [UInt8]?, lit: LightChange) -> [UInt8] {
        var raw = raw
        if let original {
            cv_recall_original(plane.pixels, original, lit.table(), raw.count, threshold, &raw, &background)
        }
        return [UInt8](unsafeUninitializedCapacity: raw.count) { clean, count in
            cv_clean(raw, width, height, 4, 6, clean.baseAddress)
            count = raw.count
        }
    }

    /// Whole units of age that passed.
    private mutating func ageTicks(_ elapsed: Double) -> UInt8 {
        ageClock += elapsed
        let whole = (ageClock / BlobClassifier.ageUnit).rounded(.down)
        ageClock -= whole * BlobClassifier.ageUnit
        return UInt8(min(255, whole))
    }

    private mutating func findForeground(
        in foreground: ForegroundMask,
        of plane: LumaPlane,
        _ expected: [UInt8],
        before: [UInt8],
        ticks: UInt8
    ) -> ForegroundBlobs {
        guard foreground.isAny else {
            age = SparsePlane()
            return ForegroundBlobs(classifier: classifier, plane: plane, expected: expected, before: before)
        }
        var ages = age.plane(over: zeroes, width: width)
        cv_age(&ages, foreground.mask, plane.pixels, recent, width, height, foreground.spans, threshold, ticks)
        age = SparsePlane(ages, over: nil, width: width)
        return ForegroundBlobs(
            in: foreground,
            plane: plane,
            expected: expected,
            before: before,
            age: ages,
            classifier: classifier
        )
    }

    private mutating func learn(
        from plane: LumaPlane,
        blobs: ForegroundBlobs,
        original: [UInt8]?,
        lit: LightChange,
        elapsed: Double
    ) {
        let kinds = blobs.list.isEmpty ? nil : blobs.kinds()
        self.kinds = kinds.map { SparsePlane($0, over: nil, width: width) } ?? SparsePlane()
        let follow = settling > 0 ? Self.settlingSeconds : min(settings.backgroundSeconds, max(0.5, seconds))
        let scene = rate(follow, elapsed)
        let flicker = rate(min(settings.noiseSeconds, max(1, seconds)), elapsed)
        let speck = rate(settings.noiseSeconds, elapsed)
        let object = rate(settings.noiseSeconds * Self.objectNoise, elapsed)
        var rates = cv_rates(
            background: (scene, scene, scene, rate(Self.lightSeconds, elapsed), 0),
            noise: (flicker, object, speck, object, 0),
            excused: rate(follow * Self.excusedBackground, elapsed),
            original: rate(settings.originalSeconds, elapsed)
        )
        let (count, seed) = (background.count, frame &* 7919)
        let expected = lit.map(background)
        if kinds == nil && original == nil {
            cv_learn_empty(&background, &noise, plane.pixels, recent, expected, count, &rates, seed)
            return
        }
        var learnt = kinds ?? zeroes
        dynamicAreas.calm(&learnt, width: width)
        var before = original ?? background
        let expectedOriginal = lit.map(before)
        cv_learn(
            &background,
            &before,
            &noise,
            plane.pixels,
            recent,
            learnt,
            expected,
            expectedOriginal,
            count,
            &rates,
            seed
        )
        self.original = SparsePlane(before, over: background, width: width)
        if !isOriginalHere, seconds > settings.originalSeconds { self.original = SparsePlane() }
        if self.original.isEmpty { isOriginalHere = true }
    }

    private mutating func restart(on plane: LumaPlane, _ reason: SceneStatus) {
        let before = original.plane(over: background, width: width)
        background = plane.pixels
        original = SparsePlane(before, over: background, width: width)
        isOriginalHere = false
        noise = Self.prior(of: plane)
        age = SparsePlane()
        kinds = SparsePlane()
        foregroundShare = 0
        seconds = 0
        settling = settings.settleSeconds
        status = reason
    }

    private func steadyStatus(_ light: cv_light) -> SceneStatus {
        if seconds < settings.warmUpSeconds { return .warmingUp }
        if isShaking { return .shaking }
        return light.gain == 256 && light.offset == 0 ? .steady : .lightChange
    }

    /// A plane on which nothing is: the base of a sparse plane that has no other.
    private var zeroes: [UInt8] { [UInt8](repeating: 0, count: width * height) }

    private func rate(_ period: Double, _ elapsed: Double) -> UInt32 {
        UInt32(min(65_536, 65_536 * elapsed / max(period, elapsed, 0.001)))
    }
}

/// What the grey levels of the empty scene have become under the light of a frame.
private struct LightChange {
    private let light: cv_light
    private let isNone: Bool

    init(_ light: cv_light) {
        self.light = light
        isNone = light.gain == 256 && light.offset == 0
    }

    /// The new level of each level.
    func table() -> [UInt8] {
        var table = [UInt8](repeating: 0, count: 256)
        cv_light_table(light, &table)
        return table
    }

    /// A plane of the empty scene under this light.
    func map(_ plane: [UInt8]) -> [UInt8] {
        if isNone { return plane }
        return [UInt8](unsafeUninitializedCapacity: plane.count) { lit, count in
            cv_relight(plane, light, plane.count, lit.baseAddress)
            count = plane.count
        }
    }
}

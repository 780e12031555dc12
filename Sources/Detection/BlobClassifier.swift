import CVision

/// What a group of foreground pixels is taken for.
enum BlobClass: Sendable {
    /// An object that does not belong to the empty scene.
    case object
    /// Clear, but so thin or small that it may be a leaf, a drop or an insect: an object if it stays.
    case slight
    /// Too small or too faint to be an object.
    case speck
    /// The same scene under other light.
    case light
    /// Belongs to the scene from now on.
    case adopt

    /// How the pixels learn: a `CV_` value of the C kernels.
    var kind: UInt8 {
        switch self {
        case .object, .slight: UInt8(CV_OBJECT)
        case .speck: UInt8(CV_SPECK)
        case .light: UInt8(CV_LIGHT)
        case .adopt: UInt8(CV_ADOPT)
        }
    }

    /// How surely a blob of this class is an object, 0…1.
    var certainty: Double {
        switch self {
        case .object: 1
        case .slight: 0.2
        case .speck, .light, .adopt: 0
        }
    }
}

/// Tells objects from specks, light and ghosts by what a group of pixels looks like in the frame and in the background.
struct BlobClassifier: Sendable {
    /// Seconds in one unit of a pixel's age.
    static let ageUnit = 0.25
    /// Mean gradient below which a background has no texture to compare.
    private static let leastTexture = 3.0
    /// A blob whose outline is up to `sharpness` times as sharp as that of light is light all the same when its
    /// brightness correlates with the background by more than `correlation`.
    private static let lightFollows = (sharpness: 1.5, correlation: 0.8)
    /// Share of the pixels of a blob below `leastArea` that must differ by twice the needed difference, for it to be
    /// slight and no speck.
    private static let smallStrong = 0.3

    private let settings: DetectionSettings
    /// Pixels that an object must have.
    let leastArea: Double
    /// Pixels that something slight must have.
    let leastSlight: Double
    /// Pixels of a slight blob that must be inside a region, for the blob to count there.
    let leastInside: Double

    init(settings: DetectionSettings, pixels: Int) {
        self.settings = settings
        leastArea = max(4, settings.minBlob * Double(pixels))
        leastSlight = leastArea / 2
        leastInside = leastArea / 3
    }

    /// Whether a pixel looks as expected, by the difference that any pixel must have.
    func isAlike(_ pixel: UInt8, _ expected: UInt8) -> Bool {
        let needed = settings.contrastFloor + settings.contrastShare * Double(expected)
        return Double(abs(Int(pixel) - Int(expected))) <= needed
    }

    func classify(_ blob: cv_component) -> BlobClass {
        let age = Double(blob.age) / Double(blob.area) * Self.ageUnit
        if age >= settings.absorbSeconds || (age >= settings.ghostSeconds && isGhost(blob)) { return .adopt }
        let looks = appearance(of: blob, area: Double(blob.area))
        return looks == .speck && age >= settings.speckSeconds ? .adopt : looks
    }

    private func appearance(of blob: cv_component, area: Double) -> BlobClass {
        guard area >= leastSlight else { return .speck }
        if area >= leastArea, isSoft(blob, area) || keepsTexture(blob, area) { return .light }
        let strong = Double(blob.strong) / area
        if area < leastArea { return strong >= Self.smallStrong ? .slight : .speck }
        if strong < settings.strongShare { return .speck }
        return Double(blob.core) >= settings.coreShare * area ? .object : .slight
    }

    /// An object has edges of its own along its outline.
    ///
    /// Where the background has the edges and the frame has none, the object is in the background: it left, and what it
    /// covered is seen for the first time.
    private func isGhost(_ blob: cv_component) -> Bool {
        Double(blob.edge_then) > settings.ghostEdges * Double(blob.edge_now)
    }

    /// Light, shade and compression fade out over many pixels; an object changes the outline as much as the inside.
    private func isSoft(_ blob: cv_component, _ area: Double) -> Bool {
        let contrast = max(1, Double(blob.contrast)) / area
        let sharpness = Double(blob.edge_change) / Double(max(1, blob.border)) / contrast
        if sharpness < settings.softEdges { return true }
        guard sharpness < settings.softEdges * Self.lightFollows.sharpness else { return false }
        let sums = Sums(area, blob.now, blob.then, blob.now_now, blob.then_then, blob.now_then)
        return sums.correlate(moreThan: Self.lightFollows.correlation)
    }

    /// A shadow or a beam with hard edges leaves the texture below it in its place: where the background had edges, the
    /// frame has them too.
    private func keepsTexture(_ blob: cv_component, _ area: Double) -> Bool {
        guard Double(blob.gradient_then) > Self.leastTexture * area else { return false }
        let sums = Sums(
            area,
            blob.gradient_now,
            blob.gradient_then,
            blob.gradient_now_now,
            blob.gradient_then_then,
            blob.gradient_now_then
        )
        return sums.correlate(moreThan: settings.lightCorrelation)
    }
}

/// Sums over the pixels of a blob from which a correlation of two values follows.
private struct Sums {
    private let covariance: Double
    private let variances: Double

    init(_ count: Double, _ a: UInt64, _ b: UInt64, _ aa: UInt64, _ bb: UInt64, _ ab: UInt64) {
        let meanA = Double(a) / count
        let meanB = Double(b) / count
        covariance = Double(ab) / count - meanA * meanB
        variances = (Double(aa) / count - meanA * meanA) * (Double(bb) / count - meanB * meanB)
    }

    func correlate(moreThan least: Double) -> Bool {
        covariance > 0 && covariance * covariance > least * least * variances
    }
}

import CVision
import Flow

/// What one frame shows that does not belong to the empty scene: its blobs of foreground pixels, each with its class.
///
/// Made for each frame and gone with it; two bytes a pixel would be too much to keep of every camera.
struct ForegroundBlobs: Sendable {
    /// A group of touching foreground pixels with its class; its label is its index + 1.
    struct Blob {
        let shape: cv_component
        let blobClass: BlobClass
    }

    /// Share of a person's area below which a blob counts as nobody.
    private static let leastPerson = 0.4

    /// Share of an object that must be inside a region for the object to count there when its foot is outside.
    private static let leastShareInside = 0.67
    /// So many times the least area of an object inside a region are enough, wherever the object stands.
    private static let muchInside = 4.0

    /// The blobs, in the order of their first pixel.
    private(set) var list: [Blob] = []
    let width: Int
    let height: Int
    /// The frame, and the empty scene under its light.
    let plane: LumaPlane
    let expected: [UInt8]
    /// The original background, under the light of the frame.
    let before: [UInt8]
    /// For each pixel 0 or 1 + the index of its blob; empty, as all below, while there is none.
    private(set) var labels: [UInt16] = []
    /// The columns of each row outside which no pixel has a label.
    private(set) var spans: [cv_span] = []
    /// For how long each foreground pixel has not changed, in units of `BlobClassifier.ageUnit`.
    private(set) var age: [UInt8] = []
    /// The gradients of both, where labels are; 0 elsewhere.
    private(set) var gradientNow: [UInt8] = []
    private(set) var gradientThen: [UInt8] = []
    let classifier: BlobClassifier

    /// A frame without any foreground.
    init(classifier: BlobClassifier, plane: LumaPlane, expected: [UInt8], before: [UInt8]) {
        self.classifier = classifier
        width = plane.width
        height = plane.height
        self.plane = plane
        self.expected = expected
        self.before = before
    }

    /// Finds the blobs of foreground pixels and classifies each of them.
    ///
    /// - Parameters:
    ///   - foreground: which pixels differ.
    ///   - plane: the frame.
    ///   - expected: the empty scene under the light of the frame.
    ///   - before: the original background under the light of the frame.
    ///   - age: for how long each foreground pixel has not changed.
    ///   - classifier: says what a blob is taken for.
    init(
        in foreground: ForegroundMask,
        plane: LumaPlane,
        expected: [UInt8],
        before: [UInt8],
        age: [UInt8],
        classifier: BlobClassifier
    ) {
        self.init(classifier: classifier, plane: plane, expected: expected, before: before)
        spans = foreground.spans
        gradientNow = gradient(of: plane.pixels)
        gradientThen = gradient(of: expected)
        self.age = age
        let (labels, count) = foreground.label()
        list = measure(labels, count, in: foreground).map { Blob(shape: $0, blobClass: classifier.classify($0)) }
        self.labels = labels
    }

    /// The shapes of groups of foreground pixels, in the order of their labels.
    ///
    /// `foreground` must not have pixels that this frame has no age and gradients for.
    func measure(_ labels: [UInt16], _ count: Int, in foreground: ForegroundMask) -> [cv_component] {
        var found = [cv_component](repeating: cv_component(), count: count)
        cv_measure(
            labels,
            width,
            height,
            foreground.spans,
            foreground.mask,
            plane.pixels,
            expected,
            age,
            gradientNow,
            gradientThen,
            &found,
            count
        )
        return found
    }

    private func gradient(of plane: [UInt8]) -> [UInt8] {
        var gradient = [UInt8](repeating: 0, count: plane.count)
        cv_gradient(plane, width, height, spans, &gradient)
        return gradient
    }

    /// Pixels of all blobs, whatever they were taken for.
    var area: Int { list.reduce(0) { $0 + Int($1.shape.area) } }

    /// Pixels of the blobs that may be objects.
    var objectArea: Int { list.reduce(0) { $0 + ($1.blobClass.certainty > 0 ? Int($1.shape.area) : 0) } }

    /// For each pixel how it learns: a `CV_` value; empty where there is nothing.
    func kinds() -> [UInt8] {
        var kinds = [UInt8](repeating: UInt8(CV_EMPTY), count: labels.count)
        cv_select(labels, [UInt8(CV_EMPTY)] + list.map(\.blobClass.kind), width, height, spans, &kinds)
        return kinds
    }

    /// What occupies a region; nil when nothing does that may be an object.
    ///
    /// `minShare` is the share of the region that must be occupied for a strength of 1.
    func foreground(in region: Region, minShare: Double) -> RegionForeground? {
        guard !list.isEmpty else { return nil }
        let inside = pixelsPerLabel(in: region)
        var total = 0.0
        var believed = 0.0
        var left = width
        var top = height
        var right = 0
        var bottom = 0
        for (index, blob) in list.enumerated() where blob.blobClass.certainty > 0 {
            let pixels = Double(inside[index + 1])
            guard pixels >= (blob.blobClass == .object ? classifier.leastArea : classifier.leastInside),
                region.scale == nil || region.admits(box(of: blob))
            else { continue }
            total += pixels
            believed += pixels * certainty(of: blob, pixels: pixels, in: region)
            left = min(left, Int(blob.shape.left))
            top = min(top, Int(blob.shape.top))
            right = max(right, Int(blob.shape.right) + 1)
            bottom = max(bottom, Int(blob.shape.bottom) + 1)
        }
        guard total > 0 else { return nil }
        // Of a slight blob usually only a part differs, so it needs fewer pixels; in return it must stay for longer.
        let certainty = believed / total
        let needed = certainty < RegionForeground.doubtful ? classifier.leastArea * 0.6 : classifier.leastArea
        return RegionForeground(
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

    /// The blobs that may be objects, as the tracker takes them.
    func observations() -> [Observation] {
        list.filter { $0.blobClass.certainty > 0 && Double($0.shape.area) >= classifier.leastSlight }
            .map { Observation($0.shape, width: width, height: height) }
    }

    /// How many people cover as much of a region as objects do, each covering `personShare` of the picture.
    func crowd(in region: Region, personShare: Double) -> CrowdEstimate {
        guard !list.isEmpty else { return CrowdEstimate(people: 0, box: .full) }
        let inside = pixelsPerLabel(in: region)
        let person = max(1, personShare * Double(width * height))
        var people = 0.0
        var box: NormalizedRect?
        for (index, blob) in list.enumerated() where blob.blobClass.certainty > 0 {
            let share = Double(inside[index + 1]) / person
            guard share >= Self.leastPerson else { continue }
            let own = self.box(of: blob)
            guard region.admits(own) else { continue }
            people += max(1, share)
            box = box?.union(own) ?? own
        }
        return CrowdEstimate(people: people, box: box ?? .full)
    }

    /// Whether a region holds enough pixels of any blob that may be an object and whose box is `wanted`.
    func isAnything(in region: Region, where wanted: (NormalizedRect) -> Bool) -> Bool {
        guard !list.isEmpty else { return false }
        let inside = pixelsPerLabel(in: region)
        return list.indices.contains { index in
            list[index].blobClass.certainty > 0 && Double(inside[index + 1]) >= classifier.leastInside
                && wanted(box(of: list[index]))
        }
    }

    /// How surely a blob is an object in a region that holds so many pixels of it.
    ///
    /// Where only the upper part of a person reaches in, the person stands elsewhere and is passing by; that counts as
    /// a slight blob does, which must stay for longer.
    private func certainty(of blob: Blob, pixels: Double, in region: Region) -> Double {
        guard pixels < Self.leastShareInside * Double(blob.shape.area), pixels < Self.muchInside * classifier.leastArea
        else { return blob.blobClass.certainty }
        let middle = Int(blob.shape.left + blob.shape.right) / 2
        let stands = region.contains(column: middle, row: Int(blob.shape.bottom))
        return stands ? blob.blobClass.certainty : min(blob.blobClass.certainty, BlobClass.slight.certainty)
    }

    private func box(of blob: Blob) -> NormalizedRect { Observation(blob.shape, width: width, height: height).box }

    /// The part of a run of columns that may have labels.
    func seen(_ run: Range<Int>, row: Int) -> Range<Int> {
        run.clamped(to: Int(spans[row].left)..<Int(spans[row].right))
    }

    private func pixelsPerLabel(in region: Region) -> [UInt32] {
        var inside = [UInt32](repeating: 0, count: list.count + 1)
        labels.withUnsafeBufferPointer { all in
            guard let first = all.baseAddress else { return }
            for (row, runs) in zip(region.rows, region.runs) {
                for run in runs {
                    let seen = seen(run, row: row)
                    cv_count_labels(first + row * width, seen.lowerBound, seen.upperBound, &inside)
                }
            }
        }
        return inside
    }
}

import CVision
import Flow

/// Neighbouring pixels that differ from the empty scene and have not changed for a while.
struct StaticRegion: Sendable {
    /// Indices into the plane, ascending.
    let pixels: [Int]
    /// Seconds for which they have not changed, in the mean.
    let seconds: Double
    /// Strength of the edges along the outline, in the frame over in the empty scene.
    ///
    /// Much more than 1: something came; much less: something that belonged to the scene is gone.
    let edgeRatio: Double
    /// The smallest box around the pixels, as shares of the picture.
    let box: NormalizedRect
}

extension ForegroundBlobs {
    /// The static parts of a region: pixels that have not changed for `seconds`, or that are adopted with this frame.
    ///
    /// - Parameters:
    ///   - region: where.
    ///   - seconds: for how long a pixel must not have changed.
    ///   - least: pixels that a static region must have.
    /// - Returns: the static regions in the order of their first pixel.
    func staticRegions(in region: Region, seconds: Double, least: Double) -> [StaticRegion] {
        guard !list.isEmpty, let mask = staticMask(in: region, seconds: seconds) else { return [] }
        let still = ForegroundMask(mask, width: width, height: height)
        let (labels, count) = still.label()
        return groups(measure(labels, count, in: still), labels, in: region, least: least)
    }

    /// The parts of a region that look as the background does and not as the original background does: something was
    /// adopted there.
    ///
    /// They are found for as long as the original background is kept (`home_seconds`), however few frames there are,
    /// but not while somebody stands before them.
    ///
    /// - Parameters:
    ///   - region: where.
    ///   - least: pixels that a static region must have.
    /// - Returns: the static regions in the order of their first pixel.
    func changedRegions(in region: Region, least: Double) -> [StaticRegion] {
        guard let mask = changedMask(in: region, least: least) else { return [] }
        let clean = [UInt8](unsafeUninitializedCapacity: mask.count) { clean, count in
            cv_clean(mask, width, height, 4, 6, clean.baseAddress)
            count = mask.count
        }
        let changed = ForegroundMask(withOutline(clean), width: width, height: height)
        let ages = [UInt8](repeating: 0, count: mask.count)
        let blobs = ForegroundBlobs(
            in: changed,
            plane: plane,
            expected: before,
            before: before,
            age: ages,
            classifier: classifier
        )
        // A patch of light that has gone leaves the ground as it was.
        let shapes = blobs.list.map { $0.blobClass == .light ? nil : $0.shape }
        return groups(shapes, blobs.labels, in: region, least: least)
    }

    /// 1 where a pixel of the region looks like the background and not like the original background.
    ///
    /// Nil when they are too few, by a wide margin: the outline, which is missing here, would not make up for it.
    private func changedMask(in region: Region, least: Double) -> [UInt8]? {
        guard before != expected else { return nil }
        var changed = 0
        var mask = [UInt8](repeating: 0, count: before.count)
        for (row, runs) in zip(region.rows, region.runs) {
            for index in runs.joined().lazy.map({ row * width + $0 }) where before[index] != expected[index] {
                let pixel = plane.pixels[index]
                guard classifier.isAlike(pixel, expected[index]), !classifier.isAlike(pixel, before[index]) else {
                    continue
                }
                mask[index] = 1
                changed += 1
            }
        }
        return Double(changed) < least / 4 ? nil : mask
    }

    /// Adds the pixels around what changed that look otherwise than before, too.
    ///
    /// The outermost pixels of an object are explained by those beside them: they never were foreground, and were not
    /// adopted with the others. Without them the outline would lie inside of it, where there are no edges.
    private func withOutline(_ changed: [UInt8]) -> [UInt8] {
        let around = [-width - 1, -width, -width + 1, -1, 1, width - 1, width, width + 1]
        var mask = changed
        for index in changed.indices where changed[index] != 0 {
            for neighbour in around.lazy.map({ index + $0 })
            where mask[neighbour] == 0 && !classifier.isAlike(plane.pixels[neighbour], before[neighbour]) {
                mask[neighbour] = 1
            }
        }
        return mask
    }

    /// The shapes that are large enough, and of a size that counts in the region; a shape that is nil is left out.
    private func groups(
        _ shapes: [cv_component?],
        _ labels: [UInt16],
        in region: Region,
        least: Double
    ) -> [StaticRegion] {
        shapes.enumerated().compactMap { index, shape in
            guard let shape, Double(shape.area) >= least else { return nil }
            let box = Observation(shape, width: width, height: height).box
            guard region.admits(box) else { return nil }
            return StaticRegion(
                pixels: pixels(of: index + 1, in: labels, shape),
                seconds: Double(shape.age) / Double(shape.area) * BlobClassifier.ageUnit,
                edgeRatio: (Double(shape.edge_now) + 1) / (Double(shape.edge_then) + 1),
                box: box
            )
        }
    }

    /// The pixels of one label, ascending.
    private func pixels(of label: Int, in labels: [UInt16], _ shape: cv_component) -> [Int] {
        (Int(shape.top)...Int(shape.bottom)).flatMap { row in
            (row * width + Int(shape.left)...row * width + Int(shape.right)).filter { labels[$0] == label }
        }
    }

    /// 1 where a pixel of the region is still; nil when none is.
    private func staticMask(in region: Region, seconds: Double) -> [UInt8]? {
        let ticks = UInt8(min(255, (seconds / BlobClassifier.ageUnit).rounded(.up)))
        var classes = [BlobClass?](repeating: nil, count: list.count + 1)
        for (index, blob) in list.enumerated() { classes[index + 1] = blob.blobClass }
        var mask = [UInt8](repeating: 0, count: labels.count)
        var isAny = false
        for (row, runs) in zip(region.rows, region.runs) {
            for run in runs {
                let seen = seen(run, row: row)
                for index in row * width + seen.lowerBound..<row * width + seen.upperBound {
                    switch classes[Int(labels[index])] {
                    case .object, .slight, .speck: mask[index] = age[index] >= ticks ? 1 : 0
                    case .adopt: mask[index] = 1
                    case .light, nil: continue
                    }
                    if mask[index] != 0 { isAny = true }
                }
            }
        }
        return isAny ? mask : nil
    }
}

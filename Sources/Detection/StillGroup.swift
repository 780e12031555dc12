import CVision
import Flow

/// Neighbouring pixels that differ from the empty scene and have not changed for a while.
struct StillGroup: Sendable {
    /// Indices into the plane, ascending.
    let pixels: [Int]
    /// Seconds for which they have not changed, in the mean.
    let seconds: Double
    /// Strength of the edges along the outline, in the frame over in the empty scene.
    ///
    /// Much more than 1: something came; much less: something that belonged to the scene is gone.
    let edgeRatio: Double
    /// Around the pixels.
    let box: NormalizedRect
}

extension Things {
    /// The groups of a region that have been still for `seconds`, or that become part of the scene with this frame.
    ///
    /// - Parameters:
    ///   - region: where.
    ///   - seconds: for how long a pixel must not have changed.
    ///   - least: pixels that a group must have.
    /// - Returns: the groups in the order of their first pixel.
    func stillGroups(in region: Region, seconds: Double, least: Double) -> [StillGroup] {
        guard !blobs.isEmpty, var mask = stillMask(in: region, seconds: seconds) else { return [] }
        var labels = [UInt16](repeating: 0, count: mask.count)
        var forest = [UInt16](repeating: 0, count: cv_components_limit(width, height) + 1)
        let count = cv_label(mask, width, height, &labels, &forest)
        var shapes = [cv_component](repeating: cv_component(), count: count)
        cv_outline(mask, width, height, labels, &shapes, count)
        cv_measure(labels, width, height, pixels, expected, age, gradientNow, gradientThen, &shapes)
        mask = []
        return shapes.indices.compactMap { index in
            let shape = shapes[index]
            let box = Spot(shape, width: width, height: height).box
            guard Double(shape.area) >= least, region.admits(box) else { return nil }
            return StillGroup(
                pixels: labels.indices.filter { labels[$0] == index + 1 },
                seconds: Double(shape.age) / Double(shape.area) * BlobJudge.ageUnit,
                edgeRatio: (Double(shape.edge_now) + 1) / (Double(shape.edge_then) + 1),
                box: box
            )
        }
    }

    /// 1 where a pixel of the region is still; nil when none is.
    private func stillMask(in region: Region, seconds: Double) -> [UInt8]? {
        let ticks = UInt8(min(255, (seconds / BlobJudge.ageUnit).rounded(.up)))
        var verdicts = [Verdict?](repeating: nil, count: blobs.count + 1)
        for (index, blob) in blobs.enumerated() { verdicts[index + 1] = blob.verdict }
        var mask = [UInt8](repeating: 0, count: labels.count)
        var isAny = false
        for (row, runs) in zip(region.rows, region.runs) {
            for run in runs {
                for index in row * width + run.lowerBound..<row * width + run.upperBound {
                    switch verdicts[Int(labels[index])] {
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

import CVision

/// A plane that is the same as another one nearly everywhere, its base: of each row only the columns from the first to
/// the last pixel that differ are kept.
///
/// What is kept of every camera between its frames must be small, and most of most pictures is empty.
struct SparsePlane: Sendable {
    /// The columns of a row that are kept.
    private struct Patch {
        var left: UInt16
        var right: UInt16
        var count: Int { Int(right - left) }
    }

    /// The first row with a patch.
    private var top = 0
    /// The patches of that row and those below, down to the last that has one; empty while nothing differs.
    private var patches: [Patch] = []
    /// Their pixels, row by row.
    private var pixels: [UInt8] = []

    /// The same as any base.
    init() {}

    /// A plane that is kept as what differs from `base`, nil for one that is 0; at most 65,535 pixels wide.
    init(_ plane: [UInt8], over base: [UInt8]?, width: Int) {
        let height = plane.count / max(1, width)
        let spans = [cv_span](unsafeUninitializedCapacity: height) { spans, count in
            let isAny = cv_find_spans(plane, base, width, height, spans.baseAddress) != 0
            count = isAny ? height : 0
        }
        guard let first = spans.firstIndex(where: { $0.left < $0.right }),
            let last = spans.lastIndex(where: { $0.left < $0.right })
        else { return }
        top = first
        patches = spans[first...last].map { Patch(left: UInt16($0.left), right: UInt16($0.right)) }
        let total = patches.reduce(0) { $0 + $1.count }
        pixels = [UInt8](unsafeUninitializedCapacity: total) { out, count in
            plane.withUnsafeBufferPointer { Self.copy(patches, top: top, width: width, from: $0, to: out) }
            count = total
        }
    }

    /// Whether it is the same as its base.
    var isEmpty: Bool { patches.isEmpty }

    /// Bytes that it keeps of its camera from frame to frame.
    var stateBytes: Int { patches.count * MemoryLayout<Patch>.stride + pixels.count }

    /// The whole plane, `width` pixels wide.
    ///
    /// The base may have changed meanwhile where this one differs from it.
    func plane(over base: [UInt8], width: Int) -> [UInt8] {
        var plane = base
        guard !isEmpty else { return plane }
        plane.withUnsafeMutableBufferPointer { plane in
            pixels.withUnsafeBufferPointer { pixels in
                guard let out = plane.baseAddress, var next = pixels.baseAddress else { return }
                for (row, patch) in patches.enumerated() {
                    (out + (top + row) * width + Int(patch.left)).update(from: next, count: patch.count)
                    next += patch.count
                }
            }
        }
        return plane
    }

    private static func copy(
        _ patches: [Patch],
        top: Int,
        width: Int,
        from plane: UnsafeBufferPointer<UInt8>,
        to out: UnsafeMutableBufferPointer<UInt8>
    ) {
        guard let from = plane.baseAddress, var next = out.baseAddress else { return }
        for (row, patch) in patches.enumerated() {
            next.update(from: from + (top + row) * width + Int(patch.left), count: patch.count)
            next += patch.count
        }
    }
}

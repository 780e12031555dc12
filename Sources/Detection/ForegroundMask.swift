import CVision

/// Which pixels of a frame differ from the empty scene: 0 background, 1 foreground, 2 clearly foreground.
struct ForegroundMask {
    /// `width` times `height` pixels, row by row.
    let mask: [UInt8]
    let width: Int
    let height: Int
    /// The columns of each row outside which it is all background.
    let spans: [cv_span]
    /// Whether any pixel is foreground.
    let isAny: Bool

    init(_ mask: [UInt8], width: Int, height: Int) {
        self.mask = mask
        self.width = width
        self.height = height
        var isAny = false
        spans = [cv_span](unsafeUninitializedCapacity: height) { spans, count in
            isAny = cv_find_spans(mask, nil, width, height, spans.baseAddress) != 0
            count = height
        }
        self.isAny = isAny
    }

    /// Finds the groups of touching pixels: their labels, 0 or 1 + the group's index for each pixel, and their number.
    func label() -> (labels: [UInt16], count: Int) {
        var forest = [UInt16](repeating: 0, count: cv_components_limit(width, height) + 1)
        var found = 0
        let labels = [UInt16](unsafeUninitializedCapacity: mask.count) { labels, count in
            found = cv_label(mask, width, height, spans, labels.baseAddress, &forest)
            count = mask.count
        }
        return (labels, found)
    }
}

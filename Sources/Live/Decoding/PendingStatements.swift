import Flow

/// Statements of one camera that the recorder has not taken yet, because its disk does not keep up.
///
/// Bounded: beyond the limit updates go, starts and ends never, whose number is that of the rules. A pure value.
struct PendingStatements {
    /// Statements from which on updates are left out.
    static let limit = 64
    /// Statements whose pictures are kept; a picture is a hundred times its statement.
    static let pictures = 8

    private(set) var items: [AlertRecorder.Item] = []

    /// Takes statements, in their order.
    mutating func add(_ new: [AlertRecorder.Item]) {
        for item in new {
            if item.record.phase == .update, items.count >= Self.limit { continue }
            items.append(item)
            if items.count > Self.pictures { items[items.count - Self.pictures - 1].jpeg = nil }
        }
    }

    /// Offers what waits, the oldest first, until it is not taken.
    mutating func offer(to take: (AlertRecorder.Item) -> Bool) {
        var handed = 0
        while handed < items.count, take(items[handed]) { handed += 1 }
        if handed > 0 { items.removeFirst(handed) }
    }
}

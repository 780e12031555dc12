/// The three classes of monitoring points as an index, and how they share what does not suffice for all.
enum ClassShares {
    /// Number of classes.
    static let count = 3

    /// Index 0…2 of class I, II or III given as 1…3; what is out of range counts as the nearest class.
    static func index(of pointClass: Int) -> Int {
        min(max(pointClass, 1), count) - 1
    }

    /// How far the intervals of each class must be stretched so that what is asked fits what can be done.
    ///
    /// Class III gives way first, up to its limit, then II, then I; when even that is too much, all are stretched by the
    /// same factor. So every class keeps a share for ever.
    ///
    /// - Parameters:
    ///   - demand: Visits a second that each class asks for.
    ///   - capacity: Visits a second that can be done.
    ///   - limits: Longest stretch of each class while a more important one still has its full rate; at least 1.
    /// - Returns: Factors of at least 1.
    static func stretch(demand: SIMD3<Double>, capacity: Double, limits: SIMD3<Double>) -> SIMD3<Double> {
        var stretch = SIMD3<Double>(repeating: 1)
        guard capacity > 0 else { return limits }
        for index in stride(from: count - 1, through: 0, by: -1) {
            let total = (demand / stretch).sum()
            guard total > capacity else { return stretch }
            let room = capacity - (total - demand[index])
            let needed = room > 0 ? demand[index] / room : .infinity
            let limit = max(1, limits[index])
            stretch[index] = min(max(1, needed), limit)
            if needed <= limit { return stretch }
        }
        let total = (demand / stretch).sum()
        return total > capacity ? stretch * (total / capacity) : stretch
    }
}

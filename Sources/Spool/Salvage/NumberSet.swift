/// Numbers that mostly follow each other, kept as ranges.
struct NumberSet {
    /// The ranges, in order, with gaps between them.
    private(set) var ranges: [ClosedRange<Int64>] = []

    /// The smallest number.
    var first: Int64? { ranges.first?.lowerBound }

    /// Whether a number is in it.
    func contains(_ number: Int64) -> Bool {
        let index = place(of: number)
        return index < ranges.count && ranges[index].contains(number)
    }

    /// Adds a number.
    mutating func insert(_ number: Int64) {
        let index = place(of: number)
        if index < ranges.count, ranges[index].contains(number) { return }
        let joinsBefore = index > 0 && ranges[index - 1].upperBound == number - 1
        let joinsAfter = index < ranges.count && ranges[index].lowerBound == number + 1
        switch (joinsBefore, joinsAfter) {
        case (true, true):
            ranges[index - 1] = ranges[index - 1].lowerBound...ranges[index].upperBound
            ranges.remove(at: index)
        case (true, false): ranges[index - 1] = ranges[index - 1].lowerBound...number
        case (false, true): ranges[index] = number...ranges[index].upperBound
        case (false, false): ranges.insert(number...number, at: index)
        }
    }

    /// Index of the first range that does not end before `number`.
    private func place(of number: Int64) -> Int {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < number { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

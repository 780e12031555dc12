/// The last `capacity` values of a cue.
struct Ring<let capacity: Int>: Sendable {
    private var values: InlineArray<capacity, Float> = .init(repeating: 0)
    private var next: UInt8 = 0
    private(set) var count: UInt8 = 0

    mutating func add(_ value: Float) {
        values[Int(next)] = value
        next = UInt8((Int(next) + 1) % capacity)
        count = UInt8(min(capacity, Int(count) + 1))
    }

    /// Takes the newest value out again; the last one stays.
    mutating func removeLast() {
        guard count > 1 else { return }
        next = UInt8((Int(next) + capacity - 1) % capacity)
        count -= 1
    }

    /// The median, and the median of the distances from it; zeros without values.
    func median() -> (value: Double, deviation: Double) {
        guard count > 0 else { return (0, 0) }
        var sorted: InlineArray<capacity, Double> = .init(repeating: 0)
        for index in 0..<Int(count) {
            sorted[index] = Double(values[(Int(next) + capacity - 1 - index) % capacity])
        }
        let middle = Self.middle(of: &sorted, Int(count))
        for index in 0..<Int(count) { sorted[index] = abs(sorted[index] - middle) }
        return (middle, Self.middle(of: &sorted, Int(count)))
    }

    private static func middle(of values: inout InlineArray<capacity, Double>, _ count: Int) -> Double {
        for end in 1..<max(1, count) {
            var index = end
            while index > 0, values[index - 1] > values[index] {
                values.swapAt(index - 1, index)
                index -= 1
            }
        }
        return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2
    }
}

extension Ring {
    /// Standard deviations per median deviation, for values spread like a bell.
    private static var bell: Double { 1.48 }

    /// How many usual deviations `value` is off; 0 while nothing is known.
    ///
    /// The deviation is taken for `least` at least, `floor` is added to it because what is smaller says nothing, and so
    /// is `prior`, the deviation to expect of one single value, divided by the square of their number.
    func deviation(of value: Float, least: Double, floor: Double, prior: Double) -> Double {
        guard count > 0 else { return 0 }
        let (middle, deviation) = median()
        let known = Double(count)
        return (Double(value) - middle) / (max(deviation, least) * Self.bell + floor + prior / (known * known))
    }
}

/// What a cue is like when nothing moves: eight values, and a deviation that is learnt over minutes, because eight
/// values alone now and then lie close together by chance.
struct QuietReference: Sendable {
    /// Values from which the slow deviation is learnt.
    private static let settled = 6
    /// The slow deviation follows by a sixteenth per value.
    private static let step: Float = 1.0 / 16
    private static let leastDeviation: Float = 0.001

    private var ring = Ring<8>()
    private var slow: Float = -1

    func deviation(of value: Float, floor: Double, prior: Double) -> Double {
        ring.deviation(of: value, least: Double(slow), floor: floor, prior: prior)
    }

    mutating func add(_ value: Float) {
        if Int(ring.count) >= Self.settled {
            let (middle, deviation) = ring.median()
            if slow < 0 {
                slow = Float(deviation)
            } else {
                let isFar = abs(Double(value) - middle) > Double(slow)
                slow = max(slow, Self.leastDeviation) * (isFar ? 1 + Self.step : 1 - Self.step)
            }
        }
        ring.add(value)
    }

    mutating func removeLast() {
        ring.removeLast()
    }
}

/// What a cue was like in the last four groups.
struct RecentReference: Sendable {
    private var ring = Ring<4>()

    func deviation(of value: Float, floor: Double, prior: Double) -> Double {
        ring.deviation(of: value, least: 0, floor: floor, prior: prior)
    }

    mutating func add(_ value: Float) {
        ring.add(value)
    }
}

/// What a rule scored in one hour, minute by minute and below its threshold too: from that it can be said later what
/// another threshold would have done, without video.
///
/// A score is the strength of a picture: 1 at the threshold. Scores are counted in steps of half a doubling, from a
/// sixteenth of the threshold on.
public struct ScoreHour: Sendable, Hashable {
    /// For how long the pictures of one minute had a score within one step, tenths of a second, 255 at most.
    struct Cell: Sendable, Hashable {
        let minute: UInt8
        let step: UInt8
        var tenths: UInt8
    }

    /// Number of steps; the last one begins at eleven times the threshold and has no end.
    public static let steps = 16
    /// The step that begins at the threshold.
    public static let threshold = 8
    private static let stride = 3
    /// Cells of an hour at most.
    private static let maximum = 60 * steps
    /// Added to the minute of a cell that counts beginnings; readers that do not know of them pass it over.
    private static let beginning = 128

    private(set) var cells: [Cell] = []
    /// How often in a minute something began that would have been an alert of its own with the threshold at the step;
    /// the count stands where cells of scores have their time.
    private(set) var begins: [Cell] = []

    /// Makes an hour in which nothing was scored yet.
    public init() {}

    /// Reads what `bytes` gave; what cannot be is left out, what is there twice is added up.
    public init(bytes: [UInt8]) {
        for start in Swift.stride(from: 0, to: bytes.count - Self.stride + 1, by: Self.stride) {
            let (mark, step) = (Int(bytes[start]), Int(bytes[start + 1]))
            let isBeginning = mark >= Self.beginning
            let minute = isBeginning ? mark - Self.beginning : mark
            guard minute < 60, step < Self.steps else { continue }
            let count = Int(bytes[start + 2])
            Self.add(count, minute: minute, step: step, to: isBeginning ? \.begins : \.cells, of: &self)
        }
    }

    /// True when nothing was scored.
    public var isEmpty: Bool { cells.isEmpty }

    /// Three bytes for each minute and step: minute, step, tenths of a second; and three for each in which something
    /// began: minute + 128, step, how often.
    public var bytes: [UInt8] {
        cells.flatMap { [$0.minute, $0.step, $0.tenths] }
            + begins.flatMap { [$0.minute + UInt8(Self.beginning), $0.step, $0.tenths] }
    }

    /// Notes the score of one picture.
    ///
    /// - Parameters:
    ///   - strength: 1 at the threshold.
    ///   - minute: 0…59.
    ///   - seconds: Since the picture before; one picture stands for a second at most, as for the rules.
    public mutating func add(_ strength: Double, minute: Int, seconds: Double) {
        guard let step = Self.step(of: strength) else { return }
        let tenths = min(IntrusionEvaluator.longestStep, max(0, seconds)) * 10
        let count = max(1, Int(tenths.rounded()))
        Self.add(count, minute: min(59, max(0, minute)), step: step, to: \.cells, of: &self)
    }

    /// Notes that something began which is an alert of its own with the threshold at that step.
    mutating func begin(minute: Int, step: Int) {
        Self.add(1, minute: min(59, max(0, minute)), step: step, to: \.begins, of: &self)
    }

    /// The least strength of a step: the square root of 2 from one to the next.
    public static func strength(ofStep step: Int) -> Double {
        var value = step % 2 == 0 ? 1 : 2.0.squareRoot()
        for _ in 0..<step / 2 { value *= 2 }
        return value / 16
    }

    private static func add(
        _ tenths: Int,
        minute: Int,
        step: Int,
        to list: WritableKeyPath<ScoreHour, [Cell]>,
        of hour: inout ScoreHour
    ) {
        // Pictures come in the order of time: the cell is one of the last.
        if let index = hour[keyPath: list].lastIndex(where: { $0.minute == minute && $0.step == step }) {
            let sum = Int(hour[keyPath: list][index].tenths) + tenths
            hour[keyPath: list][index].tenths = UInt8(min(255, sum))
        } else if hour[keyPath: list].count < maximum {
            hour[keyPath: list].append(Cell(minute: UInt8(minute), step: UInt8(step), tenths: UInt8(min(255, tenths))))
        }
    }

    private static func step(of strength: Double) -> Int? {
        (0..<steps).last { strength >= self.strength(ofStep: $0) }
    }
}

/// Where objects were in the pictures of a while: a map of 16 by 16 fields, row by row.
public struct MotionMap: Sendable, Hashable {
    /// Rows and columns of the map, whatever the size of the pictures.
    public static let side = 16

    /// Pictures in which a field showed an object, 255 at most; empty when none did.
    public private(set) var fields: [UInt8] = []

    /// Makes a map that no picture was added to yet.
    public init() {}

    /// Counts of fields as shades from 0 to 255; the root shows where little happened, too.
    public static func shades(_ counts: [Int]) -> [Int] {
        let most = Double(max(1, counts.max() ?? 1))
        return counts.map { Int((Double($0) / most).squareRoot() * 255) }
    }

    /// Adds the foreground of a picture of `width` times `height` pixels, as `CameraAnalyzer.foreground` gives it.
    public mutating func add(_ foreground: [UInt8], width: Int, height: Int) {
        guard width > 0, height > 0, foreground.count == width * height else { return }
        var isHit = [Bool](repeating: false, count: Self.side * Self.side)
        for (index, kind) in foreground.enumerated() where kind == 1 {
            isHit[index / width * Self.side / height * Self.side + index % width * Self.side / width] = true
        }
        guard isHit.contains(true) else { return }
        if fields.isEmpty { fields = Array(repeating: 0, count: isHit.count) }
        for index in isHit.indices where isHit[index] && fields[index] < 255 { fields[index] += 1 }
    }
}

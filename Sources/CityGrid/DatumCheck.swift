/// Tells whether a batch of cameras was delivered in another datum than it says.
///
/// A batch is what one access unit delivered under one declared datum. For its cameras with a position and the code of
/// a community or street, the position is read under all three datums; the right one puts nearly all of them into the
/// grid of their code, a wrong one moves them by 600 m or more.
public struct DatumCheck: Sendable, Hashable {
    /// The datum that the batch declares.
    public let declared: Datum
    /// Cameras that could be judged.
    public private(set) var total = 0
    private var inside: [Datum: Int] = [:]

    /// Cameras below which a batch is not judged.
    public static let smallestBatch = 8
    /// Share of the batch by which another datum must fit better.
    public static let margin = 0.2

    /// Makes a check of one batch, to which no camera was added yet.
    public init(declared: Datum) {
        self.declared = declared
    }

    /// Adds a camera.
    ///
    /// - Parameter datums: the datums under which its position lies in the grid of its administrative code.
    public mutating func add(insideUnder datums: some Sequence<Datum>) {
        total += 1
        for datum in datums { inside[datum, default: 0] += 1 }
    }

    /// Cameras that lie in the grid of their code when read under a datum.
    public func count(_ datum: Datum) -> Int { inside[datum, default: 0] }

    /// The datum that fits clearly better than the declared one; nil when none does or there are too few cameras.
    public var better: Datum? {
        guard total >= DatumCheck.smallestBatch else { return nil }
        let others = Datum.allCases.filter { $0 != declared }
        guard let best = others.max(by: { count($0) < count($1) }) else { return nil }
        return Double(count(best) - count(declared)) >= DatumCheck.margin * Double(total) ? best : nil
    }

    /// A warning for people.
    ///
    /// - Parameter batch: how people know the batch, for example "access unit 43058101".
    /// - Returns: nil when no other datum fits clearly better.
    public func warning(batch: String) -> String? {
        guard let better else { return nil }
        let counts = Datum.allCases.map { "\($0.rawValue) \(count($0))" }.joined(separator: ", ")
        return "\(batch): \(total) cameras say \(declared.rawValue), but more of them lie in the grid of their "
            + "administrative code when read as \(better.rawValue) (of \(total): \(counts)); ask the supplier, then "
            + "correct the datum column or import with --datum \(better.rawValue)"
    }
}

public import Flow
public import Gate
public import Media

/// The decoders of one worker thread, shared by all its cameras.
public final class DecoderBench {
    /// Pictures a second that a worker decodes in bursts in the long run, and how many at once after a quiet time.
    ///
    /// About a fiftieth of a core at 640x360 (1 to 2 ms each); what is beyond has to do with keyframes.
    public static let burstPictures = (perSecond: 12.0, atOnce: 240.0)

    /// Decodes single keyframes.
    public let keyframes = KeyframeDecoder()
    /// Called before each unit of a burst.
    public var onUnit: () -> Void = {}
    private var budget: BurstBudget?
    private var bursts = 0

    /// Makes a bench.
    ///
    /// - Parameter budget: What bursts may cost; nil does not bound them, as replay wants it.
    public init(budget: BurstBudget?) {
        self.budget = budget
    }

    /// Makes the bench of a live worker.
    public convenience init() {
        self.init(
            budget: BurstBudget(rate: Self.burstPictures.perSecond, capacity: Self.burstPictures.atOnce)
        )
    }

    /// Bursts decoded so far, and those that the budget had no room for.
    public var burstCounts: (decoded: Int, refused: Int) { (bursts, budget?.refused ?? 0) }

    /// Whether the budget has room for a burst of so many pictures.
    public func mayBurst(_ pictures: Int, at time: MediaTime) -> Bool {
        guard budget != nil else { return true }
        return budget?.hasRoom(for: pictures, at: time) == true
    }

    /// Takes a burst out of the budget; false when it has to be left.
    public func takeBurst(_ pictures: Int, at time: MediaTime) -> Bool {
        guard budget != nil else { return true }
        return budget?.take(pictures, at: time) == true
    }

    /// Decodes a group from its keyframe on and lends its pictures in the order in which they are shown.
    ///
    /// The decoder lives as long as the burst: opening one costs a thousandth of it, keeping one costs megabytes.
    public func decode(_ group: [AccessUnit], _ body: (borrowing Picture) -> Void) throws(MediaError) {
        guard let format = group.first?.format else { return }
        bursts += 1
        let decoder = try StreamDecoder(format: format)
        for unit in group {
            onUnit()
            decoder.decode(unit, body)
        }
        onUnit()
        decoder.drain(body)
    }
}

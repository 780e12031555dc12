import Flow
import Ingest
import Media

/// The decoders of one worker thread, shared by all its cameras.
final class DecoderBench {
    /// Pictures a second that a worker decodes in bursts in the long run, and how many at once after a quiet time.
    ///
    /// About a fiftieth of a core at 640x360 (1 to 2 ms each); what is beyond has to do with keyframes.
    static let burstPictures = (perSecond: 12.0, atOnce: 240.0)

    /// Decodes single keyframes.
    let keyframes = KeyframeDecoder()
    private var budget: BurstBudget?

    /// Makes a bench.
    ///
    /// - Parameter budget: What bursts may cost; nil does not bound them, as replay wants it.
    init(budget: BurstBudget?) {
        self.budget = budget
    }

    /// Makes the bench of a live worker.
    convenience init() {
        self.init(
            budget: BurstBudget(rate: Self.burstPictures.perSecond, capacity: Self.burstPictures.atOnce)
        )
    }

    /// Takes a burst out of the budget; false when it has to be left.
    func mayBurst(_ pictures: Int, at time: MediaTime) -> Bool {
        guard budget != nil else { return true }
        return budget?.take(pictures, at: time) == true
    }

    /// Decodes a group from its keyframe on and lends its pictures in the order in which they are shown.
    ///
    /// The decoder lives as long as the burst: opening one costs a thousandth of it, keeping one costs megabytes.
    func decode(_ group: [AccessUnit], _ body: (borrowing Picture) -> Void) throws(MediaError) {
        guard let format = group.first?.format else { return }
        let decoder = try StreamDecoder(format: format)
        for unit in group { decoder.decode(unit, body) }
        decoder.drain(body)
    }
}

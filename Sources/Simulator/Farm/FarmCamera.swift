import Flow
import RTSP

/// One camera of the farm: a programme in endless rounds, as a pure function of the time since the farm started.
///
/// Like a real camera it runs whether somebody watches or not, and all who watch see the same. Pictures are numbered
/// from 0 through all rounds; times are in microseconds since the farm started.
struct FarmCamera: Sendable {
    /// Path of its URL, by which clients name it.
    let path: String
    /// The clips that it shows, in endless rounds.
    let programme: Programme
    /// Which faults of the farm's plan hit it.
    let faults: FaultPlan.Mask
    /// The RTP synchronisation source of its packets, which it keeps from session to session.
    let ssrc: UInt32
    private let phase: Int64
    private let spread: UInt64
    private let firstSequence: UInt16
    private let firstTimestamp: UInt32

    /// Makes a camera.
    ///
    /// - Parameters:
    ///   - path: Path of its URL; it also decides where in the programme the camera begins, so that the keyframes of
    ///     many cameras do not fall together.
    ///   - programme: What it shows.
    ///   - seed: A number of the farm, from which source and first numbers come.
    ///   - plan: What goes wrong on the farm.
    ///   - quietStart: Microseconds from the farm's start in which it shows no motion, where its programme has a pause
    ///     of that length.
    init(path: String, programme: Programme, seed: UInt64, plan: FaultPlan = FaultPlan(), quietStart: Int64 = 0) {
        self.path = path
        self.programme = programme
        self.faults = plan.mask(ofCamera: path)
        self.phase = programme.phase(StableHash.of(path), quietStart: quietStart)
        self.spread = StableHash.of(path, seed: 1)
        let identity = StableHash.of(path, seed: seed)
        let numbers = StableHash.of(path, seed: ~seed)
        self.ssrc = UInt32(truncatingIfNeeded: identity)
        self.firstSequence = UInt16(truncatingIfNeeded: numbers)
        self.firstTimestamp = UInt32(truncatingIfNeeded: numbers >> 16)
    }

    /// The picture of that number; its `due` is within the round.
    func picture(_ number: Int) -> Programme.Picture {
        programme.picture(number % programme.unitCount)
    }

    /// The coded picture of that number.
    func unit(_ number: Int) -> Clip.Unit { picture(number).unit }

    /// When the picture of that number is sent.
    func due(_ number: Int) -> Int64 { due(number, picture(number)) }

    /// When `picture`, which is that of `number`, is sent.
    func due(_ number: Int, _ picture: Programme.Picture) -> Int64 {
        Int64(number / programme.unitCount) * programme.period + picture.due - phase
    }

    /// The number of the first keyframe that is sent at `elapsed` or later.
    func keyframe(from elapsed: Int64) -> Int {
        let time = max(0, elapsed + phase)
        let round = Int(time / programme.period)
        let number = programme.keyframe(from: time % programme.period) ?? programme.unitCount
        return round * programme.unitCount + number
    }

    /// What the RTP headers of the picture say.
    func position(_ number: Int) -> RTPPosition {
        let picture = picture(number)
        let packet = number / programme.unitCount * programme.packetCount + picture.firstPacket
        return RTPPosition(
            sequence: firstSequence &+ UInt16(truncatingIfNeeded: packet),
            timestamp: timestamp(at: due(number, picture), reorder: picture.unit.reorder),
            ssrc: ssrc
        )
    }

    /// The RTP time of an instant, and of a picture that shows `reorder` ticks later.
    func timestamp(at elapsed: Int64, reorder: Int64 = 0) -> UInt32 {
        firstTimestamp &+ UInt32(truncatingIfNeeded: Clip.ticks(elapsed + phase) + reorder)
    }

    /// Whether it shows motion at an instant.
    func isMotion(at elapsed: Int64) -> Bool {
        programme.isMotion(at: max(0, elapsed + phase) % programme.period)
    }

    /// When it shows motion between the farm's start and `end`, what began before the start left out.
    func motions(until end: Int64) -> [Range<Int64>] {
        let rounds = (end + phase) / programme.period
        return (0...max(0, rounds)).flatMap { round in
            programme.motions.map { motion in
                let shift = round * programme.period - phase
                return motion.lowerBound + shift..<motion.upperBound + shift
            }
        }
        .filter { (0..<max(0, end)).contains($0.lowerBound) }
    }

    /// The first instant not before `elapsed` at which a camera that sends every `interval` microseconds sends.
    ///
    /// The path spreads the cameras over the interval.
    func sendTime(from elapsed: Int64, interval: Int64) -> Int64 {
        guard interval > 0 else { return elapsed }
        let offset = Int64(spread % UInt64(interval))
        let (periods, rest) = (elapsed - offset).quotientAndRemainder(dividingBy: interval)
        return offset + (rest > 0 ? periods + 1 : periods) * interval
    }
}

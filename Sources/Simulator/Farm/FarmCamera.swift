import Flow
import RTSP

/// One camera of the farm: a clip in endless rounds, as a pure function of the time since the farm started.
///
/// Like a real camera it runs whether somebody watches or not, and all who watch see the same. Pictures are numbered
/// from 0 through all rounds; times are in microseconds since the farm started.
struct FarmCamera: Sendable {
    /// Path of its URL.
    let path: String
    let clip: Clip
    private let phase: Int64
    private let ssrc: UInt32
    private let firstSequence: UInt16
    private let firstTimestamp: UInt32

    /// Makes a camera.
    ///
    /// - Parameters:
    ///   - path: Path of its URL; it also decides where in the clip the camera begins, so that the keyframes of many
    ///     cameras do not fall together.
    ///   - clip: What it shows.
    ///   - seed: A number of the farm, from which source and first numbers come.
    init(path: String, clip: Clip, seed: UInt64) {
        self.path = path
        self.clip = clip
        self.phase = Int64(StableHash.of(path) % UInt64(clip.period))
        let identity = StableHash.of(path, seed: seed)
        let numbers = StableHash.of(path, seed: ~seed)
        self.ssrc = UInt32(truncatingIfNeeded: identity)
        self.firstSequence = UInt16(truncatingIfNeeded: numbers)
        self.firstTimestamp = UInt32(truncatingIfNeeded: numbers >> 16)
    }

    /// The picture of that number.
    func unit(_ number: Int) -> Clip.Unit {
        clip.units[number % clip.units.count]
    }

    /// When the picture of that number is sent.
    func due(_ number: Int) -> Int64 {
        Int64(number / clip.units.count) * clip.period + unit(number).due - phase
    }

    /// The number of the first keyframe that is sent at `elapsed` or later.
    func keyframe(from elapsed: Int64) -> Int {
        let time = max(0, elapsed + phase)
        let round = Int(time / clip.period)
        let rest = time % clip.period
        var low = 0
        var high = clip.keyframes.count
        while low < high {
            let middle = (low + high) / 2
            if clip.units[clip.keyframes[middle]].due < rest { low = middle + 1 } else { high = middle }
        }
        guard low < clip.keyframes.count else { return (round + 1) * clip.units.count }
        return round * clip.units.count + clip.keyframes[low]
    }

    /// What the RTP headers of the picture say.
    func position(_ number: Int) -> RTPPosition {
        let round = number / clip.units.count
        let unit = unit(number)
        let packet = round * clip.packetCount + unit.firstPacket
        let ticks = Int64(round) * clip.periodTicks + unit.timestamp
        return RTPPosition(
            sequence: firstSequence &+ UInt16(truncatingIfNeeded: packet),
            timestamp: firstTimestamp &+ UInt32(truncatingIfNeeded: ticks),
            ssrc: ssrc
        )
    }

    /// The RTP time of an instant.
    func timestamp(at elapsed: Int64) -> UInt32 {
        firstTimestamp &+ UInt32(truncatingIfNeeded: Clip.ticks(elapsed + phase))
    }
}

import Flow

/// What a camera shows in endless rounds: its quiet clip, and now and then a clip in which something moves.
///
/// A round is a list of segments, each from a keyframe to a keyframe, without a gap. Shared by all cameras of a clip;
/// each begins at another place of the round, so at any moment about the wanted share of them shows motion. Pictures and
/// packets are counted through the round, times are microseconds from its beginning.
final class Programme: Sendable {
    /// Pictures of one clip that follow each other.
    struct Segment: Sendable {
        /// The clip that they are from.
        var clip: Clip
        /// Their positions in it; the first is a keyframe.
        var units: Range<Int>
        /// When the first is sent.
        var start: Int64
        /// Pictures of the round in front of it.
        var firstNumber: Int
        /// Packets of the round in front of it.
        var firstPacket: Int
        /// True when it is a motion clip.
        var isMotion: Bool
    }

    /// One picture of the round.
    struct Picture {
        /// The clip that it is from.
        var clip: Clip
        /// Its position in the clip.
        var index: Int
        /// When it is sent, microseconds after the round began.
        var due: Int64
        /// Packets of the round in front of it.
        var firstPacket: Int

        /// The picture as its clip has it.
        var unit: Clip.Unit { clip.units[index] }
    }

    /// The segments of a round, in the order in which they are shown.
    let segments: [Segment]
    /// Length of a round in microseconds.
    let period: Int64
    /// How many pictures a round has.
    let unitCount: Int
    /// How many packets a round has.
    let packetCount: Int
    /// The clip that a description tells about.
    let quiet: Clip

    /// Of each segment the first number and the start, for looking up.
    private let firstNumbers: [Int]
    private let starts: [Int64]

    /// Most segments of a round: a share that needs more is refused.
    private static let maximumSegments = 10_000

    /// Makes the round of a quiet clip.
    ///
    /// - Parameters:
    ///   - quiet: What is shown mostly.
    ///   - motion: What is shown instead, one clip after the other; the quiet clip goes on behind each.
    ///   - share: Share of the time that the motion clips get, 0…1.
    /// - Throws: `badOption` when the share is so small that a round would be longer than is sensible.
    init(quiet: Clip, motion: [Clip] = [], share: Double = 0) throws(SimulatorError) {
        var builder = Builder()
        if motion.isEmpty || share <= 0 { builder.append(quiet, 0..<quiet.units.count, isMotion: false) }
        // Quiet time is dealt out in whole groups of pictures; what was too much is taken off the next.
        var debt: Int64 = 0
        var key = 0
        for clip in motion where share > 0 {
            builder.append(clip, 0..<clip.units.count, isMotion: true)
            let wanted = Double(clip.period) * (1 - share) / share
            guard wanted < 1e13 else { throw Self.tooLong(share) }
            var rest = Int64(wanted) - debt
            while rest > 0 {
                let first = quiet.keyframes[key]
                let end = quiet.keyframes.partitioningIndex { quiet.units[$0].due >= quiet.units[first].due + rest }
                key = end < quiet.keyframes.count ? end : 0
                let last = key == 0 ? quiet.units.count : quiet.keyframes[key]
                rest -= builder.append(quiet, first..<last, isMotion: false)
                guard builder.segments.count <= Self.maximumSegments else { throw Self.tooLong(share) }
            }
            debt = -rest
        }
        self.segments = builder.segments
        self.period = builder.time
        self.unitCount = builder.units
        self.packetCount = builder.packets
        self.quiet = quiet
        self.firstNumbers = builder.segments.map(\.firstNumber)
        self.starts = builder.segments.map(\.start)
    }

    private static func tooLong(_ share: Double) -> SimulatorError {
        SimulatorError(
            .badOption,
            "a motion share of \(share) is too small for such short motion clips; use a larger share or longer clips"
        )
    }

    private struct Builder {
        var segments: [Segment] = []
        var time: Int64 = 0
        var units = 0
        var packets = 0

        /// Appends pictures and returns how long they last.
        @discardableResult
        mutating func append(_ clip: Clip, _ range: Range<Int>, isMotion: Bool) -> Int64 {
            segments.append(
                Segment(
                    clip: clip,
                    units: range,
                    start: time,
                    firstNumber: units,
                    firstPacket: packets,
                    isMotion: isMotion
                )
            )
            let end = range.upperBound < clip.units.count ? clip.units[range.upperBound].due : clip.period
            let length = end - clip.units[range.lowerBound].due
            time += length
            units += range.count
            packets += clip.units[range.upperBound - 1].packets.upperBound
            packets -= clip.units[range.lowerBound].packets.lowerBound
            return length
        }
    }

    /// The picture of that number, 0 ≤ number < `unitCount`.
    func picture(_ number: Int) -> Picture {
        let segment = segments[firstNumbers.partitioningIndex { $0 > number } - 1]
        let index = segment.units.lowerBound + number - segment.firstNumber
        let first = segment.clip.units[segment.units.lowerBound]
        let unit = segment.clip.units[index]
        return Picture(
            clip: segment.clip,
            index: index,
            due: segment.start + unit.due - first.due,
            firstPacket: segment.firstPacket + unit.packets.lowerBound - first.packets.lowerBound
        )
    }

    /// The number of the first keyframe that is sent at `time` (within the round) or later; nil when none is.
    func keyframe(from time: Int64) -> Int? {
        let position = starts.partitioningIndex { $0 > time } - 1
        let segment = segments[position]
        let offset = segment.clip.units[segment.units.lowerBound].due - segment.start
        let keyframes = segment.clip.keyframes
        let key = keyframes.partitioningIndex { segment.clip.units[$0].due - offset >= time }
        if key < keyframes.count, keyframes[key] < segment.units.upperBound {
            // Keyframes in front of the segment are earlier than its start, so never found.
            return segment.firstNumber + keyframes[key] - segment.units.lowerBound
        }
        return position + 1 < segments.count ? segments[position + 1].firstNumber : nil
    }

    /// When the round shows motion: from a motion clip's first picture to its end.
    var motions: [Range<Int64>] {
        zip(segments, starts.dropFirst() + [period]).filter(\.0.isMotion).map { $0.start..<$1 }
    }

    /// A place of the round to begin at, chosen by `hash` evenly among those behind which no motion comes for
    /// `quietStart` microseconds; among all when there is none.
    func phase(_ hash: UInt64, quietStart: Int64) -> Int64 {
        guard quietStart > 0, !motions.isEmpty else { return Int64(hash % UInt64(period)) }
        // The first motion of the next round ends the last pause of this one.
        let ends = motions.map(\.lowerBound) + [period + motions[0].lowerBound]
        let pauses = zip([0] + motions.map(\.upperBound), ends)
            .map { (start: $0, length: min($1 - quietStart + 1, period) - $0) }.filter { $0.length > 0 }
        let sum = pauses.reduce(0) { $0 + $1.length }
        guard sum > 0 else { return Int64(hash % UInt64(period)) }
        var rest = Int64(hash % UInt64(sum))
        for pause in pauses {
            if rest < pause.length { return pause.start + rest }
            rest -= pause.length
        }
        return 0
    }

    /// Whether the round shows motion at `time` within it.
    func isMotion(at time: Int64) -> Bool {
        segments[starts.partitioningIndex { $0 > time } - 1].isMotion
    }
}

import Flow
import NIOCore
import RTSP

/// A clip in memory, cut into RTP packets once for all cameras that show it.
///
/// The packets of all pictures lie one behind the other as interleaved frames, with zeros where a receiver's own numbers
/// go: sending a picture is a copy of its bytes and a few stores a packet.
final class Clip: Sendable {
    /// One coded picture: when it is sent, and which packets are its own.
    struct Unit: Sendable {
        /// When it is sent, microseconds after the clip's first picture.
        var due: Int64
        /// RTP ticks by which it shows later than it is sent; not 0 where pictures are reordered.
        var reorder: Int64
        /// True when a player can start here.
        var isKeyframe: Bool
        /// Its packets, counted through the clip.
        var packets: Range<Int>
        /// Where its packets lie in the clip's `bytes`.
        var bytes: Range<Int>
        /// Bytes behind the RTP headers: what a sender report counts.
        var payloadBytes: Int
    }

    /// The name of the file it was read from, for messages.
    let name: String
    /// What a decoder must know beforehand.
    let parameterSets: ParameterSets
    /// The track as DESCRIBE shows it; made once, for a farm is asked ten thousands of times.
    let track: MediaDescription
    /// True when every keyframe brings its own parameter sets.
    let hasSetsInBand: Bool
    /// The pictures in decode order; the first is a keyframe.
    let units: [Unit]
    /// The positions of the keyframes in `units`.
    let keyframes: [Int]
    /// Microseconds from the first picture of one round to that of the next; a multiple of 100, so that it is a whole
    /// number of RTP ticks and endless rounds never drift.
    let period: Int64
    /// Where each packet begins in `bytes`, and at the end their length.
    let packetStarts: [Int]
    /// All packets as interleaved frames.
    let bytes: [UInt8]

    /// Packets that a camera sends in one round of the clip.
    var packetCount: Int { packetStarts.count - 1 }

    /// The name of the one track of a camera, below its URL.
    static let trackName = "trackID=0"

    /// Cuts `units` (in decode order, from a keyframe on) into packets of at most `packetSize` bytes.
    ///
    /// - Throws: `badClip` when there is nothing to show or the coding cannot be sent.
    init(name: String, format: StreamFormat, units: [AccessUnit], packetSize: Int = 1400) throws(SimulatorError) {
        guard let first = units.first, first.isKeyframe, let last = units.last else {
            throw SimulatorError(.badClip, "clip \(name) has no keyframe, so no player could start")
        }
        var made: [Unit] = []
        var bytes: [UInt8] = []
        var starts: [Int] = []
        do {
            let packetiser = try RTPPacketiser(codec: format.codec, maximumPayload: packetSize)
            self.parameterSets = try ParameterSets(accessUnit: first.bytes, codec: format.codec)
            for unit in units {
                let packets = packetiser.packetise(unit.bytes)
                let due = unit.decodeTime.microseconds - first.decodeTime.microseconds
                let from = (packet: starts.count, byte: bytes.count)
                Self.append(packets, to: &bytes, starts: &starts)
                made.append(
                    Unit(
                        due: due,
                        reorder: Self.ticks(unit.time.microseconds - unit.decodeTime.microseconds),
                        isKeyframe: unit.isKeyframe,
                        packets: from.packet..<starts.count,
                        bytes: from.byte..<bytes.count,
                        payloadBytes: packets.payloadBytes
                    )
                )
            }
        } catch {
            throw SimulatorError(.badClip, "clip \(name) cannot be served: \(error.message)")
        }
        self.name = name
        self.track = MediaDescription(video: parameterSets, control: Self.trackName)
        self.hasSetsInBand = units.allSatisfy { unit in
            !unit.isKeyframe || (try? ParameterSets(accessUnit: unit.bytes, codec: format.codec)) != nil
        }
        self.units = made
        self.keyframes = made.indices.filter { made[$0].isKeyframe }
        self.bytes = bytes
        self.packetStarts = starts + [bytes.count]
        let length = last.decodeTime.microseconds - first.decodeTime.microseconds
        // The last picture stays as long as the others do on average; a single one stays a second.
        let whole = made.count > 1 ? length + length / Int64(made.count - 1) : 1_000_000
        self.period = max((whole + 50) / 100 * 100, 1000)
    }

    private static func append(_ unit: InterleavedUnit, to bytes: inout [UInt8], starts: inout [Int]) {
        let frames = unit.stamped(channel: 0, sequence: 0, timestamp: 0, ssrc: 0)
        var position = frames.readerIndex
        // Each frame says behind its channel how long it is.
        while let length: UInt16 = frames.getInteger(at: position + 2) {
            starts.append(bytes.count + position - frames.readerIndex)
            position += 4 + Int(length)
        }
        bytes.append(contentsOf: frames.readableBytesView)
    }

    /// Microseconds as ticks of 90 kHz, rounded to the nearest.
    static func ticks(_ microseconds: Int64) -> Int64 {
        let scaled = microseconds * 9
        return scaled >= 0 ? (scaled + 50) / 100 : (scaled - 50) / 100
    }

    /// Whether a player of `other` can go on with this clip: the coding is the same, and so are its parameter sets, or
    /// they come with each keyframe.
    func canReplace(_ other: Clip) -> Bool {
        parameterSets.codec == other.parameterSets.codec && (parameterSets == other.parameterSets || hasSetsInBand)
    }

    /// The end of the group of pictures at `position`: the position of the next keyframe, or the number of pictures.
    func groupEnd(of position: Int) -> Int {
        let next = keyframes.partitioningIndex { $0 > position }
        return next < keyframes.count ? keyframes[next] : units.count
    }
}

extension Array {
    /// The first position for which `isBehind` holds, found by bisection: it must hold for all after that, too.
    func partitioningIndex(where isBehind: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

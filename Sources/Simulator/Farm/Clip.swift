import Flow
import RTSP

/// A clip in memory, cut into RTP packets once for all cameras that show it.
struct Clip: Sendable {
    /// One coded picture.
    struct Unit: Sendable {
        /// When it is sent, microseconds after the clip's first picture.
        var due: Int64
        /// Its RTP time, 90 kHz ticks after the clip's beginning; pictures that are reordered show later than sent.
        var timestamp: Int64
        /// True when a player can start here.
        var isKeyframe: Bool
        /// Packets of the clip in front of it.
        var firstPacket: Int
        /// Its packets.
        var packets: InterleavedUnit
    }

    /// File name, for people.
    let name: String
    /// What a decoder must know beforehand.
    let parameterSets: ParameterSets
    /// The pictures in decode order; the first is a keyframe.
    let units: [Unit]
    /// The positions of the keyframes in `units`.
    let keyframes: [Int]
    /// Microseconds from the first picture of one round to that of the next; a multiple of 100, so that it is a whole
    /// number of RTP ticks and endless rounds never drift.
    let period: Int64
    /// Packets of one round.
    let packetCount: Int

    /// RTP ticks of a round.
    var periodTicks: Int64 { Self.ticks(period) }

    /// Cuts `units` (in decode order, from a keyframe on) into packets.
    ///
    /// - Throws: `badClip` when there is nothing to show or the coding cannot be sent.
    init(name: String, format: StreamFormat, units: [AccessUnit]) throws(SimulatorError) {
        guard let first = units.first, first.isKeyframe, let last = units.last else {
            throw SimulatorError(.badClip, "clip \(name) has no keyframe, so no player could start")
        }
        var made: [Unit] = []
        var packetCount = 0
        do {
            let packetiser = try RTPPacketiser(codec: format.codec)
            self.parameterSets = try ParameterSets(accessUnit: first.bytes, codec: format.codec)
            for unit in units {
                let packets = packetiser.packetise(unit.bytes)
                made.append(
                    Unit(
                        due: unit.decodeTime.microseconds - first.decodeTime.microseconds,
                        timestamp: Self.ticks(unit.time.microseconds - first.decodeTime.microseconds),
                        isKeyframe: unit.isKeyframe,
                        firstPacket: packetCount,
                        packets: packets
                    )
                )
                packetCount += packets.packets
            }
        } catch {
            throw SimulatorError(.badClip, "clip \(name) cannot be served: \(error.message)")
        }
        self.name = name
        self.units = made
        self.keyframes = made.indices.filter { made[$0].isKeyframe }
        self.packetCount = packetCount
        let length = last.decodeTime.microseconds - first.decodeTime.microseconds
        // The last picture stays as long as the others do on average; a single one stays a second.
        let whole = made.count > 1 ? length + length / Int64(made.count - 1) : 1_000_000
        self.period = max((whole + 50) / 100 * 100, 1000)
    }

    /// Microseconds as ticks of 90 kHz, rounded to the nearest.
    static func ticks(_ microseconds: Int64) -> Int64 {
        let scaled = microseconds * 9
        return scaled >= 0 ? (scaled + 50) / 100 : (scaled - 50) / 100
    }

    /// Bytes of all packets.
    var bytes: Int { units.reduce(0) { $0 + $1.packets.wireBytes } }
}

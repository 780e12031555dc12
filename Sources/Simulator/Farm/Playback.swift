import Flow
import RTSP

/// One camera's stream on its way to one client: which picture comes next, and what a client that is too slow loses.
///
/// Pure: the owner asks with the time and whether the client keeps up, and sends what was put into the batch.
struct Playback: Sendable {
    /// What a call has done.
    struct Outcome: Hashable {
        /// Pictures put into the batch.
        var units = 0
        /// Pictures lost because the client reads too slowly.
        var dropped = 0
        /// Packets that a fault took away.
        var lostPackets = 0
    }

    private struct Frozen {
        var clip: Clip
        var units: Range<Int>
        var next: Int
    }

    /// When the next picture is due.
    private(set) var nextDue: Int64

    private let channels: TransportHeader.Channels
    private let startedAt: MediaTime
    private var number: Int
    private var upcoming: Programme.Picture
    private var sequence: UInt16
    private var isDropping = false
    private var frozen: Frozen?
    private var nextReport: Int64?
    private var packets: UInt32 = 0
    private var bytes: UInt32 = 0

    /// Microseconds between sender reports.
    private static let reportInterval: Int64 = 5_000_000

    /// Starts at the next keyframe.
    ///
    /// - Parameters:
    ///   - camera: Whose stream; the same with every call.
    ///   - channels: Where the client wants it.
    ///   - elapsed: Microseconds since the farm started.
    ///   - startedAt: When the farm started, since the Unix epoch.
    init(camera: FarmCamera, channels: TransportHeader.Channels, elapsed: Int64, startedAt: MediaTime) {
        self.channels = channels
        self.startedAt = startedAt
        self.number = camera.keyframe(from: elapsed)
        self.upcoming = camera.picture(number)
        self.sequence = camera.position(number).sequence
        self.nextDue = camera.due(number, upcoming)
    }

    /// Puts the pictures that are due at `elapsed` into `batch`, as long as it is shorter than `limit` bytes.
    ///
    /// A client that cannot take a picture gets none until the next keyframe that it can take: a player shows a gap
    /// then, never a picture built on one that is missing. The same holds behind a stall.
    mutating func fill(
        _ batch: inout SendBatch,
        from camera: FarmCamera,
        at elapsed: Int64,
        isWritable: Bool,
        faults: FaultPlan.Kinds = [],
        limit: Int = .max
    ) -> Outcome {
        var outcome = Outcome()
        let spoiler = PacketSpoiler(faults, ssrc: camera.ssrc)
        while nextDue <= elapsed, batch.count < limit {
            if upcoming.unit.isKeyframe { beginGroup(isFrozen: faults.contains(.freeze)) }
            let (unit, clip) = nextUnit()
            if !isWritable || faults.contains(.stall) {
                isDropping = true
            } else if unit.isKeyframe {
                isDropping = false
            }
            if isDropping {
                outcome.dropped += faults.contains(.stall) ? 0 : 1
            } else {
                let stamp = SendBatch.Stamp(
                    channel: channels.rtp,
                    sequence: sequence,
                    timestamp: camera.timestamp(at: nextDue, reorder: unit.reorder),
                    ssrc: camera.ssrc
                )
                if let spoiler {
                    outcome.lostPackets += batch.append(unit, of: clip, stamp, spoiledBy: spoiler)
                } else {
                    batch.append(unit, of: clip, stamp)
                }
                outcome.units += 1
                packets &+= UInt32(truncatingIfNeeded: unit.packets.count)
                bytes &+= UInt32(truncatingIfNeeded: unit.payloadBytes)
            }
            sequence &+= UInt16(truncatingIfNeeded: unit.packets.count)
            number += 1
            upcoming = camera.picture(number)
            nextDue = camera.due(number, upcoming)
        }
        return outcome
    }

    /// A frozen camera repeats the group of pictures in which the freeze began.
    private mutating func beginGroup(isFrozen: Bool) {
        guard isFrozen else { return frozen = nil }
        guard frozen == nil else { return }
        let units = upcoming.index..<upcoming.clip.groupEnd(of: upcoming.index)
        frozen = Frozen(clip: upcoming.clip, units: units, next: upcoming.index)
    }

    private mutating func nextUnit() -> (Clip.Unit, Clip) {
        guard let held = frozen else { return (upcoming.unit, upcoming.clip) }
        let next = held.next + 1
        frozen?.next = next < held.units.upperBound ? next : held.units.lowerBound
        return (held.clip.units[held.next], held.clip)
    }

    /// The sender report when one is due: soon after the first picture, then every five seconds.
    mutating func report(from camera: FarmCamera, at elapsed: Int64) -> InterleavedFrame? {
        guard packets > 0, elapsed >= nextReport ?? elapsed else { return nil }
        nextReport = elapsed + Self.reportInterval
        let report = SenderReport(
            ssrc: camera.ssrc,
            time: MediaTime(microseconds: startedAt.microseconds + elapsed),
            timestamp: camera.timestamp(at: elapsed),
            packets: packets,
            bytes: bytes
        )
        return InterleavedFrame(channel: channels.rtcp, payload: report.packet(name: camera.path))
    }
}

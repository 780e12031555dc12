import Flow
import NIOCore
import RTSP

/// One camera's stream on its way to one client: which picture comes next, and what a client that is too slow loses.
///
/// Pure: the owner asks with the time and whether the client keeps up, and writes what comes out.
struct Playback: Sendable {
    /// What to do next.
    enum Step {
        /// Write these frames.
        case send(ByteBuffer)
        /// Nothing: this picture is lost to the client.
        case dropped
    }

    private let camera: FarmCamera
    private let channels: TransportHeader.Channels
    private let startedAt: MediaTime
    private var number: Int
    private var isDropping = false
    private var nextReport: Int64?
    private var packets: UInt32 = 0
    private var bytes: UInt32 = 0

    /// Microseconds between sender reports.
    private static let reportInterval: Int64 = 5_000_000

    /// Starts at the next keyframe.
    ///
    /// - Parameters:
    ///   - camera: Whose stream.
    ///   - channels: Where the client wants it.
    ///   - elapsed: Microseconds since the farm started.
    ///   - startedAt: When the farm started, since the Unix epoch.
    init(camera: FarmCamera, channels: TransportHeader.Channels, elapsed: Int64, startedAt: MediaTime) {
        self.camera = camera
        self.channels = channels
        self.startedAt = startedAt
        self.number = camera.keyframe(from: elapsed)
    }

    /// The next step that is due at `elapsed`; nil when nothing is.
    ///
    /// A client that cannot take a picture gets none until the next keyframe that it can take: a player shows a gap
    /// then, never a picture built on one that is missing.
    mutating func next(at elapsed: Int64, isWritable: Bool) -> Step? {
        guard camera.due(number) <= elapsed else { return nil }
        let unit = camera.unit(number)
        let position = camera.position(number)
        number += 1
        if !isWritable {
            isDropping = true
        } else if unit.isKeyframe {
            isDropping = false
        }
        guard !isDropping else { return .dropped }
        packets &+= UInt32(truncatingIfNeeded: unit.packets.packets)
        bytes &+= UInt32(truncatingIfNeeded: unit.packets.payloadBytes)
        return .send(
            unit.packets.stamped(
                channel: channels.rtp,
                sequence: position.sequence,
                timestamp: position.timestamp,
                ssrc: position.ssrc
            )
        )
    }

    /// The sender report when one is due: soon after the first picture, then every five seconds.
    mutating func report(at elapsed: Int64) -> InterleavedFrame? {
        guard packets > 0, elapsed >= nextReport ?? elapsed else { return nil }
        nextReport = elapsed + Self.reportInterval
        let report = SenderReport(
            ssrc: camera.position(0).ssrc,
            time: MediaTime(microseconds: startedAt.microseconds + elapsed),
            timestamp: camera.timestamp(at: elapsed),
            packets: packets,
            bytes: bytes
        )
        return InterleavedFrame(channel: channels.rtcp, payload: report.packet(name: camera.path))
    }
}

import Flow
import NIOCore
import RTSP
import Testing

@testable import Simulator

@Suite struct PlaybackTests {
    private let channels = TransportHeader.Channels(rtp: 2, rtcp: 3)

    private func playback(
        of programme: Programme? = nil,
        path: String = "cam/0001",
        at elapsed: Int64 = 0
    ) throws -> (Playback, FarmCamera) {
        let programme = try programme ?? Programme(quiet: makeClip())
        let camera = FarmCamera(path: path, programme: programme, seed: 1)
        let started = MediaTime(microseconds: 1_000_000_000)
        return (Playback(camera: camera, channels: channels, elapsed: elapsed, startedAt: started), camera)
    }

    /// A packet as it was sent.
    private struct Packet {
        var header: RTPHeader
        var payload: [UInt8]
        /// A keyframe's picture, which follows its parameter sets.
        var isKeyframe: Bool { payload.first == 0x65 }
    }

    /// The packets of a batch.
    private func packets(_ batch: SendBatch) throws -> [Packet] {
        var buffer = ByteBuffer(bytes: batch.bytes)
        var parser = RTSPParser()
        var found: [Packet] = []
        while case .interleaved(var frame)? = try parser.next(&buffer) {
            #expect(frame.channel == 2)
            let header = try RTPHeader(reading: &frame.payload)
            found.append(Packet(header: header, payload: Array(buffer: frame.payload)))
        }
        #expect(buffer.readableBytes == 0)
        return found
    }

    private func fill(
        _ playback: inout Playback,
        _ camera: FarmCamera,
        _ elapsed: Int64,
        isWritable: Bool = true,
        faults: FaultPlan.Kinds = []
    ) throws -> (packets: [Packet], outcome: Playback.Outcome) {
        var batch = SendBatch(capacity: 100)
        let outcome = playback.fill(&batch, from: camera, at: elapsed, isWritable: isWritable, faults: faults)
        return (try packets(batch), outcome)
    }

    @Test("nothing is sent before the first keyframe is due, then every picture at its time")
    func schedule() throws {
        var (playback, camera) = try playback(at: 100_000)
        let first = camera.keyframe(from: 100_000)
        #expect(try fill(&playback, camera, camera.due(first) - 1).packets.isEmpty)
        for number in first..<(first + 23) {
            #expect(playback.nextDue == camera.due(number))
            let (packets, outcome) = try fill(&playback, camera, camera.due(number))
            #expect(outcome == Playback.Outcome(units: 1))
            #expect(packets.first?.header.sequence == camera.position(number).sequence)
            #expect(packets.last?.header.marker == true)
            #expect(packets.allSatisfy { $0.header.timestamp == camera.position(number).timestamp })
            #expect(try fill(&playback, camera, camera.due(number)).packets.isEmpty)
        }
    }

    @Test("all that came due meanwhile goes into one batch, in order and complete")
    func coalesced() throws {
        var (single, camera) = try playback()
        var (coalesced, _) = try playback()
        let first = camera.keyframe(from: 0)
        var bytes: [UInt8] = []
        for number in first..<(first + 11) {
            var batch = SendBatch(capacity: 0)
            _ = single.fill(&batch, from: camera, at: camera.due(number), isWritable: true)
            bytes += batch.bytes
        }
        var batch = SendBatch(capacity: 0)
        let outcome = coalesced.fill(&batch, from: camera, at: camera.due(first) + 400_000, isWritable: true)
        #expect(outcome.units == 11)
        #expect(batch.bytes == bytes)
    }

    @Test("a batch that is long enough takes no further picture; the rest follows")
    func limited() throws {
        var (playback, camera) = try playback()
        let late = camera.due(camera.keyframe(from: 0)) + 400_000
        var counts: [Int] = []
        repeat {
            var batch = SendBatch(capacity: 0)
            counts.append(playback.fill(&batch, from: camera, at: late, isWritable: true, limit: 60).units)
        } while playback.nextDue <= late
        #expect(counts.count > 2)
        #expect(counts.reduce(0, +) == 11)
    }

    @Test("times to send are an interval apart, and spread over it by the cameras' paths", arguments: [0, 1_000_000])
    func sendTimes(interval: Int64) throws {
        var phases: Set<Int64> = []
        for number in 0..<50 {
            let camera = try playback(path: "cam/\(number)").1
            var time = camera.sendTime(from: 5_000_000, interval: interval)
            #expect((5_000_000...5_000_000 + interval).contains(time))
            phases.insert(time)
            for _ in 0..<5 {
                #expect(camera.sendTime(from: time, interval: interval) == time)
                let next = camera.sendTime(from: time + 1, interval: interval)
                #expect(next - time == max(interval, 1))
                time = next
            }
        }
        #expect(phases.count == (interval == 0 ? 1 : 50))
    }

    @Test("a client that was too slow gets nothing until the next keyframe, and sees the gap in the numbers")
    func slow() throws {
        var (playback, camera) = try playback()
        let first = camera.keyframe(from: 0)
        var log = ""
        for offset in 0..<20 {
            // It cannot take picture 3 and, later, the keyframe 10; both times it can again right afterwards.
            let isWritable = offset != 3 && offset != 10
            let (packets, outcome) = try fill(&playback, camera, camera.due(first + offset), isWritable: isWritable)
            #expect(outcome.units + outcome.dropped == 1)
            if let packet = packets.first {
                #expect(packet.header.sequence == camera.position(first + offset).sequence)
            }
            log += packets.isEmpty ? "-" : camera.unit(first + offset).isKeyframe ? "K" : "p"
        }
        #expect(log == "Kpp--Kpppp-----Kpppp")
    }

    @Test("a stall sends nothing, drops nothing of the client's, and ends with a keyframe")
    func stall() throws {
        var (playback, camera) = try playback()
        let first = camera.keyframe(from: 0)
        var log = ""
        for offset in 0..<15 {
            let faults: FaultPlan.Kinds = (2..<7).contains(offset) ? .stall : []
            let (packets, outcome) = try fill(&playback, camera, camera.due(first + offset), faults: faults)
            #expect(outcome.dropped == ((7..<10).contains(offset) ? 1 : 0))
            log += packets.isEmpty ? "-" : camera.unit(first + offset).isKeyframe ? "K" : "p"
        }
        #expect(log == "Kp--------Kpppp")
    }

    @Test("a frozen camera repeats one group of pictures with running numbers, and goes on at a keyframe")
    func freeze() throws {
        // Groups of five and of seven pictures: the repeated group and the hidden one do not end together.
        let programme = try Programme(
            quiet: makeClip(count: 35, gop: 7, first: 50),
            motion: [makeClip(count: 10, gop: 5)],
            share: 0.2
        )
        var (playback, camera) = try playback(of: programme)
        let first = camera.keyframe(from: 0)
        var all: [Packet] = []
        for offset in 0..<60 {
            let faults: FaultPlan.Kinds = (3..<40).contains(offset) ? .freeze : []
            all += try fill(&playback, camera, camera.due(first + offset), faults: faults).packets
        }
        for (here, next) in zip(all, all.dropFirst()) {
            #expect(next.header.sequence == here.header.sequence &+ 1)
            #expect(next.header.timestamp &- here.header.timestamp == (here.header.marker ? 3600 : 0))
        }
        let pictures = all.filter(\.header.marker).map { $0.payload.last ?? 0 }
        let start = try #require((3..<40).first { camera.unit(first + $0).isKeyframe })
        let end = try #require((40..<60).first { camera.unit(first + $0).isKeyframe })
        let length = try #require((1...7).first { camera.unit(first + start + $0).isKeyframe })
        for offset in start..<end { #expect(pictures[offset] == pictures[start + (offset - start) % length]) }
        let truth = (0..<60).map { camera.picture(first + $0) }.map { $0.clip.bytes[$0.unit.bytes.upperBound - 1] }
        #expect(pictures[..<start] == truth[..<start])
        #expect(pictures[end...] == truth[end...])
    }

    @Test("one packet in fifty is lost, with a gap in the numbers, the same for all who watch")
    func loss() throws {
        var runs: [[UInt16]] = []
        for _ in 0..<2 {
            var (playback, camera) = try playback()
            let (packets, outcome) = try fill(&playback, camera, 200_000_000, faults: .loss)
            #expect(packets.count + outcome.lostPackets > 6000)
            #expect((60...250).contains(outcome.lostPackets))
            let steps = zip(packets, packets.dropFirst()).map { $1.header.sequence &- $0.header.sequence }
            #expect(steps.reduce(0) { $0 + Int($1) - 1 } == outcome.lostPackets)
            runs.append(packets.map(\.header.sequence))
        }
        #expect(runs[0] == runs[1])
    }

    @Test("garbage damages payloads at one camera and puts stray bytes between packets at another")
    func garbage() throws {
        var kinds: Set<Bool> = []
        for number in 0..<8 {
            var (playback, camera) = try playback(path: "cam/\(number)")
            var (clean, _) = try self.playback(path: "cam/\(number)")
            var batch = SendBatch(capacity: 0)
            var truth = SendBatch(capacity: 0)
            _ = playback.fill(&batch, from: camera, at: 100_000_000, isWritable: true, faults: .garbage)
            _ = clean.fill(&truth, from: camera, at: 100_000_000, isWritable: true)
            #expect(batch.bytes != truth.bytes)
            kinds.insert(batch.count == truth.count)
            guard batch.count == truth.count else { continue }
            let (spoiled, whole) = (try packets(batch), try packets(truth))
            #expect(spoiled.map(\.header) == whole.map(\.header))
            let damaged = zip(spoiled, whole).count { $0.payload != $1.payload }
            #expect((20...130).contains(damaged), "\(damaged) of \(whole.count)")
        }
        #expect(kinds == [true, false])
    }

    @Test("reports begin with the first picture and come every five seconds with what was sent")
    func reports() throws {
        var (playback, camera) = try playback()
        let first = camera.due(camera.keyframe(from: 0))
        var reports: [InterleavedFrame?] = []
        for offset in [Int64(0), 0, 4_999_999, 5_000_000] {
            reports.append(playback.report(from: camera, at: first + offset))
            _ = try fill(&playback, camera, first)
        }
        #expect(reports.map { $0 != nil } == [false, true, false, true])
        var frame = try #require(reports[1])
        #expect(frame.channel == 3)
        frame.payload.moveReaderIndex(forwardBy: 16)
        let numbers = frame.payload.readMultipleIntegers(as: (UInt32, UInt32, UInt32).self)
        let (timestamp, packets, bytes) = try #require(numbers)
        #expect(timestamp == camera.position(camera.keyframe(from: 0)).timestamp)
        #expect(packets == 3)
        #expect(bytes == 4 + 2 + 2)
    }
}

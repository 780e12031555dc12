import Flow
import NIOCore
import RTSP
import Testing

@testable import Simulator

/// A clip of `count` pictures at 25 a second with a keyframe every `gop`, and a keyframe of three packets.
private func makeClip(count: Int = 10, gop: Int = 5) throws -> Clip {
    let units = (0..<count).map { index in
        let isKeyframe = index % gop == 0
        let sets: [UInt8] = [0, 0, 1, 0x67, 0x42, 0xc0, 0x1e, 0, 0, 1, 0x68, 0xce, 0, 0, 1, 0x65, UInt8(index + 1)]
        return AccessUnit(
            format: StreamFormat(codec: .h264, avCodecID: 27, width: 16, height: 16, extradata: []),
            time: MediaTime(microseconds: Int64(index) * 40_000),
            decodeTime: MediaTime(microseconds: Int64(index) * 40_000),
            isKeyframe: isKeyframe,
            bytes: isKeyframe ? sets : [0, 0, 1, 0x41, UInt8(index + 1)]
        )
    }
    return try Clip(name: "test", format: units[0].format, units: units)
}

@Suite struct FarmCameraTests {
    @Test("a clip knows its round: pictures, packets and length")
    func clip() throws {
        let clip = try makeClip()
        #expect(clip.period == 400_000)
        #expect(clip.packetCount == 2 * 3 + 8)
        #expect(clip.keyframes == [0, 5])
        #expect(try makeClip(count: 1).period == 1_000_000)
    }

    @Test("rounds follow each other without a seam in time, RTP time and sequence")
    func endless() throws {
        let camera = FarmCamera(path: "cam/0001", clip: try makeClip(), seed: 1)
        for number in 0..<55 {
            let here = camera.position(number)
            let next = camera.position(number + 1)
            #expect(camera.due(number + 1) - camera.due(number) == 40_000)
            #expect(next.timestamp &- here.timestamp == 3600)
            #expect(next.sequence &- here.sequence == (number % 5 == 0 ? 3 : 1))
            #expect(next.ssrc == here.ssrc)
        }
    }

    @Test("numbers wrap like those of a camera that runs for months")
    func wraps() throws {
        let camera = FarmCamera(path: "cam/0001", clip: try makeClip(), seed: 1)
        let number = 90 * 24 * 3600 * 25
        #expect(camera.due(number + 1) - camera.due(number) == 40_000)
        #expect(camera.position(number + 1).timestamp &- camera.position(number).timestamp == 3600)
    }

    @Test("a viewer starts at the first keyframe from now on", arguments: [0, 1, 39_999, 200_000, 210_000, 5_000_000])
    func keyframe(elapsed: Int64) throws {
        for path in ["cam/0001", "cam/0002", "cam/0003"] {
            let camera = FarmCamera(path: path, clip: try makeClip(), seed: 1)
            let number = camera.keyframe(from: elapsed)
            #expect(camera.unit(number).isKeyframe)
            #expect(camera.due(number) >= elapsed)
            #expect(camera.due(number) - elapsed < 200_000)
        }
    }

    @Test("cameras of one clip do not send their keyframes at the same time")
    func phases() throws {
        let clip = try makeClip(count: 50, gop: 50)
        let dues = (1...40).map { number in
            let camera = FarmCamera(path: "cam/\(number)", clip: clip, seed: 1)
            return camera.due(camera.keyframe(from: 0))
        }
        #expect(Set(dues).count > 35)
        #expect((dues.max() ?? 0) - (dues.min() ?? 0) > 1_500_000)
    }

    @Test("reordered pictures are sent in decode order with the time at which they show")
    func reordering() throws {
        // Decode order I P B B, shown I B B P, as an encoder with two B pictures writes it.
        let shown: [Int64] = [80_000, 200_000, 120_000, 160_000]
        let format = StreamFormat(codec: .h264, avCodecID: 27, width: 16, height: 16, extradata: [])
        let units = shown.enumerated().map { index, time in
            AccessUnit(
                format: format,
                time: MediaTime(microseconds: time),
                decodeTime: MediaTime(microseconds: Int64(index) * 40_000),
                isKeyframe: index == 0,
                bytes: index == 0 ? [0, 0, 1, 0x67, 1, 2, 3, 0, 0, 1, 0x68, 1, 0, 0, 1, 0x65, 1] : [0, 0, 1, 0x41, 1]
            )
        }
        let camera = FarmCamera(path: "c", clip: try Clip(name: "b", format: format, units: units), seed: 9)
        let first = camera.position(0).timestamp
        #expect((0..<5).map { camera.position($0).timestamp &- first } == [0, 10_800, 3600, 7200, 14_400])
    }

    @Test("a clip that no player could start is refused")
    func refuses() throws {
        let format = StreamFormat(codec: .h264, avCodecID: 27, width: 16, height: 16, extradata: [])
        let noSets = AccessUnit(
            format: format,
            time: .zero,
            decodeTime: .zero,
            isKeyframe: true,
            bytes: [0, 0, 1, 0x65, 1]
        )
        var notKey = noSets
        notKey.isKeyframe = false
        for units in [[], [noSets], [notKey]] {
            #expect(throws: SimulatorError.self) { try Clip(name: "x", format: format, units: units) }
        }
    }
}

@Suite struct PlaybackTests {
    private let channels = TransportHeader.Channels(rtp: 2, rtcp: 3)

    private func playback(at elapsed: Int64 = 0) throws -> (Playback, FarmCamera) {
        let camera = FarmCamera(path: "cam/0001", clip: try makeClip(), seed: 1)
        let started = MediaTime(microseconds: 1_000_000_000)
        return (Playback(camera: camera, channels: channels, elapsed: elapsed, startedAt: started), camera)
    }

    /// The first header among the frames of a step; nil for a dropped picture.
    private func header(_ step: Playback.Step) throws -> RTPHeader? {
        guard case .send(var buffer) = step else { return nil }
        var parser = RTSPParser()
        guard case .interleaved(var frame)? = try parser.next(&buffer) else { return nil }
        #expect(frame.channel == 2)
        return try RTPHeader(reading: &frame.payload)
    }

    private func isDue(_ playback: inout Playback, _ elapsed: Int64) -> Bool {
        playback.next(at: elapsed, isWritable: true) != nil
    }

    @Test("nothing is sent before the first keyframe is due, then every picture at its time")
    func schedule() throws {
        var (playback, camera) = try playback(at: 100_000)
        let first = camera.keyframe(from: 100_000)
        #expect(!isDue(&playback, camera.due(first) - 1))
        for number in first..<(first + 23) {
            let step = playback.next(at: camera.due(number), isWritable: true)
            #expect(try header(try #require(step))?.sequence == camera.position(number).sequence)
            #expect(!isDue(&playback, camera.due(number)))
        }
    }

    @Test("a late tick sends all that is due")
    func late() throws {
        var (playback, camera) = try playback()
        var sent = 0
        while playback.next(at: camera.due(camera.keyframe(from: 0)) + 400_000, isWritable: true) != nil { sent += 1 }
        #expect(sent == 11)
    }

    @Test("a client that was too slow gets nothing until the next keyframe")
    func slow() throws {
        var (playback, camera) = try playback()
        let first = camera.keyframe(from: 0)
        var log = ""
        for offset in 0..<20 {
            // It cannot take picture 3 and, later, the keyframe 10; both times it can again right afterwards.
            let step = playback.next(at: camera.due(first + offset), isWritable: offset != 3 && offset != 10)
            log += try header(try #require(step)) == nil ? "-" : camera.unit(first + offset).isKeyframe ? "K" : "p"
        }
        #expect(log == "Kpp--Kpppp-----Kpppp")
    }

    @Test("reports begin with the first picture and come every five seconds with what was sent")
    func reports() throws {
        var (playback, camera) = try playback()
        let first = camera.due(camera.keyframe(from: 0))
        let reports = [Int64(0), 0, 4_999_999, 5_000_000].map { offset in
            defer { _ = playback.next(at: first, isWritable: true) }
            return playback.report(at: first + offset)
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

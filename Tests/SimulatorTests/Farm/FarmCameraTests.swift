import Flow
import NIOCore
import RTSP
import Testing

@testable import Simulator

/// A clip of `count` pictures at 25 a second with a keyframe every `gop`, and a keyframe of three packets.
///
/// The last byte of each picture is its position, from `first` on.
func makeClip(count: Int = 10, gop: Int = 5, first: Int = 1, name: String = "test") throws -> Clip {
    let units = (0..<count).map { index in
        let isKeyframe = index % gop == 0
        let sets: [UInt8] = [
            0, 0, 1, 0x67, 0x42, 0xc0, 0x1e, 0, 0, 1, 0x68, 0xce, 0, 0, 1, 0x65,
            UInt8(truncatingIfNeeded: index + first),
        ]
        return AccessUnit(
            format: StreamFormat(codec: .h264, avCodecID: 27, width: 16, height: 16, extradata: []),
            time: MediaTime(microseconds: Int64(index) * 40_000),
            decodeTime: MediaTime(microseconds: Int64(index) * 40_000),
            isKeyframe: isKeyframe,
            bytes: isKeyframe ? sets : [0, 0, 1, 0x41, UInt8(truncatingIfNeeded: index + first)]
        )
    }
    return try Clip(name: name, format: units[0].format, units: units)
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
        let camera = FarmCamera(path: "cam/0001", programme: try Programme(quiet: makeClip()), seed: 1)
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
        let camera = FarmCamera(path: "cam/0001", programme: try Programme(quiet: makeClip()), seed: 1)
        let number = 90 * 24 * 3600 * 25
        #expect(camera.due(number + 1) - camera.due(number) == 40_000)
        #expect(camera.position(number + 1).timestamp &- camera.position(number).timestamp == 3600)
    }

    @Test("a viewer starts at the first keyframe from now on", arguments: [0, 1, 39_999, 200_000, 210_000, 5_000_000])
    func keyframe(elapsed: Int64) throws {
        for path in ["cam/0001", "cam/0002", "cam/0003"] {
            let camera = FarmCamera(path: path, programme: try Programme(quiet: makeClip()), seed: 1)
            let number = camera.keyframe(from: elapsed)
            #expect(camera.unit(number).isKeyframe)
            #expect(camera.due(number) >= elapsed)
            #expect(camera.due(number) - elapsed < 200_000)
        }
    }

    @Test("cameras of one clip do not send their keyframes at the same time")
    func phases() throws {
        let programme = try Programme(quiet: makeClip(count: 50, gop: 50))
        let dues = (1...40).map { number in
            let camera = FarmCamera(path: "cam/\(number)", programme: programme, seed: 1)
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
        let clip = try Clip(name: "b", format: format, units: units)
        let camera = FarmCamera(path: "c", programme: try Programme(quiet: clip), seed: 9)
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

@Suite struct ProgrammeTests {
    private func programme(share: Double, motionCount: Int = 25) throws -> Programme {
        let moving = try makeClip(count: motionCount, gop: 5, first: 101, name: "moving")
        return try Programme(quiet: makeClip(count: 50, gop: 10, name: "quiet"), motion: [moving], share: share)
    }

    @Test("motion gets its share of the time, to within a group of pictures", arguments: [0.05, 0.3, 0.5, 1])
    func share(share: Double) throws {
        let programme = try programme(share: share)
        let motion = programme.segments.filter(\.isMotion).count
        let wanted = Double(motion) * 1_000_000 / share
        #expect(abs(Double(programme.period) - wanted) <= 400_000)
    }

    @Test("at any moment about the wanted share of many cameras shows motion, and each does in its turn")
    func spread() throws {
        let programme = try programme(share: 0.2)
        let cameras = (0..<1000).map { FarmCamera(path: "cam/\($0)", programme: programme, seed: 1) }
        for elapsed in [Int64(0), 1_700_000, 123_456_789] {
            let moving = cameras.count { $0.isMotion(at: elapsed) }
            #expect((150...250).contains(moving), "\(moving) of 1000 at \(elapsed)")
        }
        for camera in cameras.prefix(20) {
            let shown = stride(from: Int64(0), to: programme.period, by: 100_000).count { camera.isMotion(at: $0) }
            #expect((9...11).contains(shown))
        }
    }

    @Test("with a quiet start no camera shows motion at first, and still each begins at another place of its round")
    func quietStart() throws {
        let programme = try programme(share: 0.2)
        let pause: Int64 = 2_500_000
        let cameras = (0..<300).map {
            FarmCamera(path: "cam/\($0)", programme: programme, seed: 1, quietStart: pause)
        }
        for elapsed in stride(from: Int64(0), to: pause, by: 20_000) {
            #expect(!cameras.contains { $0.isMotion(at: elapsed) }, "at \(elapsed)")
        }
        let firsts = cameras.compactMap { $0.motions(until: programme.period + 1_000_000).first?.lowerBound }
        #expect(firsts.count == 300)
        #expect(Set(firsts).count > 290)
        // Longer than any pause: nothing can be promised, so nothing changes.
        let other = FarmCamera(path: "cam/1", programme: programme, seed: 1, quietStart: programme.period)
        #expect(other.due(0) == FarmCamera(path: "cam/1", programme: programme, seed: 1).due(0))
    }

    @Test("clips follow each other at keyframes, in time and number without a seam")
    func seams() throws {
        let programme = try programme(share: 0.3)
        let camera = FarmCamera(path: "cam/0001", programme: programme, seed: 1)
        var names: Set<String> = []
        for number in 0..<(2 * programme.unitCount) {
            let here = camera.picture(number)
            let next = camera.picture(number + 1)
            names.insert(here.clip.name)
            if here.clip.name != next.clip.name { #expect(next.unit.isKeyframe) }
            #expect(camera.due(number + 1) - camera.due(number) == 40_000)
            let (from, to) = (camera.position(number), camera.position(number + 1))
            #expect(to.timestamp &- from.timestamp == 3600)
            #expect(to.sequence &- from.sequence == UInt16(here.unit.packets.count))
        }
        #expect(names == ["quiet", "moving"])
    }

    @Test("the first keyframe from any moment on is found, as a search of all pictures finds it")
    func keyframes() throws {
        let programme = try programme(share: 0.3)
        let camera = FarmCamera(path: "cam/0001", programme: programme, seed: 1)
        for elapsed in stride(from: Int64(0), through: 2 * programme.period, by: 37_000) {
            let found = camera.keyframe(from: elapsed)
            let expected = (0...(4 * programme.unitCount)).first { number in
                camera.unit(number).isKeyframe && camera.due(number) >= elapsed
            }
            #expect(found == expected)
        }
    }

    @Test("a share that would make a round endless is refused")
    func tooSmall() throws {
        for share in [1e-6, 1e-30] {
            #expect(throws: SimulatorError.self) { try programme(share: share) }
        }
    }

    @Test("the stretches of motion are those in which motion is shown", arguments: ["cam/1", "cam/2", "cam/77"])
    func motions(path: String) throws {
        let programme = try Programme(quiet: makeClip(), motion: [makeClip(first: 50), makeClip(count: 5)], share: 0.3)
        let camera = FarmCamera(path: path, programme: programme, seed: 1)
        let motions = camera.motions(until: 20_000_000)
        #expect(!motions.isEmpty)
        // What began before the farm did is left out.
        let first = try #require(stride(from: Int64(0), to: 20_000_000, by: 1000).first { !camera.isMotion(at: $0) })
        for time in stride(from: first, to: 20_000_000, by: 1000) {
            #expect(camera.isMotion(at: time) == motions.contains { $0.contains(time) })
        }
    }
}

import Flow
import Foundation
import TestSupport
import Testing

@testable import Media

@Suite(.ownThread) struct DecoderTests {
    /// Keyframes of streams that differ in coding, size and parameter sets but not in the ids of the sets.
    private func cameras() throws -> [[AccessUnit]] {
        let sources: [(name: String, size: String, coding: [String])] = [
            ("a.mp4", "320x180", Clips.h264), ("b2.mp4", "352x288", Clips.h264WithB), ("c.mp4", "320x240", Clips.h265),
            ("d.mp4", "640x360", Clips.h265), ("e.avi", "320x180", Clips.mjpeg),
            ("f.mp4", "320x180", Clips.h264 + ["-profile:v", "baseline"]),
        ]
        return try sources.map { source in
            try Clips.units(try Clips.pattern(source.name, size: source.size, seconds: 3, source.coding))
                .filter(\.isKeyframe).prefix(3).map(\.self)
        }
    }

    @Test("one pooled decoder gives every camera the same pictures as a decoder of its own")
    func pooledEqualsPrivate() throws {
        let cameras = try cameras()
        let pool = KeyframeDecoder()
        for round in 0..<3 {
            for camera in cameras {
                let unit = camera[round]
                let plane = try pool.decode(unit) { $0.lumaPlane() }
                #expect(plane == (try Clips.privatePlane(unit)))
                #expect(try pool.decode(unit) { $0.time } == unit.time)
            }
        }
    }

    @Test("a keyframe without its parameter sets is refused, though another camera's are still there")
    func refusesForeignSets() throws {
        let pool = KeyframeDecoder()
        for codec in [StreamFormat.Codec.h264, .h265] {
            let path = try Clips.pattern(codec == .h264 ? "a.mp4" : "c.mp4", codec == .h264 ? Clips.h264 : Clips.h265)
            var unit = try #require(try Clips.units(path).first)
            _ = try pool.decode(unit) { $0.width }
            let sets = ParameterSets(of: unit.bytes, codec: codec).bytes
            var slices: [UInt8] = []
            unit.bytes.withUnsafeBytes { buffer in
                AnnexB.forEachUnit(in: buffer) { nal in
                    let isSet = sets.count > 0 && ParameterSets(of: [0, 0, 1] + nal, codec: codec).bytes.count > 0
                    if !isSet { slices += [0, 0, 1] + nal }
                }
            }
            unit.bytes = slices
            let error = #expect(throws: MediaError.self) { try pool.decode(unit) { $0.width } }
            #expect(error?.code == .missingParameterSets)
        }
    }

    @Test("a damaged keyframe is refused and leaves no trace in the next camera", arguments: [0.02, 0.5, 0.9, 0.95])
    func damageDoesNotLeak(share: Double) throws {
        let cameras = try cameras()
        let pool = KeyframeDecoder()
        for (index, camera) in cameras.enumerated() where camera[0].format.codec != .mjpeg {
            var broken = camera[0]
            broken.bytes = Array(broken.bytes.prefix(Int(Double(broken.bytes.count) * share)))
            let error = #expect(throws: MediaError.self) { try pool.decode(broken) { $0.width } }
            #expect(error?.code == .brokenData || error?.code == .missingParameterSets)
            for next in [camera[1], cameras[(index + 1) % cameras.count][1]] {
                #expect(try pool.decode(next) { $0.lumaPlane() } == Clips.privatePlane(next))
            }
        }
    }

    @Test("what is no keyframe, or empty, or of no known coding is refused")
    func refusesNonsense() throws {
        let units = try Clips.units(try Clips.pattern("a.mp4", Clips.h264))
        let pool = KeyframeDecoder()
        #expect(throws: MediaError.self) { try pool.decode(units[1]) { $0.width } }
        for codec in [StreamFormat.Codec.h264, .h265, .mjpeg, .other] {
            let format = StreamFormat(codec: codec, avCodecID: 0, width: 0, height: 0, extradata: [])
            let unit = AccessUnit(format: format, time: .zero, decodeTime: .zero, isKeyframe: true, bytes: [])
            #expect(throws: MediaError.self) { try pool.decode(unit) { $0.width } }
        }
    }

    @Test("an error of the body comes through")
    func bodyThrows() throws {
        let unit = try #require(try Clips.units(try Clips.pattern("a.mp4", Clips.h264)).first)
        let error = #expect(throws: MediaError.self) {
            try KeyframeDecoder().decode(unit) { (_: borrowing Picture) throws(MediaError) -> Int in
                throw MediaError(.writeFailed, "mine")
            }
        }
        #expect(error?.code == .writeFailed)
    }

    @Test(
        "a stream decodes to every picture in the order of showing",
        arguments: [
            ("plain.mp4", Clips.h264), ("b.mp4", Clips.h264WithB), ("b.ts", Clips.h264WithB),
            ("plain265.mp4", Clips.h265),
            ("plain.avi", Clips.mjpeg), ("old.mp4", ["-c:v", "mpeg4", "-bf", "2", "-g", "25"]),
        ]
    )
    func sequence(name: String, coding: [String]) throws {
        let units = try Clips.units(try Clips.pattern(name, coding))
        let decoder = try StreamDecoder(format: try #require(units.first).format)
        var times: [MediaTime] = []
        for unit in units { decoder.decode(unit) { times.append($0.time) } }
        decoder.drain { times.append($0.time) }
        #expect(times == units.map(\.time).sorted())
        #expect(decoder.damagedUnits == 0)
    }

    @Test("decoding twice gives the same pictures, and a drained decoder starts anew")
    func deterministic() throws {
        let units = try Clips.units(try Clips.pattern("b.mp4", Clips.h264WithB))
        let decoder = try StreamDecoder(format: try #require(units.first).format)
        func planes(_ decoder: StreamDecoder) -> [LumaPlane] {
            var planes: [LumaPlane] = []
            for unit in units { decoder.decode(unit) { planes.append($0.lumaPlane()) } }
            decoder.drain { planes.append($0.lumaPlane()) }
            return planes
        }
        let first = planes(decoder)
        #expect(first.count == 50)
        #expect(planes(decoder) == first)
        #expect(try planes(StreamDecoder(format: units[0].format)) == first)
    }

    @Test("pictures that only prepare the first one are kept back")
    func preroll() throws {
        let whole = try Clips.pattern("plain.mp4", Clips.h264)
        let path = try Clips.clip("cut.mp4", ["-ss", "0.4", "-i", whole, "-c", "copy"])
        let units = try Clips.units(path)
        let decoder = try StreamDecoder(format: units[0].format)
        var times: [MediaTime] = []
        for unit in units { decoder.decode(unit) { times.append($0.time) } }
        decoder.drain { times.append($0.time) }
        #expect(times.first == .zero)
        #expect(times.count == (try Clips.decodedPictures(path)))
    }

    @Test("a unit lost on the way does not end the stream")
    func loss() throws {
        var units = try Clips.units(try Clips.pattern("plain.mp4", Clips.h264))
        units.remove(at: 7)
        units[12].bytes = Array(units[12].bytes.prefix(40))
        let decoder = try StreamDecoder(format: units[0].format)
        var last: MediaTime?
        var shown = 0
        func see(_ picture: borrowing Picture) {
            last = picture.time
            shown += 1
        }
        for unit in units { decoder.decode(unit, see) }
        decoder.drain(see)
        #expect(shown >= 45)
        #expect(last == units.last?.time)
    }
}

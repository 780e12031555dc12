import Flow
import Foundation
import TestSupport
import Testing

@testable import Media

@Suite(.ownThread) struct ClipWriterTests {
    @Test(
        "units written as MP4 play back as many pictures, from time zero",
        arguments: [
            ("plain.ts", Clips.h264), ("b.ts", Clips.h264WithB), ("b.mkv", Clips.h264WithB),
            ("plain265.ts", Clips.h265),
            ("plain.avi", Clips.mjpeg), ("old.mp4", ["-c:v", "mpeg4", "-bf", "2", "-g", "25"]),
        ]
    )
    func remux(name: String, coding: [String]) throws {
        let units = try Clips.units(try Clips.pattern(name, coding))
        let path = Clips.path("remuxed-\(name).mp4")
        try ClipWriter.write(units, to: path)
        #expect(try Clips.decodedPictures(path) == 50)
        let again = try Clips.units(path)
        #expect(again.map { ($0.time.seconds * 25).rounded() } == units.map { ($0.time.seconds * 25).rounded() })
        #expect(!FileManager.default.fileExists(atPath: path + ".part"))
    }

    @Test("the pictures of a remuxed clip are the same, bit by bit")
    func samePictures() throws {
        let units = try Clips.units(try Clips.pattern("b.mp4", Clips.h264WithB))
        let path = Clips.path("same.mp4")
        try ClipWriter.write(units, to: path)
        func planes(_ units: [AccessUnit]) throws -> [LumaPlane] {
            let decoder = try StreamDecoder(format: try #require(units.first).format)
            var planes: [LumaPlane] = []
            for unit in units { decoder.decode(unit) { planes.append($0.lumaPlane()) } }
            decoder.drain { planes.append($0.lumaPlane()) }
            return planes
        }
        #expect(try planes(Clips.units(path)) == planes(units))
    }

    @Test("a buffer of live units on the wall clock, without decode times, starts at zero as well")
    func wallClock() throws {
        var units = try Clips.units(try Clips.pattern("b.ts", Clips.h264WithB))
        for index in units.indices {
            units[index].time = units[index].time.advanced(bySeconds: 1_760_000_000)
            units[index].decodeTime = units[max(0, index - 1)].time
        }
        let path = Clips.path("wall.mp4")
        try ClipWriter.write(units, to: path)
        #expect(try Clips.decodedPictures(path) == 50)
        #expect((try Demuxer(url: path).info.duration ?? 0) < 2.5)
    }

    @Test("the index stands in front, so that a browser can start at once")
    func faststart() throws {
        let path = Clips.path("front.mp4")
        try ClipWriter.write(try Clips.units(try Clips.pattern("plain.mp4", Clips.h264)), to: path)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        let index = try #require(bytes.range(of: Data("moov".utf8)))
        let media = try #require(bytes.range(of: Data("mdat".utf8)))
        #expect(index.lowerBound < media.lowerBound)
    }

    @Test("a clip that does not start at a keyframe with its sets is refused")
    func refuses() throws {
        let units = try Clips.units(try Clips.pattern("plain.mp4", Clips.h264))
        var bare = units
        bare[0].bytes = [0, 0, 0, 1, 0x65, 0x88]
        for broken in [[], Array(units.dropFirst()), bare] {
            let error = #expect(throws: MediaError.self) { try ClipWriter.write(broken, to: Clips.path("never.mp4")) }
            #expect(error?.code == .brokenData)
        }
        #expect(!FileManager.default.fileExists(atPath: Clips.path("never.mp4")))
    }

    @Test("a coding that MP4 cannot hold is refused")
    func unsupported() throws {
        let units = try Clips.units(try Clips.pattern("wmv.avi", ["-c:v", "wmv2"]))
        let error = #expect(throws: MediaError.self) { try ClipWriter.write(units, to: Clips.path("wmv.mp4")) }
        #expect(error?.code == .unsupportedCodec)
    }

    @Test("a folder that is not there and a full disk are said with path and reason, and leave no file")
    func cannotWrite() throws {
        let units = try Clips.units(try Clips.pattern("plain.mp4", Clips.h264))
        let lost = Clips.path("nowhere/clip.mp4")
        let missing = #expect(throws: MediaError.self) { try ClipWriter.write(units, to: lost) }
        #expect(missing?.code == .writeFailed)
        #expect(missing?.message.contains(lost) == true)
        #expect(missing?.message.contains("No such file") == true)
        // The file that is written first is a link to a device that is always full.
        let full = Clips.path("full.mp4")
        try FileManager.default.createSymbolicLink(atPath: full + ".part", withDestinationPath: "/dev/full")
        let error = #expect(throws: MediaError.self) { try ClipWriter.write(units, to: full) }
        #expect(error?.code == .writeFailed)
        #expect(error?.message.contains("No space left") == true, "\(String(describing: error))")
        #expect(!FileManager.default.fileExists(atPath: full))
        #expect(!FileManager.default.fileExists(atPath: full + ".part"))
    }
}

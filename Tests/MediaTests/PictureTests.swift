import Flow
import Foundation
import TestSupport
import Testing

@testable import Media

@Suite(.ownThread) struct PictureTests {
    @Test(
        "the plane has about 14,400 pixels in the aspect ratio of the picture, and is never enlarged",
        arguments: [
            ((640, 360), (160, 90)), ((1920, 1080), (160, 90)), ((320, 240), (139, 104)), ((704, 576), (133, 109)),
            ((360, 640), (90, 160)), ((64, 48), (64, 48)), ((4000, 2), (4000, 2)), ((1, 1), (1, 1)),
        ]
    )
    func planeSize(from: (Int, Int), to: (Int, Int)) {
        let size = Picture.planeSize(width: from.0, height: from.1, pixels: 14_400)
        #expect("\(size.width)x\(size.height)" == "\(to.0)x\(to.1)")
    }

    /// The middle of an even picture of `level` (full range 0…255) in a pixel format, as the plane shows it.
    private func plane(color: String, format: String, codec: [String], name: String) throws -> LumaPlane {
        let path = try Clips.clip(
            name,
            ["-f", "lavfi", "-i", "color=\(color):size=320x180:rate=5:duration=1", "-pix_fmt", format] + codec
        )
        return try Clips.privatePlane(try #require(try Clips.units(path).first))
    }

    @Test(
        "every pixel format gives the same brightness",
        arguments: [
            ("yuv420p", "mp4", Clips.h264), ("yuv422p10le", "mkv", ["-c:v", "libx264"]),
            ("gray", "mkv", ["-c:v", "libx264"]),
            ("yuv420p10le", "mp4", ["-c:v", "libx265", "-x265-params", "log-level=none"]),
            ("nv12", "mkv", ["-c:v", "libx264"]),
            ("yuv444p", "mkv", ["-c:v", "ffv1"]), ("rgb24", "mov", ["-c:v", "png"]), ("pal8", "mov", ["-c:v", "png"]),
            ("gray16be", "mov", ["-c:v", "png"]), ("bgr0", "mkv", ["-c:v", "ffv1"]),
            ("yuv411p", "mkv", ["-c:v", "ffv1"]),
        ] as [(String, String, [String])]
    )
    func pixelFormats(format: String, container: String, codec: [String]) throws {
        let coding = ["-pix_fmt", format] + codec.filter { $0 != "-pix_fmt" && $0 != "yuv420p" }
        let plane = try plane(color: "0x808080", format: format, codec: coding, name: "grey-\(format).\(container)")
        #expect("\(plane.width)x\(plane.height)" == "160x90")
        // 126 in limited range, 128 where the picture is grey in full range.
        #expect(plane.pixels.allSatisfy { (124...130).contains($0) }, "\(plane.pixels[0])")
        #expect(plane.saturation <= 1)
    }

    @Test(
        "saturation tells a coloured picture from a grey one",
        arguments: [("red", 30.0...110), ("blue", 30...110), ("white", 0...1)]
    )
    func saturation(color: String, range: ClosedRange<Double>) throws {
        let plane = try plane(color: color, format: "yuv420p", codec: Clips.h264, name: "color-\(color).mp4")
        #expect(range.contains(plane.saturation), "\(plane.saturation)")
    }

    @Test("the plane is the picture: same order, same place")
    func orientation() throws {
        let path = try Clips.clip(
            "corner.mp4",
            ["-f", "lavfi", "-i", "color=black:size=640x360:rate=5:duration=1"]
                + ["-vf", "drawbox=x=480:y=0:w=160:h=90:c=white:t=fill"] + Clips.h264
        )
        let plane = try Clips.privatePlane(try #require(try Clips.units(path).first))
        #expect("\(plane.width)x\(plane.height)" == "160x90")
        #expect(plane.pixels[10 * 160 + 140] > 220)
        #expect(plane.pixels[10 * 160 + 20] < 30)
        #expect(plane.pixels[80 * 160 + 140] < 30)
    }

    /// Decodes a JPEG to luma at its own size.
    private func decoded(_ jpeg: [UInt8]) throws -> LumaPlane {
        let format = StreamFormat(codec: .mjpeg, avCodecID: 7, width: 0, height: 0, extradata: [])
        let unit = AccessUnit(format: format, time: .zero, decodeTime: .zero, isKeyframe: true, bytes: jpeg)
        return try KeyframeDecoder().decode(unit) { $0.lumaPlane(pixels: $0.width * $0.height) }
    }

    private func black(_ size: String) throws -> AccessUnit {
        let path = try Clips.clip(
            "black-\(size).mp4",
            ["-f", "lavfi", "-i", "color=black:size=\(size):rate=5:duration=1"] + Clips.h264
        )
        return try #require(try Clips.units(path).first)
    }

    @Test("a JPEG shows the box and the region where they are, and nothing else")
    func overlay() throws {
        let overlay = Overlay(
            polygons: [[(0.1, 0.1), (0.3, 0.1), (0.3, 0.9), (0.1, 0.9)].map { NormalizedPoint(x: $0.0, y: $0.1) }],
            boxes: [NormalizedRect(x: 0.5, y: 0.5, width: 0.25, height: 0.25)]
        )
        let jpeg = try KeyframeDecoder().decode(try black("640x360")) { (picture) throws(MediaError) in
            try picture.jpeg(overlay: overlay, quality: 95)
        }
        let plane = try decoded(jpeg)
        #expect("\(plane.width)x\(plane.height)" == "640x360")
        func luma(_ x: Int, _ y: Int) -> UInt8 { plane.pixels[y * 640 + x] }
        for x in [330, 400, 470] { #expect((55...100).contains(luma(x, 181)), "box, top edge") }
        for y in [190, 230, 260] { #expect((55...100).contains(luma(321, y)), "box, left edge") }
        for y in [60, 180, 300] { #expect(luma(65, y) > 190, "polygon, left edge") }
        for (x, y) in [(400, 225), (128, 180), (500, 60), (620, 340)] { #expect(luma(x, y) < 12, "untouched") }
    }

    @Test("drawing leaves the picture itself as it was")
    func overlayIsACopy() throws {
        let same = try KeyframeDecoder().decode(try black("640x360")) { (picture) throws(MediaError) in
            let before = picture.lumaPlane()
            _ = try picture.jpeg(overlay: Overlay(boxes: [.full]))
            return picture.lumaPlane() == before
        }
        #expect(same)
    }

    @Test("overlays outside of the picture, endless or empty, are clipped")
    func wildOverlay() throws {
        let wild = Overlay(
            polygons: [
                [], [NormalizedPoint(x: .nan, y: 1e300)], [NormalizedPoint(x: -5, y: -5), NormalizedPoint(x: 9, y: 9)],
            ],
            boxes: [
                NormalizedRect(x: -1, y: 0.99, width: .infinity, height: 5),
                NormalizedRect(x: 0, y: 0, width: 0, height: 0),
            ]
        )
        for size in ["640x360", "34x34"] {
            let jpeg = try KeyframeDecoder().decode(try black(size)) { (picture) throws(MediaError) in
                try picture.jpeg(overlay: wild)
            }
            #expect(try decoded(jpeg).pixels.contains { $0 > 60 })
        }
    }

    @Test("a wide picture is scaled down, and other programs read the JPEG")
    func scaled() throws {
        let jpeg = try KeyframeDecoder().decode(try black("640x360")) { (picture) throws(MediaError) in
            try picture.jpeg(maxWidth: 333)
        }
        let path = Clips.path("scaled.jpg")
        try Data(jpeg).write(to: URL(fileURLWithPath: path))
        let entries = [
            "-v", "error", "-show_entries", "stream=codec_name,width,height,pix_fmt", "-of", "csv=p=0", path,
        ]
        let found = try Clips.run("ffprobe", entries)
        #expect(found.trimmingCharacters(in: .whitespacesAndNewlines) == "mjpeg,333,187,yuvj420p")
        #expect(Array(jpeg.prefix(2) + jpeg.suffix(2)) == [0xff, 0xd8, 0xff, 0xd9])
    }

    @Test("better quality is larger, and the same picture gives the same file")
    func quality() throws {
        let unit = try #require(try Clips.units(try Clips.pattern("plain.mp4", Clips.h264)).first)
        let jpegs = try KeyframeDecoder().decode(unit) { (picture) throws(MediaError) in
            [try picture.jpeg(quality: 20), try picture.jpeg(quality: 90), try picture.jpeg(quality: 90)]
        }
        #expect(jpegs[0].count < jpegs[1].count)
        #expect(jpegs[1] == jpegs[2])
    }

    @Test("10-bit and grey pictures become evidence too", arguments: ["ten.mp4", "grey.mkv"])
    func oddFormats(name: String) throws {
        let coding =
            name == "ten.mp4"
            ? ["-c:v", "libx265", "-x265-params", "log-level=none", "-pix_fmt", "yuv420p10le"]
            : ["-c:v", "libx264", "-pix_fmt", "gray"]
        let unit = try #require(try Clips.units(try Clips.pattern(name, coding)).first)
        let jpeg = try KeyframeDecoder().decode(unit) { (picture) throws(MediaError) in
            try picture.jpeg(overlay: Overlay(boxes: [.full]))
        }
        #expect(try decoded(jpeg).width == 320)
    }
}

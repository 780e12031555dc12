import Flow
import Foundation
import TestSupport
import Testing

@testable import Media

/// What people see of a dark scene.
@Suite(.ownThread) struct NightBrighteningTests {
    private func unit(_ grey: String, inner: String) throws -> AccessUnit {
        let path = try Clips.clip(
            "night-\(grey)-\(inner).mp4",
            ["-f", "lavfi", "-i", "color=0x\(grey):size=640x360:rate=5:duration=1"]
                + ["-vf", "drawbox=x=100:y=100:w=300:h=150:c=0x\(inner):t=fill"] + Clips.h264
        )
        return try #require(try Clips.units(path).first)
    }

    private func jpeg(_ unit: AccessUnit, brightens: Bool) throws -> [UInt8] {
        try KeyframeDecoder().decode(unit) { (picture) throws(MediaError) in
            try picture.jpeg(overlay: Overlay(brightensDark: brightens), quality: 95)
        }
    }

    private func plane(_ jpeg: [UInt8]) throws -> LumaPlane {
        let format = StreamFormat(codec: .mjpeg, avCodecID: 7, width: 0, height: 0, extradata: [])
        let unit = AccessUnit(format: format, time: .zero, decodeTime: .zero, isKeyframe: true, bytes: jpeg)
        return try KeyframeDecoder().decode(unit) { $0.lumaPlane(pixels: $0.width * $0.height) }
    }

    @Test("a dark scene can be seen, keeps what is darker and what is brighter, and says that it was changed")
    func dark() throws {
        let unit = try unit("060606", inner: "101010")
        let before = try plane(try jpeg(unit, brightens: false))
        let after = try plane(try jpeg(unit, brightens: true))
        func difference(_ plane: LumaPlane) -> Int {
            Int(plane.pixels[170 * 640 + 250]) - Int(plane.pixels[50 * 640 + 50])
        }
        #expect((5...15).contains(difference(before)))
        #expect(difference(after) > 40, "\(difference(after))")
        // The sign is in the corner below left, and nowhere else.
        let corner = (340..<360).flatMap { row in after.pixels[row * 640..<row * 640 + 100] }
        #expect(corner.contains { $0 > 200 } && corner.contains { $0 < 8 })
        #expect(!after.pixels.prefix(330 * 640).contains { $0 > 200 })
    }

    @Test(
        "a picture that can be seen, and one in which there is nothing, stay byte for byte",
        arguments: [("505050", "a0a0a0"), ("000000", "000000")]
    )
    func untouched(grey: String, inner: String) throws {
        let unit = try unit(grey, inner: inner)
        #expect(try jpeg(unit, brightens: true) == jpeg(unit, brightens: false))
    }

    @Test("the factor is bounded, has one digit, and brings a dark picture to what is wanted or as far as it may")
    func factors() throws {
        for level in 3..<NightBrightening.dark {
            var histogram = [Int](repeating: 0, count: 256)
            histogram[level] = 1000
            let factor = try #require(NightBrightening(histogram: histogram)).factor
            #expect(factor > 1 && factor <= NightBrightening.most)
            #expect((factor * 10).rounded() == factor * 10)
        }
        var histogram = [Int](repeating: 0, count: 256)
        #expect(NightBrightening(histogram: histogram) == nil)
        histogram[NightBrightening.dark] = 10
        #expect(NightBrightening(histogram: histogram) == nil)
        histogram[2] = 100_000
        #expect(NightBrightening(histogram: histogram) == nil)
    }
}

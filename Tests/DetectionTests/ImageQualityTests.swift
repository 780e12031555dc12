import Flow
import TestSupport
import Testing

@testable import Detection

@Suite(.ownThread) struct ImageQualityTests {
    private func quality(_ seconds: Double = 8, _ frame: (inout SyntheticScene) -> LumaPlane) throws -> ImageQuality? {
        var scene = SyntheticScene()
        var run = try Run([.everywhere])
        run.play(seconds: seconds) { _ in frame(&scene) }
        return run.analyzer.quality
    }

    @Test("a good picture has good scores throughout, once the scene is known")
    func good() throws {
        #expect(try quality(2) { $0.frame() } == nil)
        let good = try #require(try quality { $0.frame() })
        for score in [
            good.dark, good.bright, good.contrast, good.sharpness, good.colour, good.noise, good.calm, good.freeze,
        ] {
            #expect(score >= 70, "\(good)")
        }
    }

    @Test("each fault lowers its own score")
    func faults() throws {
        let dark = try #require(try quality { $0.frame(light: { $0 / 8 }) })
        #expect(dark.dark < 20)
        let white = try #require(try quality { $0.frame(light: { $0 > 90 ? 255 : $0 }) })
        #expect(white.bright < 40)
        let flat = try #require(try quality { $0.frame(light: { 120 + $0 / 20 }) })
        #expect(flat.contrast < 20)
        let noisy = try #require(try quality { $0.frame(noise: 40) })
        #expect(noisy.noise < 40)
        let tinted = try #require(
            try quality { scene in
                var plane = scene.frame()
                plane.tint = 38
                return plane
            }
        )
        #expect(tinted.colour < 20 && tinted.sharpness >= 70)
        let blurred = try #require(try quality { $0.blurred() })
        let sharp = try #require(try quality { $0.frame() })
        #expect(blurred.sharpness < sharp.sharpness - 30)
    }

    @Test("the same picture again and again is frozen at once, and well again with the next measurement")
    func frozen() throws {
        var scene = SyntheticScene()
        var run = try Run([.everywhere])
        run.play(seconds: 8) { _ in scene.frame() }
        #expect(run.analyzer.quality?.freeze == 100)
        let still = scene.frame()
        run.play(seconds: 1) { _ in still }
        #expect(run.analyzer.quality?.freeze == 0)
        #expect(run.analyzer.isSame)
        run.play(seconds: 40) { _ in scene.frame() }
        #expect(run.analyzer.quality?.freeze == 100)
    }
}

extension SyntheticScene {
    /// The scene out of focus: each pixel is the mean of 11 by 11.
    fileprivate mutating func blurred() -> LumaPlane {
        let sharp = frame()
        var pixels = sharp.pixels
        for y in 0..<height {
            for x in 0..<width {
                var (sum, count) = (0, 0)
                for row in max(0, y - 5)...min(height - 1, y + 5) {
                    for column in max(0, x - 5)...min(width - 1, x + 5) {
                        sum += Int(sharp.pixels[row * width + column])
                        count += 1
                    }
                }
                pixels[y * width + x] = UInt8(sum / count)
            }
        }
        return LumaPlane(width: width, height: height, pixels: pixels, saturation: 20)
    }
}

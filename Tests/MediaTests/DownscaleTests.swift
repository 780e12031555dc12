import CVision
import TestSupport
import Testing

@Suite(.ownThread) struct DownscaleTests {
    struct Shape: CustomTestStringConvertible {
        var from: (width: Int, height: Int)
        var to: (width: Int, height: Int)
        var testDescription: String { "\(from.width)x\(from.height) to \(to.width)x\(to.height)" }

        init(_ width: Int, _ height: Int, _ toWidth: Int, _ toHeight: Int) {
            from = (width, height)
            to = (toWidth, toHeight)
        }
    }

    /// Numbers that look random and are the same in every run.
    private struct Noise: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    /// The mean by its definition: every source pixel weighs the area that it shares with the target pixel.
    private func oracle(_ pixels: [UInt8], stride: Int, _ shape: Shape) -> [UInt8] {
        func shares(_ size: Int, _ target: Int) -> [[(index: Int, weight: Int)]] {
            (0..<target).map { cell in
                let range = cell * size..<(cell + 1) * size
                return (0..<size).compactMap { index in
                    let overlap = range.clamped(to: index * target..<(index + 1) * target)
                    return overlap.isEmpty ? nil : (index, overlap.count)
                }
            }
        }
        let columns = shares(shape.from.width, shape.to.width)
        let area = shape.from.width * shape.from.height
        return shares(shape.from.height, shape.to.height).flatMap { rows in
            columns.map { cells in
                var sum = 0
                for row in rows {
                    for cell in cells { sum += row.weight * cell.weight * Int(pixels[row.index * stride + cell.index]) }
                }
                return UInt8((sum + area / 2) / area)
            }
        }
    }

    private func downscale(_ pixels: [UInt8], stride: Int, _ shape: Shape) -> (status: Int32, pixels: [UInt8]) {
        var target = [UInt8](repeating: 0, count: shape.to.width * shape.to.height)
        let status = gw_downscale(
            pixels,
            stride,
            shape.from.width,
            shape.from.height,
            &target,
            shape.to.width,
            shape.to.height
        )
        return (status, target)
    }

    @Test(
        "every size and ratio gives exactly the mean of the covered area",
        arguments: [
            Shape(640, 360, 160, 90), Shape(320, 240, 139, 104), Shape(1280, 720, 160, 90), Shape(704, 576, 133, 109),
            Shape(1920, 1080, 160, 90), Shape(480, 270, 160, 90), Shape(320, 180, 160, 90), Shape(960, 540, 160, 90),
            Shape(160, 90, 160, 90), Shape(161, 91, 160, 90), Shape(352, 640, 89, 162), Shape(1, 1, 1, 1),
            Shape(7, 1, 3, 1), Shape(1, 7, 1, 3), Shape(5, 5, 1, 1), Shape(3, 600, 1, 2), Shape(600, 3, 2, 1),
            Shape(128, 128, 2, 2), Shape(130, 130, 2, 2), Shape(1, 1028, 1, 4), Shape(1, 1032, 1, 4),
            Shape(97, 89, 53, 47), Shape(3001, 2801, 40, 30), Shape(256, 144, 32, 24), Shape(192, 96, 12, 8),
            Shape(100, 60, 20, 6),
        ]
    )
    func isExact(shape: Shape) {
        let stride = shape.from.width + 13
        var noise = Noise(state: UInt64(shape.from.width * 31 + shape.to.height))
        let pixels = (0..<stride * shape.from.height).map { _ in UInt8.random(in: 0...255, using: &noise) }
        let made = downscale(pixels, stride: stride, shape)
        #expect(made.status == 0)
        #expect(made.pixels == oracle(pixels, stride: stride, shape))
    }

    @Test("any size up to 80 by 60 gives exactly the mean", arguments: 0..<200)
    func isExactForAnySize(seed: Int) {
        var noise = Noise(state: UInt64(seed) &* 0x9e37_79b9_7f4a_7c15)
        let width = Int.random(in: 1...80, using: &noise)
        let height = Int.random(in: 1...60, using: &noise)
        let shape = Shape(
            width,
            height,
            Int.random(in: 1...width, using: &noise),
            Int.random(in: 1...height, using: &noise)
        )
        let pixels = (0..<width * height).map { _ in UInt8.random(in: 0...255, using: &noise) }
        let made = downscale(pixels, stride: width, shape)
        #expect(made.pixels == oracle(pixels, stride: width, shape), "\(shape.testDescription)")
    }

    @Test("an even picture stays as bright as it was", arguments: [UInt8(0), 1, 127, 254, 255])
    func keepsBrightness(level: UInt8) {
        for shape in [Shape(640, 360, 160, 90), Shape(128, 128, 2, 2), Shape(333, 222, 111, 47)] {
            let pixels = [UInt8](repeating: level, count: shape.from.width * shape.from.height)
            #expect(downscale(pixels, stride: shape.from.width, shape).pixels.allSatisfy { $0 == level })
        }
    }

    @Test(
        "sizes that make no sense are refused",
        arguments: [Shape(4, 4, 5, 4), Shape(4, 4, 4, 5), Shape(4, 4, 0, 4), Shape(4, 4, 4, 0), Shape(40_000, 1, 4, 1)]
    )
    func refusesNonsense(shape: Shape) {
        let pixels = [UInt8](repeating: 9, count: shape.from.width * shape.from.height)
        #expect(downscale(pixels, stride: shape.from.width, shape).status == -1)
    }

    @Test("rows that overlap are refused")
    func refusesShortStride() {
        #expect(downscale([UInt8](repeating: 9, count: 16), stride: 3, Shape(4, 4, 2, 2)).status == -1)
    }

    @Test("saturation is the mean distance from grey on the sampled grid")
    func saturation() {
        let grey = [UInt8](repeating: 128, count: 64)
        let strong = [UInt8](repeating: 0, count: 64)
        #expect(gw_saturation(grey, 8, grey, 8, 1, 8, 8, 1) == 0)
        #expect(gw_saturation(strong, 8, strong, 8, 1, 8, 8, 3) == 128 * 256)
        #expect(gw_saturation(strong, 8, grey, 8, 1, 8, 8, 8) == 64 * 256)
        // Interleaved chroma, two bytes a sample: every u is 100, every v is 128.
        let pairs = (0..<64).map { UInt8($0 % 2 == 0 ? 100 : 128) }
        pairs.withUnsafeBufferPointer { pairs in
            guard let u = pairs.baseAddress else { return }
            #expect(gw_saturation(u, 16, u + 1, 16, 2, 8, 4, 1) == 14 * 256)
        }
        #expect(gw_saturation(grey, 8, grey, 8, 1, 0, 8, 1) == 0)
        #expect(gw_tint(strong, 8, grey, 8, 1, 8, 8, 8) == 64 * 256, "all lean one way")
        let colourful: [UInt8] = (0..<64).map { $0 % 2 == 0 ? 0 : 255 }
        #expect(gw_tint(colourful, 8, colourful, 8, 1, 8, 8, 1) < 256, "as many lean the other way")
        #expect(gw_saturation(colourful, 8, colourful, 8, 1, 8, 8, 1) > 127 * 256)
        #expect(gw_tint(grey, 8, grey, 8, 1, 0, 8, 1) == 0)
    }
}

import Detection
import Flow

/// A small made-up camera picture: a textured background with seeded sensor noise, and things drawn on it.
struct SyntheticScene {
    /// A filled rectangle in pixels.
    struct Thing {
        var x: Int
        var y: Int
        var width: Int
        var height: Int
        var level: Int
    }

    let width: Int
    let height: Int
    /// Random bytes; a frame takes its noise from a random place in them, which is far quicker than drawing each.
    private let randomness: [UInt8]
    private var state: UInt64

    init(width: Int = 160, height: Int = 90, seed: UInt64 = 1) {
        self.width = width
        self.height = height
        var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
        randomness = (0..<65_536 + width * height).map { _ in Self.next(&state) }
        self.state = state
    }

    private static func next(_ state: inout UInt64) -> UInt8 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 40)
    }

    /// The empty scene at a pixel: a slope of brightness with paving lines and a darker wall at the top.
    private func base(_ x: Int, _ y: Int) -> Int {
        let slope = 90 + 50 * y / height
        let line = (x / 2) % 9 == 0 || (y / 2) % 7 == 0 ? -14 : 0
        return y < height / 4 ? 60 + (x / 6) % 2 * 18 : slope + line
    }

    /// The next frame; `light` maps each grey level, `shift` moves the scene, `extra` adds to a pixel.
    mutating func frame(
        _ things: [Thing] = [],
        noise: Int = 2,
        saturation: Double = 20,
        shift: (x: Int, y: Int) = (0, 0),
        light: ((Int) -> Int)? = nil,
        extra: ((Int, Int) -> Int)? = nil
    ) -> LumaPlane {
        let table = (0..<256).map { UInt8(clamping: light?($0) ?? $0) }
        let spread = (0..<256).map { noise == 0 ? 0 : $0 % (2 * noise + 1) - noise }
        let start = Int(Self.next(&state)) << 8 | Int(Self.next(&state))
        var pixels = [UInt8](repeating: 0, count: width * height)
        for y in 0..<height {
            for x in 0..<width {
                var level = base(x + shift.x, y + shift.y)
                if let extra { level += extra(x, y) }
                pixels[y * width + x] = UInt8(clamping: level)
            }
        }
        for thing in things {
            for y in max(0, thing.y)..<min(height, thing.y + thing.height) {
                for x in max(0, thing.x)..<max(0, min(width, thing.x + thing.width)) where x >= thing.x {
                    pixels[y * width + x] = UInt8(clamping: thing.level)
                }
            }
        }
        for index in pixels.indices {
            let level = Int(table[Int(pixels[index])]) + spread[Int(randomness[start + index])]
            pixels[index] = UInt8(clamping: level)
        }
        return LumaPlane(width: width, height: height, pixels: pixels, saturation: saturation)
    }
}

/// Runs frames at an even rate through an analyzer and keeps what it said.
struct Run {
    var analyzer: CameraAnalyzer
    var changes: [AlertChange] = []
    var statuses: [SceneStatus] = []
    private(set) var seconds = 0.0

    init(_ rules: [Rule], settings: DetectionSettings = DetectionSettings()) throws {
        analyzer = try CameraAnalyzer(rules: rules, settings: settings)
    }

    mutating func play(seconds length: Double, rate: Double = 10, frame: (Double) -> LumaPlane) {
        let from = seconds
        while seconds < from + length - 1e-9 {
            changes += analyzer.observe(frame(seconds - from), at: MediaTime(seconds: seconds))
            statuses.append(analyzer.status())
            seconds += 1 / rate
        }
    }

    mutating func finish() {
        changes += analyzer.finish(at: MediaTime(seconds: seconds))
    }

    var starts: [AlertChange] { changes.filter { $0.phase == .start } }
    var ends: [AlertChange] { changes.filter { $0.phase == .end } }
}

extension Rule {
    /// An intrusion rule on the upright rectangle between two corners.
    static func area(_ left: Double, _ top: Double, _ right: Double, _ bottom: Double, id: String = "area") -> Rule {
        Rule(
            id: id,
            kind: .intrusion,
            polygon: [
                NormalizedPoint(x: left, y: top),
                NormalizedPoint(x: right, y: top),
                NormalizedPoint(x: right, y: bottom),
                NormalizedPoint(x: left, y: bottom),
            ]
        )
    }

    /// An intrusion rule on the whole picture.
    static let everywhere = Rule(id: "everywhere", kind: .intrusion)
}

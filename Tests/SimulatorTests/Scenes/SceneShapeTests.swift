import Flow
import TestSupport
import Testing

@testable import Simulator

@Suite(.ownThread) struct SceneShapeTests {
    @Test("the table's sine is that of the polynomial's quarter points")
    func sine() {
        for (turns, value) in [(0, 0), (0.25, 1), (0.5, 0), (0.75, -1), (1.25, 1), (-0.25, -1)] as [(Float, Float)] {
            #expect(abs(SceneMath.sine(turns) - value) < 1e-6)
        }
        #expect(abs(SceneMath.sine(1.0 / 12) - 0.5) < 1e-3)
    }

    @Test("noise stays in 0…1, is smooth and differs by seed")
    func noise() {
        let noise = ValueNoise(seed: 1)
        for step in 0..<200 {
            let x = Float(step) * 0.37 - 20
            let value = noise.value(x, 3.3)
            #expect((0...1).contains(value))
            #expect(abs(noise.value(x + 0.001, 3.3) - value) < 0.01)
        }
        #expect(noise.value(1.5, 2.5) != ValueNoise(seed: 2).value(1.5, 2.5))
    }

    @Test("a curve holds its ends and is straight between its points")
    func curve() {
        let curve = Curve((2, 1), (4, 3), (4.5, 0))
        #expect([0, 2, 3, 4, 4.25, 9].map { curve.value(at: $0) } == [1, 1, 2, 3, 1.5, 0])
    }

    @Test("a path slows down to its stop and ends where it says")
    func path() throws {
        let path = ActorPath(.init(1, 0, 10), .init(3, 8, 10, .braking), .init(5, 8, 10))
        #expect(path.whereabouts(at: 0.9) == nil)
        #expect(path.whereabouts(at: 5.1) == nil)
        let early = try #require(path.whereabouts(at: 2))
        #expect(early.place.x > 5 && early.isMoving && early.heading.x == 1)
        let late = try #require(path.whereabouts(at: 4))
        #expect(late.place.x == 8 && !late.isMoving && late.distance == 8)
    }

    @Test("a filled square covers its area whichever way its corners turn", arguments: [false, true])
    func fill(isReversed: Bool) {
        let canvas = Canvas(FrameSize(width: 40, height: 40))
        let corners: [ScreenPoint] = [.init(10, 10), .init(30, 10), .init(30, 30), .init(10, 30)]
        canvas.marksStencil = true
        canvas.fill(isReversed ? corners.reversed() : corners, .paint(.grey(100)))
        #expect(canvas.stencil.count { $0 > 127 } == 400)
        #expect(canvas.pixels[20 * 40 + 20].x == 100)
        #expect(canvas.pixels[5 * 40 + 20].x == 0)
        canvas.clearStencil()
        #expect(canvas.stencil.allSatisfy { $0 == 0 })
    }

    @Test("shapes outside the picture, far or on its edge, leave it whole")
    func clipping() {
        let canvas = Canvas(FrameSize(width: 20, height: 10))
        canvas.stroke(.init(-1e20, 5), .init(1e20, 5), radius: 1, .paint(.grey(50)))
        canvas.ellipse(.init(20, 10), radii: .init(3, 3), .paint(.grey(60)))
        canvas.fill([.init(-50, -50), .init(-40, -50), .init(-40, -40)], .paint(.grey(70)))
        canvas.glow(.init(-5, -5), radius: 3, .grey(10))
        #expect(canvas.pixels[0].x == 0)
        #expect(canvas.pixels[9 * 20 + 19].x == 60)
    }

    @Test("a region's mask follows its polygon, also a concave one")
    func mask() {
        let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 0.3), (0.0, 1.0)]
        let mask = RegionMask(
            corners.map { NormalizedPoint(x: $0.0, y: $0.1) },
            size: FrameSize(width: 20, height: 20)
        )
        #expect(mask[2 * 20 + 10])
        #expect(!mask[15 * 20 + 10])
        #expect(mask[15 * 20 + 1])
    }

    @Test("a vehicle's silhouette grows as it comes nearer")
    func perspective() {
        let size = FrameSize(width: 320, height: 180)
        let camera = SceneCamera(size, focal: 0.8, horizon: 0.1, elevation: 5)
        let areas = ([30, 20, 12] as [Float]).map { depth -> Int in
            let canvas = Canvas(size)
            canvas.marksStencil = true
            let spot = Whereabouts(
                place: WorldPoint(0, 0, depth),
                heading: WorldPoint(1, 0, 0),
                distance: 0,
                isMoving: true
            )
            ActorBrush(canvas: canvas, camera: camera).paintVehicle(.car(.grey(120)), spot)
            return canvas.stencil.count { $0 > 127 }
        }
        #expect(areas[0] > 100)
        #expect(areas[1] > areas[0] * 3 / 2)
        #expect(areas[2] > areas[1] * 3 / 2)
    }
}

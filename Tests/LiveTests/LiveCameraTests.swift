import Analysis
import Detection
import Flow
import Foundation
import Gate
import Ingest
import Media
import Synchronization
import TestSupport
import Testing

@testable import Live
@testable import Spool

/// A live camera whose rules and settings change while it is watched.
@Suite(.ownThread) struct LiveCameraTests {
    fileprivate static let clip = checkout + "/sample-streams/river-day.mp4"

    /// The region of the clip in which somebody walks from 13.3 to 18.8 and from 25.6 to 33.7 seconds.
    private static let shore = Rule(
        id: "shore",
        kind: .intrusion,
        polygon: [(0.423, 0.814), (0.6, 0.814), (0.609, 0.381), (0.536, 0.381)].map {
            NormalizedPoint(x: $0.0, y: $0.1)
        }
    )

    /// A camera alone, and what came of it.
    private final class Bench {
        let camera: LiveCamera
        let slots = ClipSlots(limit: 4)
        private(set) var outputs: [CameraOutputs] = []

        init(
            _ rules: [Rule],
            _ settings: DetectionSettings,
            clocks: Clocks = .system,
            left: [LastAlert] = []
        ) throws {
            let names = Mutex(AlertContinuation(left: left))
            camera = LiveCamera(
                id: "cam",
                sampling: SamplingPlan(sampling: .everyFrame, pointClass: 1, bufferBytes: 0),
                pipeline: CameraPipeline(
                    analyzer: try CameraAnalyzer(rules: rules, settings: settings),
                    sampling: .everyFrame,
                    evidence: nil
                ),
                rules: rules,
                settings: settings,
                named: { record in names.withLock { $0.follow(record) } },
                slots: slots,
                clocks: clocks
            )
        }

        /// Plays the clip, with changes at seconds of it, and gives the starts and ends that were said.
        func play(_ changes: [(at: Double, body: (LiveCamera) throws -> CameraOutputs)]) throws -> [AlertRecord] {
            let demuxer = try Demuxer(url: clip, options: Demuxer.Options())
            let bench = DecoderBench()
            var left = changes[...]
            while let unit = try demuxer.next() {
                if let next = left.first, unit.time.seconds >= next.at {
                    outputs.append(try next.body(camera))
                    left = left.dropFirst()
                }
                outputs.append(camera.take(unit, bench))
            }
            outputs.append(camera.finish())
            return outputs.flatMap(\.statements).map(\.record).filter { $0.phase != .update }
        }
    }

    @Test("a region that is drawn anew ends the alert under the old settings and watches at once under the new ones")
    func redrawn() throws {
        var other = Self.shore
        other.polygon?[0].x = 0.43
        let (before, after) = (DetectionSettings(), try DetectionSettings().with(["hold": 2]))
        let told = try Bench([Self.shore], before).play([
            (at: 16, body: { try $0.revise(rules: [other], settings: after) })
        ])
        #expect(told.map(\.phase) == [.start, .end, .start, .end, .start, .end])
        let versions = told.map(\.settingsVersion)
        #expect(versions == Array(repeating: before.version, count: 2) + Array(repeating: after.version, count: 4))
        // The scene is known: the walker in it is seen again within a second, not after it was learnt anew.
        #expect(told[2].statedAt.seconds - told[1].statedAt.seconds < 1)
        #expect(Set(told.map(\.id)).count == 3)
    }

    @Test("other thresholds change nothing about an alert that they would give, too")
    func thresholds() throws {
        let after = try DetectionSettings().with(["min_share": 0.005])
        let told = try Bench([Self.shore], DetectionSettings()).play([
            (at: 16, body: { try $0.revise(rules: [Self.shore], settings: after) })
        ])
        #expect(told.map(\.phase) == [.start, .end, .start, .end])
        #expect(told[0].id == told[1].id && told[1].settingsVersion == after.version)
    }

    @Test("alerts go on when the clock is set back: one keeps its times in order, the next has the new time")
    func clockSetBack() throws {
        let wall = Mutex(MediaTime(seconds: 1000))
        let clocks = Clocks(wall: { wall.withLock { $0 } }, monotonic: { 0 })
        let plain = try Bench([Self.shore], DetectionSettings()).play([])
        let told = try Bench([Self.shore], DetectionSettings(), clocks: clocks).play([
            (
                at: 16,
                body: { _ in
                    wall.withLock { $0 = MediaTime(seconds: 910) }
                    return CameraOutputs()
                }
            )
        ])
        #expect(told.map(\.phase) == [.start, .end, .start, .end])
        #expect(told[0] == plain[0] && told[1] == plain[1], "begun before, ended by the same clock")
        for (moved, before) in zip(told[2...], plain[2...]) {
            #expect(before.startedAt.seconds(since: moved.startedAt) == 90)
            #expect(before.statedAt.seconds(since: moved.statedAt) == 90)
        }
        #expect(try #require(told[3].endedAt) > told[3].startedAt)
    }

    @Test("the clip of an alert that an earlier process began has the id of the alert that people see")
    func clipOfContinued() throws {
        let start = MediaTime(seconds: 9)
        var left = makeRecord(0)
        (left.rule, left.startedAt, left.statedAt) = ("shore", start, MediaTime(seconds: 12))
        left.id = AlertID.make(camera: "cam", rule: "shore", start: start)
        let bench = try Bench([Self.shore], DetectionSettings(), left: [LastAlert(left)])
        let told = try bench.play([])
        #expect(told.prefix(2).map(\.id) == [left.id, left.id])
        #expect(bench.outputs.flatMap(\.clips).map(\.alert) == [left.id])
        #expect((0..<5).count { _ in bench.slots.take() } == 3, "who took the clip has its slot")
    }

    @Test("each call tells what was looked at, and a unit that cannot be decoded says why and breaks nothing")
    func looks() throws {
        let bench = try Bench([Self.shore], DetectionSettings())
        _ = try bench.play([
            (
                at: 5,
                body: { camera in
                    let format = StreamFormat(codec: .h264, avCodecID: 27, width: 640, height: 360, extradata: [])
                    let time = MediaTime(seconds: 5)
                    let junk = AccessUnit(
                        format: format,
                        time: time,
                        decodeTime: time,
                        isKeyframe: true,
                        bytes: [0, 0, 0, 1, 0x65, 1]
                    )
                    return camera.take(junk, DecoderBench())
                }
            )
        ])
        let looks = bench.outputs.compactMap(\.look)
        #expect(looks.map(\.pictures).reduce(0, +) == bench.camera.pipeline.picturesSeen)
        #expect(looks.count > 100 && looks.last?.scene == .steady)
        #expect(zip(looks, looks.dropFirst()).allSatisfy { $0.time < $1.time })
        #expect(!bench.outputs.flatMap(\.scores).isEmpty)
    }

    @Test("rules that are refused leave the camera with those that it had")
    func refused() throws {
        let told = try Bench([Self.shore], DetectionSettings()).play([
            (
                at: 5,
                body: { camera in
                    #expect(throws: DetectionError.self) {
                        try camera.revise(rules: [Self.shore, Self.shore], settings: DetectionSettings())
                    }
                    return CameraOutputs()
                }
            )
        ])
        #expect(told.map(\.phase) == [.start, .end, .start, .end])
    }
}

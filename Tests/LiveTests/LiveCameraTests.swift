import Analysis
import Detection
import Flow
import Foundation
import Gate
import Ingest
import Logging
import Media
import Postgres
import Spool
import Store
import Synchronization
import TestSupport
import Testing

@testable import Live

/// A live camera whose rules and settings change while it is watched.
@Suite(.ownThread) struct LiveCameraTests {
    fileprivate static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    fileprivate static let clip = checkout + "/sample-streams/river-day.mp4"

    /// The region of the clip in which somebody walks from 13.3 to 18.8 and from 25.6 to 33.7 seconds.
    private static let shore = Rule(
        id: "shore",
        kind: .intrusion,
        polygon: [(0.423, 0.814), (0.6, 0.814), (0.609, 0.381), (0.536, 0.381)].map {
            NormalizedPoint(x: $0.0, y: $0.1)
        }
    )

    /// A lane with all that it hands things to; what it says is in the spool once the recorder has drained.
    private struct Bench {
        let folder: Folder
        let recorder: AlertRecorder
        let spool: AlertSpool
        let clips: AlertClips
        let lane: LiveCamera

        init(
            _ rules: [Rule],
            _ settings: DetectionSettings,
            clocks: Clocks = .system,
            in folder: Folder? = nil,
            clipBytes: Int = 0
        ) throws {
            let folder = try folder ?? Folder()
            self.folder = folder
            try FileManager.default.createDirectory(
                atPath: folder.path + "/evidence",
                withIntermediateDirectories: true
            )
            spool = try AlertSpool(directory: folder.path + "/spool", capacityBytes: 64 << 20)
            recorder = AlertRecorder(
                spool: spool,
                evidence: EvidenceStore(directory: folder.path + "/evidence", minimumFreeBytes: 0),
                meter: Meter(),
                health: HealthBoard(),
                logger: logger
            )
            // Nobody connects to it before scores are written, which nobody asks for.
            let archive = ScoreArchive(pool: PostgresPool(conninfo: "host=/nonexistent", size: 1))
            clips = AlertClips(directory: folder.path + "/clips", limit: clipBytes, meter: Meter(), logger: logger)
            lane = LiveCamera(
                camera: "cam",
                tuning: DecodeWorkers.Tuning(sampling: .everyFrame, pointClass: 1, bufferBytes: 0),
                pipeline: CameraPipeline(
                    analyzer: try CameraAnalyzer(rules: rules, settings: settings),
                    sampling: .everyFrame,
                    evidence: nil
                ),
                rules: rules,
                settings: settings,
                recorder: recorder,
                scores: ScoreReporter(
                    archive: archive,
                    days: 8,
                    loops: LoopMonitor(meter: Meter(), health: HealthBoard()),
                    meter: Meter(),
                    logger: logger
                ),
                clips: clips,
                clocks: clocks
            )
        }

        /// Plays the clip, with changes at seconds of it, and gives the starts and ends that were said.
        func play(_ changes: [(at: Double, body: (LiveCamera) throws -> Void)]) throws -> [AlertRecord] {
            let demuxer = try Demuxer(url: clip, options: Demuxer.Options())
            let bench = DecoderBench()
            var left = changes[...]
            while let unit = try demuxer.next() {
                if let next = left.first, unit.time.seconds >= next.at {
                    try next.body(lane)
                    left = left.dropFirst()
                }
                try lane.take(unit, bench)
            }
            lane.finish()
            recorder.drain()
            clips.drain()
            return try spool.next(limit: 1000).map(\.record).filter { $0.phase != .update }
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
            (at: 16, body: { _ in wall.withLock { $0 = MediaTime(seconds: 910) } })
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
        let folder = try Folder()
        let start = MediaTime(seconds: 9)
        var left = makeRecord(0)
        (left.rule, left.startedAt, left.statedAt) = ("shore", start, MediaTime(seconds: 12))
        left.id = AlertID.make(camera: "cam", rule: "shore", start: start)
        let before = try AlertSpool(directory: folder.path + "/spool", capacityBytes: 64 << 20)
        try before.append([left])
        try before.remove(try before.next(limit: 1).map(\.sequence))
        before.close()
        let bench = try Bench([Self.shore], DetectionSettings(), in: folder, clipBytes: 64 << 20)
        let told = try bench.play([])
        #expect(told.prefix(2).map(\.id) == [left.id, left.id])
        let walk = try #require(FileManager.default.enumerator(atPath: folder.path + "/clips"))
        let clips = walk.compactMap { $0 as? String }.filter { $0.hasSuffix(".mp4") }
        let name = try #require(clips.first?.split(separator: "/").last)
        #expect(clips.count == 1 && name.hasPrefix(left.id), "\(clips)")
    }

    @Test("rules that are refused leave the camera with those that it had")
    func refused() throws {
        let told = try Bench([Self.shore], DetectionSettings()).play([
            (
                at: 5,
                body: { lane in
                    #expect(throws: DetectionError.self) {
                        try lane.revise(rules: [Self.shore, Self.shore], settings: DetectionSettings())
                    }
                }
            )
        ])
        #expect(told.map(\.phase) == [.start, .end, .start, .end])
    }
}

import Analysis
import Detection
import Flow
import Foundation
import Gate
import Ingest
import Media
import Settings
import TestSupport
import Testing

@testable import Live

/// Settings of how much of a stream is looked at and what an alert brings along, each with two values, on clips.
@Suite(.ownThread) struct SamplingSettingsTests {
    private static let streams = checkout + "/sample-streams/"

    private static func rules(_ clip: String) throws -> [Rule] {
        let data = try Data(contentsOf: URL(fileURLWithPath: streams + "labels/\(clip).json"))
        return try JSONDecoder().decode(RuleFile.self, from: data).rules
    }

    /// A clip as a camera of a class is looked at with these settings.
    private func look(
        _ clip: String,
        pointClass: Int,
        _ values: [String: String]
    ) throws -> (pictures: Int, trace: GateTrace?) {
        let ingest = try DaemonSettings.with(values).ingest
        let pipeline = CameraPipeline(
            analyzer: try CameraAnalyzer(rules: Self.rules(clip), settings: DetectionSettings()),
            sampling: ingest.sampling(interval: ingest.interval(ofClass: pointClass)),
            evidence: nil,
            bufferBytes: ingest.bufferBytes(ofClass: pointClass),
            traces: true
        )
        let demuxer = try Demuxer(url: Self.streams + clip + ".mp4", options: Demuxer.Options())
        let bench = DecoderBench(budget: nil)
        while let unit = try demuxer.next() { _ = try pipeline.take(unit, bench) }
        return (pipeline.picturesSeen, pipeline.trace)
    }

    @Test("ingest.decode: some keyframes, all keyframes, every picture")
    func decode() throws {
        let seen = try ["gated", "keyframes", "every_frame"].map { value in
            try look("quiet-caption", pointClass: 2, ["ingest.decode": value, "ingest.gop_2_kb": "0"]).pictures
        }
        #expect(seen[0] < seen[1] && seen[1] == 15 && seen[2] > 100, "\(seen)")
    }

    @Test("ingest.sampling_1_s, ingest.sampling_2_s, ingest.sampling_3_s: samples of each class", arguments: [1, 2, 3])
    func sampling(pointClass: Int) throws {
        let decoded = try ["1", "3600"].map { value in
            let values = ["ingest.sampling_\(pointClass)_s": value, "ingest.gop_\(pointClass)_kb": "0"]
            return try #require(try look("quiet-caption", pointClass: pointClass, values).trace).decoded.count
        }
        #expect(decoded[0] > decoded[1], "\(decoded)")
        #expect(decoded[0] == 15, "each keyframe, which are two seconds apart")
    }

    @Test(
        "ingest.gop_1_kb, ingest.gop_2_kb, ingest.gop_3_kb: looks between keyframes of each class",
        arguments: [1, 2, 3]
    )
    func pictures(pointClass: Int) throws {
        func bursts(_ clip: String, _ value: String) throws -> Int {
            let values = ["ingest.gop_\(pointClass)_kb": value, "ingest.sampling_\(pointClass)_s": "10"]
            return try #require(try look(clip, pointClass: pointClass, values).trace).bursts
        }
        let clips = ["night-intrusion", "gate-line", "car-park-day", "river-dusk", "covered-lens"]
        let clip = try #require(try clips.first { try bursts($0, "2048") > 0 })
        #expect(try bursts(clip, "0") == 0)
    }

    /// The evidence pictures of the river clip.
    private func evidence(_ values: [String: String]) throws -> [UInt8] {
        let style = EvidenceStyle(try DaemonSettings.with(values).alerts)
        let run = ClipRun(
            rules: try Self.rules("river-day"),
            settings: DetectionSettings(),
            sampling: .frames(perSecond: 2),
            evidence: style
        )
        return try #require(try run.run(Self.streams + "river-day.mp4").alerts.first?.jpeg)
    }

    /// Width that the frame header of a JPEG says.
    private func width(_ jpeg: [UInt8]) -> Int {
        let start = jpeg.indices.dropLast(9).first { jpeg[$0] == 0xff && jpeg[$0 + 1] == 0xc0 } ?? 0
        return Int(jpeg[start + 7]) << 8 | Int(jpeg[start + 8])
    }

    @Test("alerts.evidence_width_px and alerts.evidence_quality: how wide and how good evidence is")
    func evidence() throws {
        let narrow = try evidence(["alerts.evidence_width_px": "200"])
        let wide = try evidence(["alerts.evidence_width_px": "320"])
        #expect(width(narrow) == 200 && width(wide) == 320)
        let poor = try evidence(["alerts.evidence_quality": "10"])
        let good = try evidence(["alerts.evidence_quality": "95"])
        #expect(poor.count * 2 < good.count)
    }

    private func isOn(_ schedule: String, at time: String, _ values: [String: String]) throws -> Bool {
        let schedule = try JSONDecoder().decode(Schedule.self, from: Data(schedule.utf8))
        let time = try Date(time, strategy: .iso8601).timeIntervalSince1970
        return schedule.contains(MediaTime(seconds: time), try CityCalendar(DaemonSettings.with(values).calendar))
    }

    @Test("calendar.holidays, calendar.workdays: days on which rules of workdays hold")
    func days() throws {
        let office = #"[{"on":"workdays","from":"08:00","to":"18:00"}]"#
        // A Thursday and a Saturday, at noon in Wugang.
        let (thursday, saturday) = ("2026-10-01T04:00:00Z", "2026-10-10T04:00:00Z")
        #expect(try isOn(office, at: thursday, [:]))
        #expect(try !isOn(office, at: thursday, ["calendar.holidays": "2026-10-01..2026-10-07"]))
        #expect(try !isOn(office, at: saturday, [:]))
        #expect(try isOn(office, at: saturday, ["calendar.workdays": "2026-10-10"]))
    }

    @Test("calendar.latitude, calendar.longitude: when the sun sets for rules of the night")
    func sun() throws {
        let night = #"[{"from":"sunset","to":"23:59"}]"#
        let (evening, summer) = ("2026-12-01T09:00:00Z", "2026-06-21T11:10:00Z")
        #expect(try !isOn(night, at: evening, [:]) && isOn(night, at: evening, ["calendar.longitude": "130"]))
        #expect(
            try isOn(night, at: summer, ["calendar.latitude": "0"])
                != isOn(night, at: summer, ["calendar.latitude": "50"])
        )
    }
}

import Flow
import Foundation
import TestSupport
import Testing

@testable import Media

@Suite(.ownThread) struct DemuxerTests {
    struct Source: CustomTestStringConvertible {
        var name: String
        var codec: StreamFormat.Codec
        var coding: [String]
        var testDescription: String { name }
    }

    private static let sources = [
        Source(name: "plain.mp4", codec: .h264, coding: Clips.h264),
        Source(name: "plain.ts", codec: .h264, coding: Clips.h264),
        Source(name: "plain.h264", codec: .h264, coding: Clips.h264),
        Source(name: "plain.flv", codec: .h264, coding: Clips.h264),
        Source(name: "b.mp4", codec: .h264, coding: Clips.h264WithB),
        Source(name: "b.mkv", codec: .h264, coding: Clips.h264WithB),
        Source(name: "b.ts", codec: .h264, coding: Clips.h264WithB),
        Source(name: "plain265.mp4", codec: .h265, coding: Clips.h265),
        Source(name: "plain265.ts", codec: .h265, coding: Clips.h265),
        Source(name: "plain.avi", codec: .mjpeg, coding: Clips.mjpeg),
        Source(name: "old.mp4", codec: .other, coding: ["-c:v", "mpeg4", "-bf", "2", "-g", "25"]),
    ]

    @Test("every container gives all units, from time zero, with growing decode times", arguments: sources)
    func readsAll(source: Source) throws {
        let path = try Clips.pattern(source.name, source.coding)
        let demuxer = try Demuxer(url: path)
        #expect(demuxer.format.codec == source.codec)
        #expect("\(demuxer.info.width)x\(demuxer.info.height)" == "320x180")
        #expect("\(demuxer.format.width)x\(demuxer.format.height)" == "320x180")
        #expect(abs((demuxer.info.framesPerSecond ?? 0) - 25) < 0.5)
        var units: [AccessUnit] = []
        while let unit = try demuxer.next() { units.append(unit) }
        #expect(units.count == 50)
        #expect(demuxer.droppedUnits == 0)
        #expect(units.first?.time == .zero)
        #expect(units.first?.isKeyframe == true)
        #expect(zip(units, units.dropFirst()).allSatisfy { $0.decodeTime < $1.decodeTime })
        #expect(try demuxer.next() == nil, "the end stays the end")
        for unit in units where unit.isKeyframe && source.codec != .mjpeg && source.codec != .other {
            #expect(ParameterSets(of: unit.bytes, codec: source.codec).isSelfContained)
            #expect(unit.format.extradata.isEmpty)
        }
    }

    @Test("presentation times are those of the frames", arguments: ["b.mp4", "b.mkv", "b.ts"])
    func presentationTimes(name: String) throws {
        let units = try Clips.units(try Clips.pattern(name, Clips.h264WithB))
        #expect(units.contains { $0.time != $0.decodeTime })
        let times = units.map(\.time.seconds).sorted()
        for (index, time) in times.enumerated() { #expect(abs(time - Double(index) / 25) < 0.002) }
    }

    @Test("a variable frame rate keeps its times")
    func variableFrameRate() throws {
        let path = try Clips.clip(
            "vfr.mp4",
            ["-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25:duration=4", "-vf"]
                + ["select='lt(n,10)+not(mod(n,10))'", "-vsync", "vfr"] + Clips.h264
        )
        let times = try Clips.units(path).map { Int(($0.time.seconds * 25).rounded()) }
        #expect(times == Array(0..<10) + stride(from: 10, to: 100, by: 10))
    }

    @Test("keyframes only gives the keyframes", arguments: ["plain.mp4", "plain.ts", "b.mp4", "plain265.mp4"])
    func keyframesOnly(name: String) throws {
        let coding = name.contains("265") ? Clips.h265 : name.contains("b") ? Clips.h264WithB : Clips.h264
        let units = try Clips.units(try Clips.pattern(name, coding), Demuxer.Options(keyframesOnly: true))
        #expect(units.map(\.time.seconds) == [0, 1])
        #expect(units.allSatisfy { $0.isKeyframe })
    }

    @Test("a clip cut between keyframes starts at zero where it is shown")
    func preroll() throws {
        let whole = try Clips.pattern("plain.mp4", Clips.h264)
        let path = try Clips.clip("cut.mp4", ["-ss", "0.4", "-i", whole, "-c", "copy"])
        let units = try Clips.units(path)
        let hidden = units.filter { $0.time < .zero }
        #expect(hidden.count == 10)
        #expect(units.first?.isKeyframe == true)
        #expect(units.first { $0.time >= .zero }?.time == .zero)
    }

    @Test("rotation is ignored: the coded size counts")
    func rotation() throws {
        let whole = try Clips.pattern("plain.mp4", Clips.h264)
        let path = try Clips.clip("rotated.mp4", ["-i", whole, "-c", "copy", "-metadata:s:v:0", "rotate=90"])
        #expect(try Demuxer(url: path).info.width == 320)
    }

    @Test("a stream with sound gives the picture only")
    func sound() throws {
        let path = try Clips.clip(
            "sound.mp4",
            ["-f", "lavfi", "-i", "sine=duration=1", "-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25:duration=1"]
                + ["-c:a", "aac"] + Clips.h264
        )
        #expect(try Clips.units(path).count == 25)
    }

    @Test("times that start anew in the middle go on")
    func joined() throws {
        let part = try Clips.pattern("plain.ts", Clips.h264)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: part))
        let path = Clips.path("joined.ts")
        try (bytes + bytes).write(to: URL(fileURLWithPath: path))
        let units = try Clips.units(path)
        #expect(units.count >= 98)
        #expect(zip(units, units.dropFirst()).allSatisfy { $0.decodeTime < $1.decodeTime })
        #expect(abs((units.last?.time.seconds ?? 0) - 3.96) < 0.3)
    }

    @Test("what cannot be read says why, and is told apart by its code")
    func badFiles() throws {
        let audio = try Clips.clip("audio.m4a", ["-f", "lavfi", "-i", "sine=duration=1", "-c:a", "aac"])
        let cover = try Clips.clip(
            "cover.mp3",
            ["-f", "lavfi", "-i", "sine=duration=1", "-f", "lavfi", "-i", "color=red:size=64x64:duration=0.04"]
                + ["-map", "0", "-map", "1", "-c:v", "mjpeg", "-disposition:v", "attached_pic"]
        )
        let text = Clips.path("text.mp4")
        try Data("this is not a film\n".utf8).write(to: URL(fileURLWithPath: text))
        let empty = Clips.path("empty.mp4")
        try Data().write(to: URL(fileURLWithPath: empty))
        let pipe = Clips.path("pipe.mp4")
        mkfifo(pipe, 0o600)
        let whole = try Data(contentsOf: URL(fileURLWithPath: try Clips.pattern("plain.mp4", Clips.h264)))
        let headless = Clips.path("headless.mp4")
        try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: headless))
        let cases: [(String, MediaError.Code, String)] = [
            (audio, .noVideo, "audio (aac)"), (cover, .noVideo, "cover picture"),
            (text, .openFailed, "not a media file"),
            (empty, .openFailed, "empty"), (Clips.path("missing.mp4"), .openFailed, "No such file"),
            (Clips.folder, .openFailed, "directory"), (pipe, .openFailed, "not a regular file"),
            (headless, .openFailed, "index is missing"), ("nonsense://host/x", .refused, "is not read"),
            ("rtsp://user:secret@127.0.0.1:1/x", .openFailed, "Connection refused"),
        ]
        for (path, code, words) in cases {
            let error = #expect(throws: MediaError.self) { try Demuxer(url: path) }
            #expect(error?.code == code, "\(path)")
            #expect(error?.message.contains(words) == true, "\(String(describing: error))")
            #expect(error?.message.contains(redacted(url: path)) == true)
            #expect(error?.message.contains("secret") == false)
        }
    }

    @Test("an audio-only URL says so", .timeLimit(.minutes(1)))
    func audioOnlyURL() throws {
        let clip = try Clips.clip("audio.aac", ["-f", "lavfi", "-i", "sine=duration=60", "-c:a", "aac"])
        let server = try SilentServer(greeting: Array(try Data(contentsOf: URL(fileURLWithPath: clip))))
        let error = #expect(throws: MediaError.self) {
            try Demuxer(url: "tcp://127.0.0.1:\(server.port)", options: Demuxer.Options(openTimeout: 30))
        }
        #expect(error?.code == .noVideo)
        #expect(error?.message.contains("audio (aac)") == true)
    }

    @Test("a file that was cut off gives its readable part", arguments: [0.3, 0.5, 0.77, 0.95])
    func truncated(share: Double) throws {
        let whole = try Clips.pattern("fast.mp4", Clips.h264 + ["-movflags", "+faststart"])
        let bytes = try Data(contentsOf: URL(fileURLWithPath: whole))
        let path = Clips.path("truncated-\(share).mp4")
        try bytes.prefix(Int(Double(bytes.count) * share)).write(to: URL(fileURLWithPath: path))
        let units = try Clips.units(path)
        #expect(units.count > 5)
        #expect(units.count < 50)
        #expect(units.first?.time == .zero)
    }

    @Test("random damage ends in units, the end or an error, never in a crash", arguments: 0..<24)
    func damaged(seed: Int) throws {
        let names = ["fast.mp4", "plain.ts", "plain.h264", "plain265.ts"]
        let name = names[seed % names.count]
        let coding =
            name.contains("265") ? Clips.h265 : Clips.h264 + (name == "fast.mp4" ? ["-movflags", "+faststart"] : [])
        var bytes = try Data(contentsOf: URL(fileURLWithPath: try Clips.pattern(name, coding)))
        var state = UInt64(seed + 1)
        for _ in 0..<40 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            bytes[Int(state >> 33) % bytes.count] = UInt8(truncatingIfNeeded: state >> 20)
        }
        let path = Clips.path("damaged-\(seed)-" + name)
        try bytes.write(to: URL(fileURLWithPath: path))
        var shown = 0
        var units = 0
        do {
            let demuxer = try Demuxer(url: path)
            let decoder = try StreamDecoder(format: demuxer.format)
            let keys = KeyframeDecoder()
            while let unit = try demuxer.next() {
                units += 1
                if unit.isKeyframe { _ = try? keys.decode(unit) { $0.width } }
                decoder.decode(unit) { _ in shown += 1 }
            }
            decoder.drain { _ in shown += 1 }
            #expect(units <= 60)
        } catch {
            #expect([.openFailed, .brokenData, .readFailed, .noVideo, .unsupportedCodec].contains(error.code))
        }
        #expect(shown <= units)
    }

    @Test("keyframes without parameter sets anywhere are dropped and counted")
    func noParameterSets() throws {
        let path = try Clips.withoutParameterSets()
        let demuxer = try Demuxer(url: path)
        #expect(try demuxer.next() == nil)
        #expect(demuxer.droppedUnits == 50)
    }

    @Test("parameter sets that came once stand in front of every keyframe")
    func repeatsParameterSets() throws {
        let coding = Clips.h264 + ["-x264-params", "repeat-headers=0", "-flags", "+global_header"]
        let path = try Clips.pattern("global.mkv", coding)
        let keyframes = try Clips.units(path).filter(\.isKeyframe)
        #expect(keyframes.count == 2)
        #expect(keyframes.allSatisfy { ParameterSets(of: $0.bytes, codec: .h264).isSelfContained })
    }

    @Test(
        "a camera that accepts and never answers times out",
        .timeLimit(.minutes(1)),
        arguments: ["rtsp", "http", "tcp"]
    )
    func silence(scheme: String) throws {
        let server = try SilentServer()
        let error = #expect(throws: MediaError.self) {
            try Demuxer(
                url: "\(scheme)://u:secret@127.0.0.1:\(server.port)/x",
                options: Demuxer.Options(openTimeout: 0.7)
            )
        }
        #expect(error?.code == .timedOut)
        #expect(error?.isRetriable == true)
        #expect(error?.message.contains("secret") == false)
    }

    @Test("a stream that stalls times out after its last unit", .timeLimit(.minutes(1)))
    func stall() throws {
        let clip = try Clips.pattern("long.ts", seconds: 8, Clips.h264)
        let server = try SilentServer(greeting: Array(try Data(contentsOf: URL(fileURLWithPath: clip))))
        let options = Demuxer.Options(openTimeout: 20, readTimeout: 0.7)
        let demuxer = try Demuxer(url: "tcp://127.0.0.1:\(server.port)", options: options)
        var units = 0
        let error = #expect(throws: MediaError.self) {
            while try demuxer.next() != nil { units += 1 }
        }
        #expect(error?.code == .timedOut)
        #expect(units > 100)
    }

    @Test("opening can be interrupted from another thread", .timeLimit(.minutes(1)))
    func interruptOpening() throws {
        let server = try SilentServer()
        let interrupter = Interrupter()
        DispatchQueue.global().asyncAfter(deadline: .now() + 0.2) { interrupter.interrupt() }
        let error = #expect(throws: MediaError.self) {
            try Demuxer(
                url: "rtsp://127.0.0.1:\(server.port)/x",
                options: Demuxer.Options(openTimeout: 600),
                interrupter: interrupter
            )
        }
        #expect(error?.code == .interrupted)
        #expect(error?.isRetriable == false)
    }

    @Test("reading can be interrupted from another thread", .timeLimit(.minutes(1)))
    func interruptReading() throws {
        let clip = try Clips.pattern("long.ts", seconds: 8, Clips.h264)
        let server = try SilentServer(greeting: Array(try Data(contentsOf: URL(fileURLWithPath: clip))))
        let demuxer = try Demuxer(
            url: "tcp://127.0.0.1:\(server.port)",
            options: Demuxer.Options(openTimeout: 20, readTimeout: 600)
        )
        DispatchQueue.global().asyncAfter(deadline: .now() + 0.5) { demuxer.interrupt() }
        let error = #expect(throws: MediaError.self) {
            while try demuxer.next() != nil {}
        }
        #expect(error?.code == .interrupted)
    }
}

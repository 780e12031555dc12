import Flow
import Foundation
import TestSupport
import Testing

@testable import Media

/// Sources that send for ever and never what a reader waits for: each call comes back.
@Suite(.ownThread) struct WithoutKeyframeTests {
    private static func head(_ type: String) -> [UInt8] {
        Array("HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\nConnection: close\r\n\r\n".utf8)
    }

    private static func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    /// A transport stream of two seconds whose only keyframe was taken out.
    private static func keyless() throws -> [UInt8] {
        let coding = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "250", "-bf", "0", "-pix_fmt", "yuv420p"]
        let whole = try Clips.pattern("gop.ts", coding)
        return try bytes(
            try Clips.clip("keyless.ts", ["-i", whole, "-c", "copy", "-bsf:v", "filter_units=remove_types=5"])
        )
    }

    private func camera(first: [UInt8] = [], then: [UInt8], pause: Double = 0.1) -> AnsweringServer {
        let head = Self.head("video/mp2t") + first
        return AnsweringServer { _ in .endless(first: head, then: then, pause: pause) }
    }

    private func demuxer(_ camera: AnsweringServer, _ options: Demuxer.Options) throws -> Demuxer {
        try Demuxer(url: "http://u:secret@127.0.0.1:\(camera.port)/live.ts", options: options)
    }

    @Test(
        "a stream that never has a keyframe is given back, with what to set, and may be asked again",
        .timeLimit(.minutes(2)),
        arguments: [true, false]
    )
    func never(keyframesOnly: Bool) throws {
        let camera = camera(then: try Self.keyless())
        var options = Demuxer.Options(openTimeout: 20, keyframeTimeout: 0.5, keyframesOnly: keyframesOnly)
        options.readTimeout = 20
        let demuxer = try demuxer(camera, options)
        for _ in 0..<3 {
            let error = #expect(throws: MediaError.self) { try demuxer.next() }
            #expect(error?.code == .noKeyframe && error?.isRetriable == true)
            for words in ["no keyframe came", "GOP", "intra refresh"] {
                #expect(error?.message.contains(words) == true, "\(String(describing: error))")
            }
            #expect(error?.message.contains("secret") == false)
        }
    }

    @Test("a stream that had a keyframe and has no more is given back, too", .timeLimit(.minutes(2)))
    func noMore() throws {
        let camera = camera(first: try Self.bytes(try Clips.pattern("plain.ts", Clips.h264)), then: try Self.keyless())
        let demuxer = try demuxer(
            camera,
            Demuxer.Options(openTimeout: 20, readTimeout: 20, keyframeTimeout: 0.5, keyframesOnly: true)
        )
        var keyframes = 0
        let error = #expect(throws: MediaError.self) {
            while try demuxer.next() != nil { keyframes += 1 }
        }
        #expect(error?.code == .noKeyframe)
        #expect(keyframes == 2)
    }

    @Test(
        "a recovery point whose picture needs those before it is no keyframe for who decodes nothing else",
        arguments: ["refresh.ts", "refresh.mp4"]
    )
    func intraRefresh(name: String) throws {
        let coding = ["-c:v", "libx264", "-preset", "veryfast", "-bf", "0", "-pix_fmt", "yuv420p"]
        let path = try Clips.pattern(
            name,
            seconds: 4,
            coding + ["-x264-params", "intra-refresh=1:keyint=20:scenecut=0"]
        )
        let units = try Clips.units(path)
        #expect(units.count == 100 && units.count { $0.isKeyframe } > 2)
        let keyframes = try Clips.units(path, Demuxer.Options(keyframesOnly: true))
        #expect(keyframes.map(\.time) == [.zero], "its beginning only")
    }

    @Test("a playlist that never gets a new segment times out after its last picture", .timeLimit(.minutes(2)))
    func deadPlaylist() throws {
        let segment = try Self.bytes(try Clips.pattern("long.ts", seconds: 8, Clips.h264))
        let lines = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:8", "#EXT-X-MEDIA-SEQUENCE:7"]
        let list = (lines + ["#EXTINF:8.0,", "seg.ts", ""]).joined(separator: "\n")
        let camera = AnsweringServer { head in
            head.hasPrefix("GET /seg")
                ? .last(AnsweringServer.http(200, ["Content-Type: video/mp2t"], segment))
                : .last(AnsweringServer.http(200, ["Content-Type: application/vnd.apple.mpegurl"], Array(list.utf8)))
        }
        let demuxer = try Demuxer(
            url: "http://127.0.0.1:\(camera.port)/live.m3u8",
            options: Demuxer.Options(openTimeout: 20, readTimeout: 0.7)
        )
        var units = 0
        let error = #expect(throws: MediaError.self) {
            while try demuxer.next() != nil { units += 1 }
        }
        #expect(error?.code == .timedOut, "\(String(describing: error))")
        #expect(units >= 190)
        #expect(camera.requests.contains { $0.hasPrefix("GET /seg") })
    }

    @Test(
        "a server that drips bytes and never a picture times out, at the beginning and later",
        .timeLimit(.minutes(2))
    )
    func drips() throws {
        let opening = #expect(throws: MediaError.self) {
            try demuxer(camera(then: [0x47], pause: 0.02), Demuxer.Options(openTimeout: 0.7))
        }
        #expect(opening?.code == .timedOut)
        let whole = try Self.bytes(try Clips.pattern("long.ts", seconds: 8, Clips.h264))
        let later = try demuxer(
            camera(first: whole, then: [0x47], pause: 0.02),
            Demuxer.Options(openTimeout: 20, readTimeout: 0.7)
        )
        let reading = #expect(throws: MediaError.self) {
            while try later.next() != nil {}
        }
        #expect(reading?.code == .timedOut)
    }

    @Test("what a wait counts is bounded by its steps, and each part of it is told once")
    func waits() {
        var wait = KeyframeWait()
        var told: [Double] = []
        for second in stride(from: 0.0, through: 30, by: 1) where wait.isOver(after: 12, now: second) {
            told.append(second)
        }
        #expect(told == [12, 24])
        let isOver = wait.isOver(after: 20, now: 1000)
        #expect(!isOver && wait.seconds == 40, "the process was away; ten seconds of it count")
        wait.ended()
        #expect(wait.seconds == 0)
    }
}

import Flow
import Foundation
import TestSupport
import Testing

@testable import Media

/// Cameras that answer over HTTP in ways of their own.
@Suite(.ownThread) struct HTTPCameraTests {
    private static func picture() throws -> [UInt8] {
        let path = try Clips.clip(
            "one.jpg",
            ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=1:duration=1", "-frames:v", "1"] + Clips.mjpeg
        )
        return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    private static func head(_ type: String) -> [UInt8] {
        Array("HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\nConnection: close\r\n\r\n".utf8)
    }

    @Test(
        "one picture and its end is a snapshot, and its picture is whole, whatever its address looks like",
        arguments: ["snap", "snap.jpg", "snap.JPEG?channel=1", "cgi?file=a.jpg", "pic%03d.png", "x.ts"]
    )
    func snapshot(path: String) throws {
        let picture = try Self.picture()
        let camera = AnsweringServer { _ in
            .last(AnsweringServer.http(200, ["Content-Type: image/jpeg"], picture))
        }
        let demuxer = try Demuxer(url: "http://127.0.0.1:\(camera.port)/\(path)")
        #expect(camera.requests.last?.hasPrefix("GET /\(path) ") == true, "asked as it is written")
        #expect(demuxer.info.isSnapshot)
        let unit = try #require(try demuxer.next())
        #expect(try demuxer.next() == nil)
        #expect(try KeyframeDecoder().decode(unit) { $0.width } == 320)
    }

    @Test("a snapshot of a server that does not tell its length ends as well")
    func snapshotWithoutLength() throws {
        let answer = Self.head("image/jpeg") + (try Self.picture())
        let camera = AnsweringServer { _ in .last(answer) }
        let demuxer = try Demuxer(url: "http://127.0.0.1:\(camera.port)/snap.jpg")
        #expect(demuxer.info.isSnapshot)
        let unit = try #require(try demuxer.next())
        #expect(try KeyframeDecoder().decode(unit) { $0.width } == 320)
        #expect(try demuxer.next() == nil)
    }

    @Test("pictures in parts are read with and without the mark before the first one", arguments: [true, false])
    func multipart(hasMark: Bool) throws {
        let picture = try Self.picture()
        let part =
            Array("Content-Type: image/jpeg\r\nContent-Length: \(picture.count)\r\n\r\n".utf8) + picture
            + Array("\r\n--frame\r\n".utf8)
        let first =
            Self.head("multipart/x-mixed-replace; boundary=frame") + (hasMark ? Array("--frame\r\n".utf8) : [])
        let camera = AnsweringServer { _ in .endless(first: first, then: part, pause: 0.02) }
        let demuxer = try Demuxer(url: "http://127.0.0.1:\(camera.port)/video")
        #expect(!demuxer.info.isSnapshot)
        for _ in 0..<5 {
            let unit = try #require(try demuxer.next())
            #expect(try KeyframeDecoder().decode(unit) { $0.width } == 320)
        }
    }

    /// A tag of video in FLV.
    private static func tag(_ time: Int, _ body: [UInt8]) -> [UInt8] {
        func big(_ value: Int, _ count: Int) -> [UInt8] {
            (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
        }
        return [9] + big(body.count, 3) + big(time, 3) + [0, 0, 0, 0] + body + big(body.count + 11, 4)
    }

    private static let flvHead = head("video/x-flv") + Array("FLV".utf8) + [1, 1, 0, 0, 0, 9, 0, 0, 0, 0]

    @Test("H.265 in FLV as Chinese servers send it is read: every picture, with its times")
    func flv() throws {
        let path = try Clips.pattern("plain265.mp4", Clips.h265)
        let file = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        let box = try #require(file.firstRange(of: Array("hvcC".utf8))).lowerBound
        let length = file[box - 4..<box].reduce(0) { $0 << 8 | Int($1) }
        var stream = Self.flvHead + Self.tag(0, [0x1c, 0, 0, 0, 0] + file[box + 4..<box - 4 + length])
        let sent = try Clips.units(path)
        for (index, unit) in sent.enumerated() {
            var body: [UInt8] = [unit.isKeyframe ? 0x1c : 0x2c, 1, 0, 0, 80]
            unit.bytes.withUnsafeBytes { bytes in
                AnnexB.forEachUnit(in: bytes) { nal in
                    body += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: nal.count >> $0) }
                    body += nal
                }
            }
            stream += Self.tag(index * 40, body)
        }
        let whole = stream
        let camera = AnsweringServer { _ in .last(whole) }
        let demuxer = try Demuxer(url: "http://127.0.0.1:\(camera.port)/live/x.flv")
        #expect(demuxer.format.codec == .h265 && demuxer.info.codec == "hevc")
        var units: [AccessUnit] = []
        while let unit = try demuxer.next() { units.append(unit) }
        #expect(units.count == sent.count && demuxer.droppedUnits == 0)
        #expect(units.map(\.isKeyframe) == sent.map(\.isKeyframe))
        let steps = zip(units, units.dropFirst()).map { $1.time.seconds - $0.time.seconds }
        #expect(steps.allSatisfy { abs($0 - 0.04) < 0.001 })
        #expect(units.allSatisfy { abs($0.time.seconds - $0.decodeTime.seconds - 0.08) < 0.001 })
        #expect(try KeyframeDecoder().decode(try #require(units.first)) { $0.width } == 320)
    }

    @Test("the newer form of H.265 in FLV is named")
    func newerFLV() {
        let body = [0x90] + Array("hvc1".utf8) + [UInt8](repeating: 1, count: 40)
        let stream = Self.flvHead + (0..<100).flatMap { Self.tag($0 * 40, body) }
        let camera = AnsweringServer { _ in .last(stream) }
        #expect {
            try Demuxer(url: "http://127.0.0.1:\(camera.port)/x.flv")
        } throws: { error in
            guard let error = error as? MediaError else { return false }
            return error.code == .unsupportedCodec && error.message.contains("H.265")
        }
    }

    @Test("a web page in the place of a stream is called one")
    func page() {
        let camera = AnsweringServer { _ in
            .last(AnsweringServer.http(200, ["Content-Type: text/html"], Array("<html>login</html>".utf8)))
        }
        #expect {
            try Demuxer(url: "http://127.0.0.1:\(camera.port)/")
        } throws: { ($0 as? MediaError)?.message.contains("web page") == true }
    }
}

import Flow
import Foundation
import TestThreads
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

    @Test("one picture and its end is a snapshot, and its picture is whole")
    func snapshot() throws {
        let picture = try Self.picture()
        let camera = AnsweringServer { _ in
            .last(AnsweringServer.http(200, ["Content-Type: image/jpeg"], picture))
        }
        let demuxer = try Demuxer(url: "http://127.0.0.1:\(camera.port)/snap")
        #expect(demuxer.info.isSnapshot)
        let unit = try #require(try demuxer.next())
        #expect(try demuxer.next() == nil)
        #expect(try KeyframeDecoder().decode(unit) { $0.width } == 320)
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

    @Test(
        "H.265 in FLV is named, in the form of Chinese servers and in the newer one",
        arguments: [0x1c as UInt8, 0x90]
    )
    func flv(first: UInt8) {
        let body = [first, 0, 0, 0, 0] + (first == 0x90 ? Array("hvc1".utf8) : []) + [UInt8](repeating: 1, count: 40)
        let size = body.count
        let tag =
            [9, 0, 0, UInt8(size), 0, 0, 0, 0, 0, 0, 0] + body + [0, 0, 0, UInt8(size + 11)]
        let head = Self.head("video/x-flv") + Array("FLV".utf8) + [1, 1, 0, 0, 0, 9, 0, 0, 0, 0]
        let camera = AnsweringServer { _ in .endless(first: head, then: tag, pause: 0.01) }
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

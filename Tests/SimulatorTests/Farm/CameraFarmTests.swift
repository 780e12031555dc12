import Flow
import Foundation
import Media
import NIOCore
import RTSP
import Simulator
import Testing

private let ffmpeg = CommandLineTool("ffmpeg")
private let ffprobe = CommandLineTool("ffprobe")
private let gstreamer = CommandLineTool("gst-launch-1.0")

/// Runs a farm on a free port as long as `body` runs.
func withFarm(
    _ clips: [String],
    cameras: Int = 1,
    change: (inout CameraFarm.Options) -> Void = { _ in },
    body: (CameraFarm, [String]) async throws -> Void
) async throws {
    var options = CameraFarm.Options(clips: clips.map(TestClips.path), count: cameras)
    options.port = 0
    change(&options)
    let farm = try CameraFarm(options: options)
    try await farm.start()
    let service = Task { try await farm.run() }
    do {
        try await body(farm, farm.urls())
    } catch {
        service.cancel()
        _ = await service.result
        throw error
    }
    service.cancel()
    try await service.value
}

/// Waits until `condition` holds; false when it does not within 20 s.
func eventually(_ condition: () throws -> Bool) async rethrows -> Bool {
    for _ in 0..<400 {
        if try condition() { return true }
        try? await Task.sleep(for: .milliseconds(50))
    }
    return try condition()
}

extension WithClips {
    @Suite struct CameraFarmTests {
        @Test(
            "ffprobe finds coding and size",
            .enabled(if: ffprobe != nil),
            arguments: [("a-h264.mp4", "h264"), ("b-h265.mp4", "hevc"), ("bframes.mp4", "h264")]
        )
        func probes(clip: String, codec: String) async throws {
            try await withFarm([clip]) { _, urls in
                let arguments = [
                    "-v", "error", "-rtsp_transport", "tcp", "-show_entries", "stream=codec_name,width,height",
                ]
                let result = try await #require(ffprobe).run(arguments + ["-of", "csv=p=0", urls[0]])
                #expect(result.output == "\(codec),320,240\n")
                #expect(result.errors == "")
            }
        }

        @Test(
            "ffmpeg plays past the end of the clip without a complaint",
            .enabled(if: ffmpeg != nil),
            arguments: ["a-h264.mp4", "b-h265.mp4", "bframes.mp4"]
        )
        func plays(clip: String) async throws {
            try await withFarm([clip]) { _, urls in
                let arguments = [
                    "-v", "warning", "-rtsp_transport", "tcp", "-i", urls[0], "-t", "3", "-f", "framemd5", "-",
                ]
                let result = try await #require(ffmpeg).run(arguments)
                #expect(result.status == 0)
                #expect(result.errors == "")
                let pictures = result.output.split(separator: "\n").filter { !$0.hasPrefix("#") }
                #expect(pictures.count >= 70)
            }
        }

        @Test(
            "ffmpeg plays into a motion clip of other parameter sets and back without a complaint",
            .enabled(if: ffmpeg != nil)
        )
        func playsMotion() async throws {
            let change = { (options: inout CameraFarm.Options) in
                options.motionShare = 0.5
                options.motionClips = [TestClips.path("heavy.mp4")]
            }
            try await withFarm(["a-h264.mp4"], change: change) { _, urls in
                let arguments = [
                    "-v", "warning", "-rtsp_transport", "tcp", "-i", urls[0], "-t", "5", "-f", "framemd5", "-",
                ]
                let result = try await #require(ffmpeg).run(arguments)
                #expect(result.status == 0)
                #expect(result.errors == "")
                #expect(result.output.split(separator: "\n").count { !$0.hasPrefix("#") } >= 120)
            }
        }

        @Test("ffmpeg, told to use UDP first, is refused by name", .enabled(if: ffmpeg != nil))
        func refusesUDP() async throws {
            try await withFarm(["a-h264.mp4"]) { _, urls in
                let arguments = ["-v", "error", "-rtsp_transport", "udp", "-i", urls[0], "-t", "1", "-f", "null", "-"]
                let result = try await #require(ffmpeg).run(arguments)
                #expect(result.status != 0)
                #expect(result.errors.contains("461"))
            }
        }

        @Test(
            "GStreamer plays it",
            .enabled(if: gstreamer != nil),
            arguments: [("a-h264.mp4", "h264"), ("b-h265.mp4", "h265")]
        )
        func gstreamerPlays(clip: String, codec: String) async throws {
            try await withFarm([clip]) { _, urls in
                let found = try await gstreamerUnits(urls[0], codec: codec, count: 50)
                #expect(found == 50)
            }
        }

        /// How many access units GStreamer gets, at most `count`.
        ///
        /// Its exit status says less: it cancels its own last request now and then, with any server.
        private func gstreamerUnits(
            _ url: String,
            codec: String,
            count: Int,
            properties: [String] = []
        ) async throws -> Int {
            let source = ["-v", "rtspsrc", "location=\(url)", "protocols=tcp"] + properties
            let sink = ["!", "rtp\(codec)depay", "!", "\(codec)parse", "!", "video/x-\(codec),alignment=au", "!"]
            let count = ["fakesink", "silent=false", "num-buffers=\(count)"]
            let result = try await #require(gstreamer).run(source + sink + count)
            return result.output.split(separator: "\n").count { $0.contains("last-message = chain") }
        }

        @Test("what arrives is the clip, byte for byte and round after round", arguments: ["a-h264.mp4", "b-h265.mp4"])
        func byteIdentical(clip: String) async throws {
            let expected = try units(of: TestClips.path(clip), count: .max)
            #expect(expected.count == 50)
            try await withFarm([clip]) { _, urls in
                let found = try units(of: urls[0], count: expected.count + 5)
                let start = try #require(expected.firstIndex(of: found[0]))
                #expect(found == (0..<found.count).map { expected[(start + $0) % expected.count] })
            }
        }

        /// The units of the first `count` pictures of a file or stream, as libavformat reads them.
        private func units(of url: String, count: Int) throws -> [[[UInt8]]] {
            let demuxer = try Demuxer(url: url)
            var found: [[[UInt8]]] = []
            while found.count < count, let unit = try demuxer.next() {
                found.append(AnnexB.units(unit.bytes).map { Array(unit.bytes[$0]) })
            }
            return found
        }

        @Test("sequence and RTP time start where PLAY said and run on without a gap")
        func positions() async throws {
            try await withFarm(["a-h264.mp4"]) { _, urls in
                let client = try WireClient(urls[0])
                let (description, play) = try client.play()
                #expect(description.media.first?.parameterSets?.isComplete == true)
                var (last, payload) = try client.packet()
                #expect(NALUnitType.of(payload, codec: .h264) == 7)
                let info = try #require(play.headers["RTP-Info"])
                #expect(info.hasSuffix("/trackID=0;seq=\(last.sequence);rtptime=\(last.timestamp)"))
                for _ in 0..<400 {
                    let header = try client.packet().header
                    #expect(header.sequence == last.sequence &+ 1)
                    #expect(header.timestamp == last.timestamp &+ (last.marker ? 3600 : 0))
                    last = header
                }
            }
        }

        @Test("the right password plays with both clients, a wrong one with none")
        func digest() async throws {
            let account = Authenticator.Account(user: "admin", password: "a:b@c")
            try await withFarm(["a-h264.mp4"], change: { $0.account = account }) { farm, urls in
                let address = urls[0].dropFirst("rtsp://".count)
                for (password, isRight) in [("a%3Ab%40c", true), ("guess", false)] {
                    let arguments = [
                        "-v", "error", "-rtsp_transport", "tcp", "-i", "rtsp://admin:\(password)@\(address)",
                    ]
                    let result = try await #require(ffmpeg).run(arguments + ["-t", "0.2", "-f", "null", "-"])
                    #expect((result.status == 0) == isRight, "\(result.errors)")
                    #expect(result.errors.contains("401") == !isRight)
                }
                guard gstreamer != nil else { return }
                for (password, count) in [("a:b@c", 5), ("guess", 0)] {
                    let properties = ["user-id=admin", "user-pw=\(password)"]
                    let found = try await gstreamerUnits(urls[0], codec: "h264", count: 5, properties: properties)
                    #expect(found == count)
                }
                #expect(await eventually { farm.statistics.sessions == 2 })
            }
        }

        @Test("fifty cameras play at once, each its own stream")
        func fifty() async throws {
            try await withFarm(["a-h264.mp4", "b-h265.mp4"], cameras: 50) { farm, urls in
                let clients = try urls.map { try WireClient($0) }
                let codecs = try clients.map { try $0.play().description.media.first?.codec }
                #expect(codecs == (0..<50).map { $0 % 2 == 0 ? .h264 : .h265 })
                #expect(await eventually { farm.statistics.playing == 50 })
                var sources: Set<UInt32> = []
                // So few packets wait in the buffers of the connection, however late this client comes to read them.
                for client in clients {
                    var last = try client.packet().header
                    sources.insert(last.ssrc)
                    for _ in 0..<60 {
                        let header = try client.packet().header
                        #expect(header.sequence == last.sequence &+ 1)
                        last = header
                    }
                }
                #expect(sources.count == 50)
            }
        }

        @Test("clients that vanish, send garbage or connect and stay silent disturb nobody")
        func badClients() async throws {
            try await withFarm(["a-h264.mp4"], cameras: 2, change: { $0.session.idleTimeout = 1 }) { farm, urls in
                let good = try WireClient(urls[0])
                _ = try good.play()
                var vanishing: WireClient? = try WireClient(urls[1])
                _ = try vanishing?.play()
                #expect(await eventually { farm.statistics.playing == 2 })
                vanishing = nil

                let garbage = try WireClient(urls[0])
                try garbage.send(ByteBuffer(bytes: [0x16, 3, 1, 0, 0x0a, 0xff, 0x0a]))
                #expect(try garbage.response().status == .badRequest)
                #expect(try garbage.receive() == nil)

                let browser = try WireClient(urls[0])
                try browser.send(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
                #expect(try browser.response().status == .versionNotSupported)

                let silent = try WireClient(urls[0])
                #expect(try silent.receive() == nil, "an idle connection is closed")
                #expect(await eventually { farm.statistics.connections == 1 && farm.statistics.playing == 1 })
                for _ in 0..<50 { _ = try good.packet() }
                #expect(try good.ask("TEARDOWN").status == .ok)
                #expect(await eventually { farm.statistics.playing == 0 })
            }
        }

        @Test("a client that reads too slowly loses pictures up to a keyframe, and memory stays bounded")
        func slowClient() async throws {
            try await withFarm(["heavy.mp4"], cameras: 2) { farm, urls in
                let slow = try WireClient(urls[0], receiveBuffer: 4096)
                _ = try slow.play()
                #expect(await eventually { farm.statistics.droppedUnits >= 20 })
                let good = try WireClient(urls[1])
                _ = try good.play()
                var header = try good.packet().header
                for _ in 0..<300 {
                    let next = try good.packet().header
                    #expect(next.sequence == header.sequence &+ 1)
                    header = next
                }
                // Behind the gap it goes on with a picture that needs no other.
                var last = try slow.packet().header
                var packet = try slow.packet()
                while packet.header.sequence == last.sequence &+ 1 {
                    last = packet.header
                    packet = try slow.packet()
                }
                var types: [UInt8] = []
                while types.last.map({ $0 > 5 }) ?? true {
                    let type = try #require(NALUnitType.of(packet.payload, codec: .h264))
                    types.append(type == 28 ? packet.payload[1] & 0x1f : type)
                    packet = try slow.packet()
                }
                #expect(types.contains(7) && types.contains(8) && types.last == 5, "\(types)")
            }
        }

        @Test("more connections than allowed are closed at once")
        func tooMany() async throws {
            try await withFarm(["a-h264.mp4"], change: { $0.maximumConnections = 1 }) { _, urls in
                let first = try WireClient(urls[0])
                #expect(try first.ask("OPTIONS").status == .ok)
                #expect(try WireClient(urls[0]).receive() == nil)
                #expect(try first.ask("OPTIONS").status == .ok)
            }
        }

        @Test("a port that is taken is named, and a farm can be started once")
        func portTaken() async throws {
            try await withFarm(["a-h264.mp4"]) { farm, urls in
                var options = CameraFarm.Options(clips: [TestClips.path("a-h264.mp4")], count: 1)
                options.port = try #require(URLComponents(string: urls[0])?.port)
                let second = try CameraFarm(options: options)
                let error = await #expect(throws: SimulatorError.self) { try await second.start() }
                #expect(error?.code == .cannotListen)
                #expect(error?.message.contains("\(options.port)") == true)
                try await farm.start()
            }
        }

        @Test("a player that gives no sign of life is disconnected; one that does stays")
        func signOfLife() async throws {
            try await withFarm(["a-h264.mp4"], change: { $0.session.sessionTimeout = 2 }) { farm, urls in
                let silent = try WireClient(urls[0])
                let living = try WireClient(urls[0])
                _ = try silent.play()
                _ = try living.play()
                let isAlone = try await eventually {
                    try #require(try living.ask("GET_PARAMETER").status == .ok)
                    return farm.statistics.connections == 1
                }
                #expect(isAlone)
                while try silent.frame() != nil {}
            }
        }

        @Test("stopping closes every connection")
        func stops() async throws {
            var client: WireClient?
            try await withFarm(["a-h264.mp4"]) { _, urls in
                client = try WireClient(urls[0])
                _ = try client?.play()
            }
            while try client?.frame() != nil {}
        }
    }
}

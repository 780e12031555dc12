import Simulator
import Testing

extension WithClips {
    @Suite struct CameraFarmOptionsTests {
        private func code(_ options: CameraFarm.Options) -> SimulatorError.Code? {
            do throws(SimulatorError) {
                _ = try CameraFarm(options: options)
                return nil
            } catch {
                #expect(!error.message.isEmpty)
                return error.code
            }
        }

        @Test("cameras are numbered from 0001 on, with more digits when there are more")
        func paths() {
            #expect(CameraFarm.numberedPaths(2) == ["cam/0001", "cam/0002"])
            #expect(CameraFarm.numberedPaths(12_000).last == "cam/12000")
            #expect(CameraFarm.numberedPaths(-1) == [])
        }

        @Test("URLs name host, port and escaped path")
        func urls() throws {
            var options = CameraFarm.Options(clips: [TestClips.path("a-h264.mp4")], cameras: ["河/1", "b"])
            options.port = 9554
            #expect(
                try CameraFarm(options: options).urls() == [
                    "rtsp://127.0.0.1:9554/%E6%B2%B3/1", "rtsp://127.0.0.1:9554/b",
                ]
            )
            options.host = "::"
            #expect(try CameraFarm(options: options).urls().last == "rtsp://[::1]:9554/b")
        }

        @Test("options that cannot work are refused before a clip is read")
        func badOptions() {
            let clips = [TestClips.path("a-h264.mp4")]
            for cameras in [[], [""], ["a", "a"], ["/a"], ["a?b"], ["a%20b"]] {
                #expect(code(CameraFarm.Options(clips: clips, cameras: cameras)) == .badOption, "\(cameras)")
            }
            var options = CameraFarm.Options(clips: clips, count: 1)
            options.port = 65_536
            #expect(code(options) == .badOption)
            let changes: [(inout CameraFarm.Options) -> Void] = [
                { $0.addresses = 0 }, { $0.packetSize = 10 }, { $0.sendInterval = -1 }, { $0.sendInterval = 60 },
                { $0.motionShare = 0.5 }, { $0.quietStart = -1 }, { $0.quietStart = 4000 }, { $0.share.index = 1 },
                { $0.share.count = 0 },
                { options in
                    options.motionShare = 1.5
                    options.motionClips = clips
                },
            ]
            for (number, change) in changes.enumerated() {
                var options = CameraFarm.Options(clips: clips, count: 1)
                change(&options)
                #expect(code(options) == .badOption, "change \(number)")
            }
        }

        @Test("a folder gives its clips in order of name; what cannot be served is skipped with its reason")
        func folder() throws {
            let farm = try CameraFarm(options: .init(clips: [TestClips.folder], count: 1))
            let names = farm.skippedClips.map(\.message)
            #expect(names.count == 3)
            for name in ["broken.mp4", "mpeg4.mp4", "sound.mp4"] {
                #expect(names.contains { $0.contains(name) }, "\(name) is not among \(names)")
            }
        }

        @Test("a motion clip in another coding is refused by name")
        func motionCoding() throws {
            var options = CameraFarm.Options(clips: [TestClips.path("a-h264.mp4")], count: 1)
            options.motionShare = 0.5
            options.motionClips = [TestClips.path("b-h265.mp4")]
            let error = #expect(throws: SimulatorError.self) { try CameraFarm(options: options) }
            #expect(error?.message.contains("b-h265.mp4") == true)
            options.motionClips = [TestClips.path("heavy.mp4")]
            #expect(code(options) == nil)
        }

        @Test("missing and useless clips are told apart")
        func noClips() {
            #expect(code(.init(clips: ["/nowhere/at/all"], count: 1)) == .badClip)
            #expect(code(.init(clips: [TestClips.path("sound.mp4")], count: 1)) == .noClip)
            #expect(code(.init(clips: [], count: 1)) == .noClip)
            var options = CameraFarm.Options(clips: [TestClips.folder], count: 1)
            options.maximumClipBytes = 10_000
            #expect(code(options) == .tooLarge)
        }
    }
}

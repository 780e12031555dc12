import Foundation
import RTSP
import Simulator
import Testing

extension WithClips {
    @Suite struct CameraFarmFaultTests {
        private func plan(_ text: String) throws -> FaultPlan { try FaultPlan(reading: text) }

        @Test("cameras are spread over addresses, and each is found at its own")
        func addresses() async throws {
            try await withFarm(["a-h264.mp4"], cameras: 4, change: { $0.addresses = 2 }) { farm, urls in
                #expect(
                    urls.map { URLComponents(string: $0)?.host } == [
                        "127.0.0.1", "127.0.0.2", "127.0.0.1", "127.0.0.2",
                    ]
                )
                let clients = try urls.map { try WireClient($0) }
                #expect(await eventually { farm.statistics.handshakes == 4 })
                for client in clients { _ = try client.play() }
                for client in clients { _ = try client.packet() }
                #expect(await eventually { farm.statistics.handshakes == 0 })
                #expect(farm.statistics.handshakesPerHostMaximum == 2)
                #expect(await eventually { farm.statistics.accepted == 4 })
                #expect((1...4).contains(farm.statistics.acceptedPerSecondMaximum))
            }
        }

        @Test("two processes of a farm serve all cameras between them")
        func shares() async throws {
            let change = { (index: Int) in
                { (options: inout CameraFarm.Options) in options.share = .init(index: index, count: 2) }
            }
            try await withFarm(["a-h264.mp4"], cameras: 3, change: change(0)) { first, urls in
                try await withFarm(["a-h264.mp4"], cameras: 3, change: change(1)) { second, others in
                    for url in [urls[0], others[1], urls[2]] { _ = try WireClient(url).play() }
                    #expect(await eventually { first.statistics.sessions == 2 && second.statistics.sessions == 1 })
                    #expect(try WireClient(urls[0].replacing("0001", with: "0002")).ask("DESCRIBE").status == .notFound)
                }
            }
        }

        @Test("with a send interval everything arrives, in order and complete", arguments: [1400, 60_000])
        func interval(packetSize: Int) async throws {
            let change = { (options: inout CameraFarm.Options) in
                options.sendInterval = 0.5
                options.packetSize = packetSize
            }
            try await withFarm(["a-h264.mp4"], change: change) { farm, urls in
                let client = try WireClient(urls[0])
                _ = try client.play()
                var last = try client.packet().header
                var longest = 0
                for _ in 0..<150 {
                    let (header, payload) = try client.packet()
                    #expect(header.sequence == last.sequence &+ 1)
                    #expect(header.timestamp &- last.timestamp == (last.marker ? 3600 : 0))
                    longest = max(longest, payload.count)
                    last = header
                }
                #expect((longest > 1400) == (packetSize > 1400))
            }
        }

        @Test("who ended a session is counted: the client, its silence, or the farm")
        func ends() async throws {
            let change = { (options: inout CameraFarm.Options) in options.session.sessionTimeout = 3 }
            try await withFarm(["a-h264.mp4"], cameras: 3, change: change) { farm, urls in
                let polite = try WireClient(urls[0])
                _ = try polite.play()
                #expect(try polite.ask("TEARDOWN").status == .ok)
                var vanishing: WireClient? = try WireClient(urls[1])
                _ = try vanishing?.play()
                vanishing = nil
                #expect(await eventually { farm.statistics.endedByClient == 2 })
                let silent = try WireClient(urls[2])
                _ = try silent.play()
                #expect(await eventually { farm.statistics.timedOut == 1 })
                #expect(farm.statistics.endedByFarm == 0)
                #expect(await eventually { farm.statistics.playing == 0 })
                #expect(await eventually { farm.statistics.sessions == 3 })
            }
        }

        @Test("a reboot cuts every session, refuses connections, and is over after its time")
        func reboot() async throws {
            // Long enough that a busy machine looks while it lasts.
            let plan = try plan("reboot=1@4+12")
            try await withFarm(["a-h264.mp4"], cameras: 2, change: { $0.faults = plan }) { farm, urls in
                let clients = try urls.map { try WireClient($0) }
                for client in clients { _ = try client.play() }
                for client in clients { while try client.frame() != nil {} }
                #expect(await eventually { farm.statistics.endedByFarm == 2 })
                #expect(throws: WireClient.Failure.self) { try WireClient(urls[0]) }
                let isBack = await eventually { (try? WireClient(urls[0]).play()) != nil }
                #expect(isBack)
            }
        }

        @Test("where only some cameras of an address refuse, they do so when they are named")
        func refuse() async throws {
            let plan = try plan("refuse=0.5")
            try await withFarm(["a-h264.mp4"], cameras: 12, change: { $0.faults = plan }) { farm, urls in
                let answers = urls.map { try? WireClient($0).ask("DESCRIBE").status }
                let again = urls.map { try? WireClient($0).ask("DESCRIBE").status }
                #expect(answers.contains(.ok))
                #expect(answers.contains { $0 == nil })
                #expect(farm.statistics.refused == 2 * answers.count { $0 == nil })
                #expect(again == answers)
            }
        }

        @Test("a camera with another password refuses whatever is asked")
        func auth() async throws {
            let plan = try plan("auth")
            try await withFarm(["a-h264.mp4"], change: { $0.faults = plan }) { farm, urls in
                let client = try WireClient(urls[0])
                for _ in 0..<3 {
                    let response = try client.ask("DESCRIBE")
                    #expect(response.status == .unauthorized)
                    #expect(response.headers["WWW-Authenticate"]?.contains("Digest") == true)
                }
            }
        }

        @Test("a stalled camera answers and sends nothing; a slow one answers late and a little at a time")
        func stallAndSlow() async throws {
            let plan = try plan("stall")
            try await withFarm(["a-h264.mp4"], change: { $0.faults = plan }) { farm, urls in
                let client = try WireClient(urls[0])
                _ = try client.play()
                try await Task.sleep(for: .seconds(2))
                #expect(try client.ask("GET_PARAMETER").status == .ok)
                #expect(farm.statistics.units == 0)
                #expect(await eventually { farm.statistics.playing == 1 })
            }
            let slow = try self.plan("slow")
            try await withFarm(["a-h264.mp4"], change: { $0.faults = slow }) { _, urls in
                let began = ContinuousClock.now
                let answer = try WireClient(urls[0]).ask("DESCRIBE")
                #expect(answer.status == .ok)
                // It thinks for four seconds, and its answer takes more than one piece.
                #expect(ContinuousClock.now - began > .seconds(4))
            }
        }
    }
}

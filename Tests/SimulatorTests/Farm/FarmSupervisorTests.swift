import Foundation
import Simulator
import Testing

@Suite struct FarmReportTests {
    @Test("a report is one line of JSON that reads back as it was")
    func roundTrip() throws {
        var statistics = FarmStatistics()
        statistics.endedByClient = 3
        statistics.handshakesPerHostMaximum = 7
        let listening = [FarmEndpoint(host: "127.0.0.1", port: 4711)]
        for report in [FarmReport(statistics, final: true), FarmReport(statistics, listening: listening)] {
            #expect(report.line.hasSuffix("}\n"))
            #expect(report.line.dropLast().contains("\n") == false)
            #expect(report.line.contains("\"ended_by_client\":3"))
            #expect(FarmReport(line: report.line) == report)
        }
        #expect(FarmReport(line: "nonsense") == nil)
    }

    @Test("the numbers of two processes add up, maxima excepted")
    func sum() {
        var left = FarmStatistics()
        left.playing = 3
        left.handshakesPerHostMaximum = 4
        var right = left
        right.handshakesPerHostMaximum = 9
        #expect((left + right).playing == 6)
        #expect((left + right).handshakesPerHostMaximum == 9)
    }
}

/// The processes are shell scripts here that behave like those of a farm; `CommandTests` run the real ones.
@Suite struct FarmSupervisorTests {
    /// Reports where it listens, counts connections in one second, and ends with a last report on SIGTERM.
    private static let child = """
        share=$2; origin=$4; index=${share%/*}
        report() {
            printf '{"time":%s,"final":%s,%s"accepted":%s,"playing":%s,' "$1" "$2" "$3" "$4" "$5"
            printf '"connections":0,"handshakes":0,"sessions":0,"ended_by_client":0,"ended_by_farm":0,"timed_out":0,'
            printf '"units":0,"dropped_units":0,"lost_packets":0,"bytes":0,"refused":0,'
            printf '"accepted_per_second_maximum":0,"handshakes_per_host_maximum":%s}\\n' "$((index + 1))"
        }
        [ "$origin" -gt 0 ] || exit 5
        trap 'report 1003 true "" 60 4; exit 0' TERM
        report 1000 false "\\"listening\\":[{\\"host\\":\\"127.0.0.1\\",\\"port\\":$((7000 + index))}]," 0 0
        report 1001.002 false "" 40 3
        report 1002 false "" 50 4
        EXTRA
        while :; do sleep 0.05; done
        """

    private func supervisor(_ script: String = "", processes: Int = 2) throws -> FarmSupervisor {
        var options = CameraFarm.Options(clips: [], count: 4)
        options.port = 0
        options.share.count = processes
        let text = Self.child.replacing("EXTRA", with: script.isEmpty ? ":" : script)
        return try FarmSupervisor(options: options, executable: "/bin/sh", arguments: ["-c", text, "sh"])
    }

    @Test("processes start, are listed with the ports that they got, add up, and end when the farm is cancelled")
    func startStop() async throws {
        let farm = try supervisor()
        try await farm.start()
        let hosts = ["127.0.0.1:7000", "127.0.0.1:7001", "127.0.0.1:7000", "127.0.0.1:7001"]
        #expect(farm.urls() == zip(hosts, 1...4).map { "rtsp://\($0)/cam/000\($1)" })
        let service = Task { try await farm.run() }
        #expect(await eventually { farm.statistics.playing == 8 })
        service.cancel()
        try await service.value
        #expect(farm.statistics.accepted == 120)
        // 40 connections came to each of them in the same second.
        #expect(farm.statistics.acceptedPerSecondMaximum == 80)
        #expect(farm.statistics.handshakesPerHostMaximum == 2)
    }

    @Test("when one process fails the others end too, and the error names it")
    func failure() async throws {
        let farm = try supervisor("[ $index = 0 ] || { sleep 0.3; exit 3; }")
        let error = await #expect(throws: SimulatorError.self) { try await farm.run() }
        #expect(error?.code == .processFailed)
        #expect(error?.message.contains("2 of 2") == true && error?.message.contains("3") == true)
    }

    @Test("a program that does not exist is a failure as well")
    func noProgram() async throws {
        var options = CameraFarm.Options(clips: [], count: 2)
        options.share.count = 2
        let farm = try FarmSupervisor(options: options, executable: "/nowhere/at/all", arguments: [])
        let error = await #expect(throws: SimulatorError.self) { try await farm.start() }
        #expect(error?.code == .processFailed)
    }
}

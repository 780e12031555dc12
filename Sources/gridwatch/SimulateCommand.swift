import ArgumentParser
import Flow
import Foundation
import Logging
import RTSP
import Settings
import Simulator
import UnixSignals

struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Serves clips as a farm of endless RTSP cameras.",
        discussion: """
            Examples:
              gridwatch simulate --cameras 12
              gridwatch simulate --cameras 100 --listen 127.0.0.1:8554
              GRIDWATCH_SIMULATE_PASSWORD=… gridwatch simulate --cameras 4 --user camera
              ffplay -rtsp_transport tcp rtsp://127.0.0.1:8554/cam/0001

            A farm for load tests, with clips that deploy/bench-clips has made:
              gridwatch simulate --cameras 32000 --addresses 8 --send-interval 1 \\
                --clips bench/w2/quiet --motion-share 0.05 \\
                --motion-clips bench/w2/motion --urls cameras.csv --stats farm.jsonl

            Faults are KIND[=SHARE][@START[+DURATION]], separated by commas: SHARE of
            the cameras (all when left out), START and DURATION in seconds (from the
            start to the end; a reboot takes 30 s). Example: reboot=1@60+20,loss=0.01
              loss     one packet in 50 is missing
              stall    the connection is open, but no picture comes
              freeze   the same few pictures come again and again
              garbage  damaged packets; at other cameras stray bytes between packets
              refuse   connections are refused, or closed when they name the camera
              slow     answers after 4 s, then 1 KB a second
              reboot   all connections are cut, and refused for DURATION
              auth     401 for ever
            """
    )

    @Option(help: "How many cameras.") var cameras: Int
    @Option(help: "Address and port to listen on; port 0 takes any free one.") var listen = "127.0.0.1:8554"
    @Option(help: "Spread the cameras over so many addresses: that of --listen and those behind it.") var addresses = 1
    @Option(
        help: "Processes that share the cameras: a number, or auto for as many as the limit of open files asks for."
    )
    var processes = ProcessCount.auto
    @Option(parsing: .upToNextOption, help: "Clips, or directories of clips (*.mp4), served in turn.")
    var clips: [String] = ["sample-streams"]
    @Option(help: "Share of the cameras that show a motion clip at any moment, 0 to 1.") var motionShare = 0.0
    @Option(
        parsing: .upToNextOption,
        help: "Motion clips, or directories of them; the n-th belongs to the n-th clip, and again from the first on."
    )
    var motionClips: [String] = []
    @Option(
        help: "Seconds from the start in which no camera shows a motion clip, where the share leaves such a pause."
    )
    var quietStart = 0.0
    @Option(
        help: """
            Seconds between sends to a client; all pictures that came due meanwhile go out together, as encoders and \
            switches do to a lesser degree. 0 sends each picture when it is due.
            """
    )
    var sendInterval = 0.0
    @Option(help: "Most bytes of a packet's payload, 64 to 60000; cameras use about 1400.") var packetSize = 1400
    @Option(help: "What goes wrong on purpose; see above. May be given several times.") var faults: [String] = []
    @Option(help: "Write the cameras' URLs to this file, one a line; a file *.csv gets the columns id,url.")
    var urls: String?
    @Option(help: "Write the farm's numbers to this file as a line of JSON a second; - for standard output.")
    var stats: String?
    @Option(help: "Write when which camera shows motion in the coming hour, as CSV camera,from,to; one process only.")
    var motionLog: String?
    @Option(help: "Ask for this user by Digest; the password comes from GRIDWATCH_SIMULATE_PASSWORD.")
    var user: String?
    @Option(help: .hidden) var share: ShareArgument?
    @Option(help: .hidden) var origin: Int64?

    func run() async throws {
        let logger = Logger(label: "gridwatch.simulate", factory: { StreamLogHandler.standardError(label: $0) })
        var options = try options()
        if let share {
            options.share = share.share
            options.origin = origin.map(MediaTime.init(microseconds:))
            try await serve(try farm { try CameraFarm(options: options, logger: logger) }, isChild: true)
        } else {
            options.share.count = processes.count(cameras: cameras, addresses: addresses)
            options.origin = MediaTime(seconds: Clocks.system.monotonic())
            let farm = try whole(options, logger)
            if let motionLog { try write(motionsOf: farm, to: motionLog) }
            try await serve(farm, isChild: false)
        }
    }

    private func whole(_ options: CameraFarm.Options, _ logger: Logger) throws -> any Farm {
        guard options.share.count > 1 else { return try farm { try CameraFarm(options: options, logger: logger) } }
        let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let arguments = Array(CommandLine.arguments.dropFirst())
        return try farm {
            try FarmSupervisor(options: options, executable: program, arguments: arguments, logger: logger)
        }
    }

    private func write(motionsOf farm: any Farm, to path: String) throws {
        guard let farm = farm as? CameraFarm, let origin = farm.origin else {
            throw ValidationError("--motion-log: a farm of several processes does not keep one; add --processes 1")
        }
        try CameraList.write(farm.motions(seconds: 3600), origin: origin, to: path)
    }

    private func farm(_ make: () throws -> any Farm) throws -> any Farm {
        do {
            return try make()
        } catch let error as SimulatorError where error.code == .badOption {
            throw ValidationError(error.message)
        }
    }

    private func options() throws -> CameraFarm.Options {
        var options = CameraFarm.Options(clips: clips, count: cameras)
        guard let address = ListenAddress(listen) else {
            throw ValidationError("--listen \(listen): write ADDRESS:PORT, for example 127.0.0.1:8554")
        }
        options.host = address.host
        options.port = address.port
        options.addresses = addresses
        options.motionShare = motionShare
        options.motionClips = motionClips
        options.quietStart = quietStart
        options.sendInterval = sendInterval
        options.packetSize = packetSize
        if let user {
            guard let password = ProcessInfo.processInfo.environment["GRIDWATCH_SIMULATE_PASSWORD"] else {
                throw ValidationError("--user needs the password in GRIDWATCH_SIMULATE_PASSWORD")
            }
            options.account = Authenticator.Account(user: user, password: password)
        }
        if !faults.isEmpty {
            do throws(SimulatorError) {
                options.faults = try FaultPlan(reading: faults.joined(separator: ","))
            } catch {
                throw ValidationError("--faults: \(error.message)")
            }
        }
        return options
    }

    /// Runs a farm until a signal comes, or in a child until its parent is gone, and reports what it does.
    private func serve(_ farm: any Farm, isChild: Bool) async throws {
        let reports = isChild ? ReportOutput.standard : try stats.map(ReportOutput.init)
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in signals { break }
            }
            group.addTask {
                try await farm.start()
                let urls = farm.urls()
                if isChild {
                    reports?.write(FarmReport(farm.statistics, listening: (farm as? CameraFarm)?.endpoints))
                    Self.endWithParent()
                } else {
                    Console.say("\(urls.count) cameras: \(urls.first ?? "") … \(urls.last ?? ""); Ctrl-C ends them")
                    if let file = self.urls { try CameraList.write(urls, to: file) }
                }
                try await farm.run()
            }
            group.addTask {
                while await WholeSecond.next() { reports?.write(FarmReport(farm.statistics)) }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
        reports?.write(FarmReport(farm.statistics, final: true))
        if !isChild { Console.say(Self.summary(farm.statistics)) }
    }

    private static func summary(_ statistics: FarmStatistics) -> String {
        let ended = "ended by clients \(statistics.endedByClient), by the farm \(statistics.endedByFarm)"
        let sent = "\(statistics.units) pictures, \(statistics.bytes / 1_000_000) MB"
        return """
            sessions \(statistics.sessions), \(ended), silent \(statistics.timedOut), playing \(statistics.playing); \
            sent \(sent), dropped \(statistics.droppedUnits); connections \(statistics.accepted), \
            at most \(statistics.acceptedPerSecondMaximum) in a second
            """
    }

    /// Ends this process as a signal would once the pipe from its parent is closed.
    private static func endWithParent() {
        Thread.detachNewThread {
            _ = FileHandle.standardInput.readDataToEndOfFile()
            kill(getpid(), SIGTERM)
        }
    }
}

/// `--processes`.
enum ProcessCount: ExpressibleByArgument {
    case auto
    case fixed(Int)

    init?(argument: String) {
        if argument == "auto" {
            self = .auto
        } else if let count = Int(argument) {
            self = .fixed(count)
        } else {
            return nil
        }
    }

    var defaultValueDescription: String { "auto" }

    func count(cameras: Int, addresses: Int) -> Int {
        switch self {
        case .auto:
            FarmLayout.processes(cameras: cameras, addresses: addresses, openFiles: OpenFileLimit.raise())
        case .fixed(let count): count
        }
    }
}

/// `--share INDEX/COUNT`, with which a farm starts its processes.
struct ShareArgument: ExpressibleByArgument {
    let share: CameraFarm.Share

    init?(argument: String) {
        let parts = argument.split(separator: "/").map { Int($0) }
        guard parts.count == 2, let index = parts[0], let count = parts[1] else { return nil }
        share = CameraFarm.Share(index: index, count: count)
    }
}

/// Where the reports of a farm go, a line each.
struct ReportOutput: Sendable {
    static let standard = ReportOutput(handle: .standardOutput)

    private let handle: FileHandle

    private init(handle: FileHandle) {
        self.handle = handle
    }

    /// Writes to a file, which is begun anew; to standard output for "-".
    init(_ path: String) throws {
        if path == "-" {
            self = .standard
        } else {
            try Data().write(to: URL(fileURLWithPath: path))
            handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        }
    }

    func write(_ report: FarmReport) {
        handle.write(Data(report.line.utf8))
    }
}

/// Waits for the beginning of the next second of the day, the same for all processes of a farm.
enum WholeSecond {
    /// False when the task is cancelled.
    static func next() async -> Bool {
        let now = Date().timeIntervalSince1970
        try? await Task.sleep(for: .seconds(now.rounded(.down) + 1 - now))
        return !Task.isCancelled
    }
}

/// The list of a farm's cameras as a file.
enum CameraList {
    static func write(_ urls: [String], to path: String) throws {
        let lines =
            path.lowercased().hasSuffix(".csv")
            ? ["id,url"] + urls.enumerated().map { "cam-\($0.offset + 1),\($0.element)" } : urls
        try write(lines: lines, to: path)
    }

    /// When cameras show motion, in seconds since the Unix epoch.
    ///
    /// - Parameters:
    ///   - motions: For each camera its stretches, in microseconds since the origin.
    ///   - origin: The origin on the clock that only grows.
    ///   - path: The file.
    /// - Throws: When the file cannot be written.
    static func write(_ motions: [(camera: String, motions: [Range<Int64>])], origin: MediaTime, to path: String) throws
    {
        let clocks = Clocks.system
        let start = clocks.wall().seconds - (clocks.monotonic() - origin.seconds)
        func instant(_ microseconds: Int64) -> String {
            String(format: "%.3f", start + Double(microseconds) / 1e6)
        }
        let rows = motions.flatMap { camera, motions in
            motions.map { "\(camera),\(instant($0.lowerBound)),\(instant($0.upperBound))" }
        }
        try write(lines: ["camera,from,to"] + rows, to: path)
    }

    private static func write(lines: [String], to path: String) throws {
        try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    }
}

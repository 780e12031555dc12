import ArgumentParser
import Foundation
import Logging
import RTSP
import Settings
import Simulator

struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Serves clips as a farm of endless RTSP cameras.",
        discussion: """
            Examples:
              gridwatch simulate --cameras 12
              gridwatch simulate --cameras 100 --listen 127.0.0.1:8554 --clips sample-streams
              GRIDWATCH_SIMULATE_PASSWORD=… gridwatch simulate --cameras 4 --user camera
              ffplay -rtsp_transport tcp rtsp://127.0.0.1:8554/cam/0001
            """
    )

    @Option(help: "How many cameras.") var cameras: Int
    @Option(help: "Address and port to listen on; port 0 takes any free one.") var listen = "127.0.0.1:8554"
    @Option(help: "Clips, or directories of clips (*.mp4), served in turn.") var clips: [String] = ["sample-streams"]
    @Option(help: "Ask for this user by Digest; the password comes from GRIDWATCH_SIMULATE_PASSWORD.")
    var user: String?

    func run() async throws {
        var options = CameraFarm.Options(clips: clips, count: cameras)
        guard let address = ListenAddress(listen) else {
            throw ValidationError("--listen \(listen): write ADDRESS:PORT, for example 127.0.0.1:8554")
        }
        options.host = address.host
        options.port = address.port
        if let user {
            guard let password = ProcessInfo.processInfo.environment["GRIDWATCH_SIMULATE_PASSWORD"] else {
                throw ValidationError("--user needs the password in GRIDWATCH_SIMULATE_PASSWORD")
            }
            options.account = Authenticator.Account(user: user, password: password)
        }
        let farm = try CameraFarm(options: options, logger: Logger(label: "gridwatch.simulate"))
        try await farm.start()
        let urls = farm.urls()
        Console.say("\(urls.count) cameras: \(urls.first ?? "") … \(urls.last ?? ""); Ctrl-C ends them")
        try await farm.run()
    }
}

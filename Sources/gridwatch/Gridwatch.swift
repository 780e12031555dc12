import ArgumentParser
import Foundation

/// The command `gridwatch`: one file per subcommand, no logic.
@main struct Gridwatch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gridwatch",
        abstract: "Watches a city's camera feeds and turns what matters into cases that people finish.",
        discussion: """
            Try it without a camera:
              gridwatch replay sample-streams/river-day.mp4 --rules sample-streams/labels/river-day.json
              gridwatch evaluate sample-streams/labels/*.json --clips sample-streams

            Exit codes: 0 done, 1 failed, 2 wrong use.
            """,
        version: Version.text,
        subcommands: [
            ServeCommand.self, WorkerCommand.self, ReplayCommand.self, EvaluateCommand.self, TuneCommand.self,
            PeersCommand.self, ScenariosCommand.self,
            SimulateCommand.self,
            ImportCommand.self,
            ProbeCommand.self, DatabaseCommand.self, AccountCommand.self, ConfigCommand.self, GenerateCommand.self,
            PlanCommand.self, SpoolCommand.self, AlertsCommand.self, EvidenceCommand.self,
        ]
    )

    static func main() async {
        StandardDescriptors.openClosed()
        do {
            var command = try parseAsRoot()
            if var asyncCommand = command as? any AsyncParsableCommand {
                try await asyncCommand.run()
            } else {
                try command.run()
            }
        } catch let status as ExitCode {
            Foundation.exit(status.rawValue)
        } catch {
            leave(error)
        }
    }

    /// Says what went wrong and ends the process: 0 after help and version, 2 for wrong use, 1 for everything else.
    private static func leave(_ error: any Error) -> Never {
        let status = exitCode(for: error)
        if status == .success {
            Console.out(fullMessage(for: error))
            Foundation.exit(0)
        }
        if status == .validationFailure {
            Console.say(fullMessage(for: error))
            Foundation.exit(2)
        }
        Console.say("gridwatch: \(error)")
        Foundation.exit(1)
    }
}

/// What version this is.
enum Version {
    static let text = "0.1.0"
}

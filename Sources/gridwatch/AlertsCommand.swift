import ArgumentParser
import Foundation
import Postgres
import Store

struct AlertsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alerts",
        abstract: "Lists alert statements that were set aside, and tries to store them again.",
        discussion: """
            A statement is set aside when the database cannot hold what it says, such as a camera that is not in the
            registry. Mend that first, then try again.

            Examples:
              gridwatch alerts list --config /etc/gridwatch/gridwatch.yaml
              gridwatch alerts retry
            """,
        subcommands: [List.self, Retry.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists them, the newest first, with why.")

        @Option(help: "How many; 1 to 1000.") var limit = 20
        @Flag(help: "Print one JSON document.") var json = false
        @OptionGroup var configuration: ConfigurationOptions

        func validate() throws {
            guard (1...1000).contains(limit) else { throw ValidationError("--limit: 1 to 1000") }
        }

        func run() async throws {
            let alerts = try await configuration.withDatabase { try await SetAsideAlerts(pool: $0).list(limit: limit) }
            if json { return try Output.json(alerts) }
            Console.out("\(alerts.first?.setAside ?? 0) alert statements are set aside")
            for alert in alerts {
                Console.out("  \(alert.statedAt.ISO8601Format())  \(alert.camera)/\(alert.rule)  \(alert.reason)")
            }
            if !alerts.isEmpty { Console.out("when the reason is gone: gridwatch alerts retry") }
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tries to store them again; exits with 1 when some are left."
        )

        @Flag(help: "Print one JSON document.") var json = false
        @OptionGroup var configuration: ConfigurationOptions

        func run() async throws {
            let outcome = try await configuration.withDatabase {
                try await SetAsideAlerts(pool: $0).retry(within: .seconds(3600))
            }
            if json {
                try Output.json(outcome)
            } else {
                Console.out("\(outcome.stored) stored, \(outcome.left) still set aside")
            }
            if outcome.left > 0 { throw ExitCode(1) }
        }
    }
}

import ArgumentParser
import Foundation
import Settings

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Checks a configuration file, or explains every setting.",
        discussion: """
            Examples:
              gridwatch config check /etc/gridwatch/gridwatch.yaml
              gridwatch config reference
              gridwatch config example > gridwatch.yaml
            """,
        subcommands: [Check.self, Reference.self, Example.self]
    )

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Says what is wrong with a file, all at once.")

        @Argument(help: "The file.") var file: String

        func run() async throws {
            _ = try DaemonSettings.load(file: file, environment: ProcessInfo.processInfo.environment)
            Console.say("\(file): fine")
        }
    }

    struct Reference: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Every setting with its meaning, unit, range and default (Markdown)."
        )

        func run() async throws {
            Console.out(SettingsReference.markdown)
        }
    }

    struct Example: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "A file with every setting at its default.")

        func run() async throws {
            Console.out(SettingsReference.exampleFile)
        }
    }
}

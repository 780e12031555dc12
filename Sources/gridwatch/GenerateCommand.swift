import ArgumentParser
import SeedData
import Simulator

struct GenerateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Makes the files of seeds/, sample-streams/ and demo-streams/ anew.",
        discussion: """
            Examples:
              gridwatch generate seeds --out seeds
              gridwatch generate samples --out sample-streams --only river-day
              gridwatch generate demo --out demo-streams
            """,
        subcommands: [Seeds.self, Samples.self, Demo.self]
    )

    struct Seeds: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Grids, posts, cameras, hazard types, rules.")

        @Option(help: "Directory to write to.") var out = "seeds"

        func run() async throws {
            try SeedData.write(to: out) { Console.say($0) }
        }
    }

    struct Samples: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Rendered clips and their labels.")

        @Option(help: "Directory to write to.") var out = "sample-streams"
        @Option(help: "Names of the clips to write; all when left out.") var only: [String] = []

        func run() async throws {
            let names = only.isEmpty ? SampleStreams.all.map(\.name) : only
            let bar = ProgressBar("rendering")
            var done = 0
            for name in names {
                try SampleStreams.write(to: out, only: [name]) { clip, share in
                    bar.show((Double(done) + share) / Double(names.count), clip)
                }
                done += 1
            }
            bar.finish()
        }
    }

    struct Demo: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Rendered clips of the demo's cameras.")

        @Option(help: "Directory to write to.") var out = "demo-streams"

        func run() async throws {
            let bar = ProgressBar("rendering")
            try DemoStreams.write(to: out) { clip, share in bar.show(share, clip) }
            bar.finish()
        }
    }
}

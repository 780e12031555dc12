import ArgumentParser
import Flow
import Live
import Logging
import Postgres
import Settings

struct EvidenceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evidence",
        abstract: "Removes pictures whose time is over, once; the daemon does so by itself.",
        discussion: """
            What an alert of an open case points to stays, whatever its age (storage.evidence_days).

            Examples:
              gridwatch evidence --dry-run
              gridwatch evidence --json --config /etc/gridwatch/gridwatch.yaml
            """
    )

    @Flag(help: "Count what would go, remove nothing.") var dryRun = false
    @Flag(help: "Remove also when the clock has jumped since pictures were last swept: it is right now.")
    var trustClock = false
    @Flag(help: "Print one JSON document.") var json = false
    @OptionGroup var configuration: ConfigurationOptions

    func run() async throws {
        let storage = try configuration.load().storage
        let pool = try configuration.database()
        let logger = Logger(label: "gridwatch.evidence", factory: { StreamLogHandler.standardError(label: $0) })
        let sweeper = EvidenceSweeper(
            storage,
            database: pool,
            meter: Meter(),
            health: HealthBoard(),
            logger: logger
        )
        let report: EvidenceSweeper.Report
        do {
            if !dryRun, !trustClock, let problem = sweeper.clockProblem { throw OddClock(problem: problem) }
            report = try await sweeper.sweep(isTrial: dryRun)
        } catch {
            await pool.close()
            throw error
        }
        await pool.close()
        if json { return try Output.json(report) }
        Console.out("\(report.files) files below \(storage.evidenceDirectory)")
        for (why, count) in report.removed.sorted(by: { $0.key < $1.key }) {
            Console.out("  \(count) \(dryRun ? "would go" : "removed"): \(why)")
        }
        Console.out("  \(report.bytes >> 20) MiB \(dryRun ? "would be free" : "freed")")
        if report.failed > 0 {
            Console.out("  \(report.failed) could not be deleted; check the rights of the directory")
            throw ExitCode(1)
        }
    }
}

/// The clock has jumped.
private struct OddClock: Error, CustomStringConvertible {
    let problem: String

    var description: String {
        "\(problem): nothing was removed; see that the clock is right, look at --dry-run, then add --trust-clock"
    }
}

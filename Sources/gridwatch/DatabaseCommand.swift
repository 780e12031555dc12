import ArgumentParser
import Postgres
import Store

struct DatabaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "db",
        abstract: "Brings the database schema up to date, or says how it stands.",
        discussion: """
            Examples:
              gridwatch db status
              gridwatch db migrate --config /etc/gridwatch/gridwatch.yaml
            """,
        subcommands: [Migrate.self, Status.self]
    )

    struct Migrate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Applies the migrations that are missing.")

        @OptionGroup var configuration: ConfigurationOptions

        func run() async throws {
            // A migration is one message to the server: all its indexes over years of cases, on a disk that may be slow.
            let pool = try configuration.database(limit: .seconds(6 * 3600))
            do {
                let applied = try await Migrations(pool: pool).migrate()
                Console.out(
                    applied.isEmpty ? "the schema is up to date" : "applied: \(applied.joined(separator: ", "))"
                )
            } catch {
                await pool.close()
                throw error
            }
            await pool.close()
        }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the migrations; exit code 1 when some are missing."
        )

        @OptionGroup var configuration: ConfigurationOptions

        func run() async throws {
            let pool = try configuration.database()
            defer { Task { await pool.close() } }
            let status = try await Migrations(pool: pool).status()
            for line in status.lines { Console.out(line) }
            if !status.isUpToDate { throw ExitCode(1) }
        }
    }
}

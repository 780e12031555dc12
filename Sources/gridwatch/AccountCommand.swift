import ArgumentParser
import Postgres
import Store
import Web

struct AccountCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "account",
        abstract: "Makes accounts and gives new passwords from the command line.",
        discussion: """
            The password goes to standard output once; its owner chooses another one at the first login.

            Examples:
              gridwatch account add zhang --name 张三 --role operator
              gridwatch account add leader-17 --name 微网格长 --role worker --post MG-430581001001001001
              gridwatch account reset admin
            """,
        subcommands: [Add.self, Reset.self]
    )

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes an account and prints its first password.")

        @Argument(help: "Login name: small letters, digits, dot, dash.") var login: String
        @Option(help: "Name as shown.") var name: String
        @Option(help: "admin, operator, worker or viewer.") var role: String
        @Option(help: "Code of the post that the person holds; workers need one.") var post: String?
        @OptionGroup var configuration: ConfigurationOptions

        func run() async throws {
            guard let role = AccountRole(rawValue: role) else {
                let known = AccountRole.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("--role \(role): use one of \(known)")
            }
            let pool = try configuration.database()
            do {
                let desk = AccountService(pool: pool)
                Console.out(try await desk.add(login: login, displayName: name, role: role, postCode: post))
            } catch {
                await pool.close()
                throw error
            }
            await pool.close()
        }
    }

    struct Reset: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Gives an account a new first password.")

        @Argument(help: "Login name.") var login: String
        @OptionGroup var configuration: ConfigurationOptions

        func run() async throws {
            let pool = try configuration.database()
            do {
                Console.out(try await AccountService(pool: pool).reset(login: login))
            } catch {
                await pool.close()
                throw error
            }
            await pool.close()
        }
    }
}

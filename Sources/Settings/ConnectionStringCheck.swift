internal import Postgres

/// Finds what is wrong with `database.url` before anybody connects: libpq itself would say it only then, and the daemon
/// would take it for a database that is away and wait.
///
/// No message repeats the string, which may hold a password.
enum ConnectionStringCheck {
    /// What is wrong; `variable` names the environment variable that gave the value, nil for the string itself.
    struct Problem {
        let variable: String?
        let message: String
    }

    /// Options that take one of a few words, with these.
    private static let choices = [
        ("sslmode", ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]),
        ("channel_binding", ["disable", "prefer", "require"]),
        ("gssencmode", ["disable", "prefer", "require"]),
        ("load_balance_hosts", ["disable", "random"]),
    ]
    /// Options that take whole numbers, with their ranges.
    private static let numbers = [
        ("connect_timeout", 0...3600, "seconds"), ("keepalives", 0...1, ""), ("keepalives_idle", 0...86_400, "seconds"),
        ("keepalives_interval", 0...86_400, "seconds"), ("keepalives_count", 0...1000, "packets"),
        ("tcp_user_timeout", 0...86_400_000, "milliseconds"),
    ]
    /// What libpq may look for among several hosts: the daemon writes, so a server that takes no writes is of no use.
    private static let writable = ["any", "read-write", "primary"]
    private static let readable = ["read-only", "standby", "prefer-standby"]

    /// Everything that is wrong with a connection string and with what the environment adds to it.
    static func problems(_ text: String, environment: [String: String]) -> [Problem] {
        do throws(ConnectionOptions.Fault) {
            return problems(try ConnectionOptions(text, environment: environment))
        } catch {
            return [Problem(variable: nil, message: sentence(error))]
        }
    }

    private static func sentence(_ fault: ConnectionOptions.Fault) -> String {
        switch fault {
        case .malformed:
            return "is no connection string; takes host=… dbname=… or postgresql://…; put a value with blanks between "
                + "single quotes, in a URL write %40 for @, %2F for / and %25 for % in a password"
        case .unknownOption(let name):
            let near = Nearest.word(to: name, in: ConnectionOptions.keywords)
            return "has an option that PostgreSQL does not know; "
                + (near.map { "did you mean '\($0)'?" }
                    ?? "known are host, port, dbname, user, password, sslmode, target_session_attrs and others of libpq; "
                    + "a password with blanks needs single quotes")
        }
    }

    private static func problems(_ options: ConnectionOptions) -> [Problem] {
        var found: [Problem] = []
        func refuse(_ value: ConnectionOptions.Value, _ keyword: String, _ why: String, _ takes: String) {
            let message = "\(keyword) '\(Setting.shown(value.text))' \(why); takes \(takes)"
            found.append(Problem(variable: value.variable, message: message))
        }
        for (keyword, words) in choices {
            guard let value = options[keyword], !words.contains(value.text) else { continue }
            refuse(value, keyword, "is not a choice", words.joined(separator: ", "))
        }
        for (keyword, range, unit) in numbers {
            guard let value = options[keyword], !(Int(value.text).map(range.contains) ?? false) else { continue }
            let takes = "\(range.lowerBound) to \(range.upperBound)" + (unit.isEmpty ? "" : " \(unit)")
            refuse(value, keyword, "is no such number", takes)
        }
        if let value = options["target_session_attrs"], !writable.contains(value.text) {
            let why = readable.contains(value.text) ? "looks for a server without writes" : "is not a choice"
            refuse(value, "target_session_attrs", why, writable.joined(separator: ", ") + ": the daemon writes")
        }
        if let ports = options["port"] { found += problem(ports, hosts: options["hostaddr"] ?? options["host"]) }
        return found
    }

    private static func problem(_ ports: ConnectionOptions.Value, hosts: ConnectionOptions.Value?) -> [Problem] {
        let numbers = ports.text.split(separator: ",", omittingEmptySubsequences: false)
        guard numbers.allSatisfy({ $0.isEmpty || Int($0).map((1...65_535).contains) == true }) else {
            let message = "port '\(Setting.shown(ports.text))' is no port; takes 1 to 65535, for several hosts one each"
            return [Problem(variable: ports.variable, message: message)]
        }
        let count = hosts.map { $0.text.count { $0 == "," } + 1 } ?? 1
        guard numbers.count > 1, numbers.count != count else { return [] }
        let message = "has \(numbers.count) ports for \(count) hosts; takes one port for all, or one for each host"
        return [Problem(variable: ports.variable, message: message)]
    }
}

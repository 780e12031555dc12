import Flow
import Foundation
import Logging
import Logs
import Postgres
import Settings

/// What every process of the daemon has: a log, a database, metrics.
struct Daemon {
    let settings: DaemonSettings
    var logger: Logger
    let database: PostgresPool
    let meter: Meter

    init(settings: DaemonSettings, label: String) {
        // A file that may not grow any more is an error of the write, not the end of the process.
        signal(SIGXFSZ, SIG_IGN)
        // Nor is a reader of the log, or of a page, that has gone.
        signal(SIGPIPE, SIG_IGN)
        let meter = Meter()
        let log = LogStream(meter: meter)
        self.settings = settings
        self.meter = meter
        self.logger = Logger(label: label, factory: { StreamLogHandler(label: $0, stream: log) })
        self.logger.logLevel = Logger.Level(rawValue: settings.log.level.rawValue) ?? .info
        self.database = PostgresPool(
            conninfo: settings.database.url.exposed,
            size: settings.database.poolSize,
            statementTimeout: .seconds(settings.database.statementTimeout)
        )
    }
}

/// The limit of open files of the process.
enum OpenFiles {
    /// Raises the soft limit to the hard one and returns it.
    static func raise() -> UInt64 {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return UInt64(limit.rlim_cur)
    }
}

extension DaemonSettings.Ingest {
    /// Name of this machine among those that share the cameras.
    var nodeName: String {
        if let node { return node }
        let host = ProcessInfo.processInfo.hostName.split(separator: ".").first.map(String.init) ?? "node"
        let name = host.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }.prefix(48)
        return name.isEmpty ? "node" : String(name)
    }
}

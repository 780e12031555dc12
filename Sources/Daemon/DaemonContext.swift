public import Flow
import Foundation
public import Logging
import Logs
public import Postgres
public import Settings

/// What every process of the daemon has: a log, a database, metrics.
public struct DaemonContext: Sendable {
    /// All settings.
    public let settings: DaemonSettings
    /// For the operator.
    public var logger: Logger
    /// Connections to the database, which may be away.
    public let database: PostgresPool
    /// Where everything counts.
    public let meter: Meter

    /// Makes it, and sees to it that neither a full disk nor a reader that has gone ends the process.
    ///
    /// `label`: name of the process in the log.
    public init(settings: DaemonSettings, label: String) {
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

extension DaemonSettings.Ingest {
    /// Name of this machine among those that share the cameras.
    public var nodeName: String {
        if let node { return node }
        let host = ProcessInfo.processInfo.hostName.split(separator: ".").first.map(String.init) ?? "node"
        let name = host.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }.prefix(48)
        return name.isEmpty ? "node" : String(name)
    }
}

internal import Detection
internal import Foundation

/// One setting: its name, what it takes, and what it means.
struct Setting: Sendable {
    typealias Path<Value> = any WritableKeyPath<DaemonSettings, Value> & Sendable

    /// What a setting takes and where it is kept.
    enum Kind: Sendable {
        case integer(Path<Int>, ClosedRange<Int>)
        /// The text is `scale` times what is kept: 1000 for milliseconds that are kept as seconds.
        case number(Path<Double>, ClosedRange<Double>, scale: Double)
        case flag(Path<Bool>)
        case text(Path<String>, rule: TextRule)
        /// An empty text is nil.
        case optionalText(Path<String?>, rule: TextRule)
        case secret(Path<Secret>)
        case address(Path<ListenAddress>)
        case choice(
            [String],
            get: @Sendable (DaemonSettings) -> String,
            set: @Sendable (inout DaemonSettings, String) -> Void
        )
        /// Checked by detection; the range is for the documentation.
        case detection(ClosedRange<Double>?)
    }

    /// What a text must look like.
    enum TextRule: Sendable {
        case absolutePath
        case webURL
        case nodeName
        /// Days and ranges of days.
        case days
        /// IP addresses and ranges of them.
        case addresses
    }

    let section: String
    let key: String
    let kind: Kind
    /// Unit of the value; empty when it has none.
    let unit: String
    let note: String

    /// The name that people and messages use: `section.key`.
    var name: String { "\(section).\(key)" }

    /// The environment variable that overrides it.
    var variable: String { "GRIDWATCH_\(section)_\(key)".uppercased() }
}

/// Every setting of the daemon, once, in the order of the documentation.
enum SettingsTable {
    /// A section: its name and what it is about.
    struct Section: Sendable {
        let name: String
        let note: String
    }

    static let sections = [
        Section(name: "database", note: "The PostgreSQL database with PostGIS."),
        Section(name: "web", note: "The web server: pages, HTTP API, metrics."),
        Section(name: "storage", note: "Files on a local disk."),
        Section(name: "ingest", note: "Reading of streams."),
        Section(name: "supervision", note: "What counts as a fault, and what as one outage of many cameras."),
        Section(name: "workers", note: "Threads that decode and detect. One camera stays on one of them."),
        Section(name: "detection", note: "Tunables of detection for all cameras; the defaults are meant to be right."),
        Section(name: "calendar", note: "Holidays and place of the city, for schedules of rules."),
        Section(name: "alerts", note: "What an alert brings along."),
        Section(name: "cases", note: "What becomes of alerts."),
        Section(name: "delivery", note: "The way of the alerts from the spool into the database."),
        Section(name: "log", note: "The log, on standard error."),
    ]

    static let settings =
        database + web + storage + ingest + supervision + workers + detection + calendar + alerts + cases + delivery
        + log

    private static let database = [
        Setting(
            section: "database",
            key: "url",
            kind: .secret(\.database.url),
            unit: "",
            note: "How to reach it: a libpq connection string or postgresql:// URL. Better kept out of this file: "
                + "see url_file. A systemd credential named database-url is used when neither is given."
        ),
        Setting(
            section: "database",
            key: "url_file",
            kind: .optionalText(\.database.urlFile, rule: .absolutePath),
            unit: "",
            note: "A file whose first line is the connection string, readable by the daemon only."
        ),
        Setting(
            section: "database",
            key: "pool_size",
            kind: .integer(\.database.poolSize, 1...100),
            unit: "connections",
            note:
                "Connections of one process at most, and as many again for each ingest process. A statement beyond waits "
                + "for its turn."
        ),
        Setting(
            section: "database",
            key: "statement_timeout_s",
            kind: .number(\.database.statementTimeout, 0.1...600, scale: 1),
            unit: "seconds",
            note:
                "Longest run of one statement. One that takes longer is stopped: a page says so, alerts are tried again in "
                + "smaller parts."
        ),
    ]

    private static let web = [
        Setting(
            section: "web",
            key: "listen",
            kind: .address(\.web.listen),
            unit: "",
            note: "Address and port to listen on. Keep it local and let a proxy with TLS stand in front."
        ),
        Setting(
            section: "web",
            key: "public_url",
            kind: .optionalText(\.web.publicURL, rule: .webURL),
            unit: "",
            note: "The URL that people type. With https:// the session cookie is sent over TLS only."
        ),
        Setting(
            section: "web",
            key: "trusted_proxies",
            kind: .optionalText(\.web.trustedProxies, rule: .addresses),
            unit: "",
            note:
                "Where a proxy in front of this server connects from. Its X-Forwarded-For says who asks; nobody else's is "
                + "believed. A proxy that is missing here makes all people one address, whose wrong passwords slow all."
        ),
        Setting(
            section: "web",
            key: "session_idle_minutes",
            kind: .integer(\.web.sessionIdleMinutes, 5...1440),
            unit: "minutes",
            note: "Time without a request after which a session of the office ends."
        ),
        Setting(
            section: "web",
            key: "session_days",
            kind: .integer(\.web.sessionDays, 1...90),
            unit: "days",
            note: "Time after which a grid worker must log in again."
        ),
        Setting(
            section: "web",
            key: "metrics_open",
            kind: .flag(\.web.metricsOpen),
            unit: "",
            note: "True: anyone who reaches the server may read /metrics. False: only this machine may."
        ),
    ]

    private static let storage = [
        Setting(
            section: "storage",
            key: "directory",
            kind: .text(\.storage.directory, rule: .absolutePath),
            unit: "",
            note:
                "The folder that spool/, evidence/ and recordings/ lie in. A local disk: the spool does not work on NFS."
        ),
        Setting(
            section: "storage",
            key: "spool_max_mb",
            kind: .integer(\.storage.spoolMaxMB, 16...1_048_576),
            unit: "MiB",
            note:
                "Most that the alert spool may use while the database is away; about 2000 alerts a MiB. When it is full, "
                + "detection holds its alerts back and /readyz says so."
        ),
        Setting(
            section: "storage",
            key: "evidence_min_free_mb",
            kind: .integer(\.storage.evidenceMinFreeMB, 0...1_048_576),
            unit: "MiB",
            note: "When less is free on its disk, alerts come without a picture."
        ),
        Setting(
            section: "storage",
            key: "evidence_days",
            kind: .integer(\.storage.evidenceDays, 0...36_600),
            unit: "days",
            note:
                "How long pictures of alerts are kept, counted from the end of their case; those of open cases stay. 0 keeps all."
        ),
        Setting(
            section: "storage",
            key: "evidence_loose_hours",
            kind: .integer(\.storage.evidenceLooseHours, 1...8760),
            unit: "hours",
            note:
                "How long a picture stays that nothing points to any more: its alert has a first and a newer one."
        ),
        Setting(
            section: "storage",
            key: "clips",
            kind: .optionalText(\.storage.clips, rule: .absolutePath),
            unit: "",
            note: "A folder of clips on which operators try rules and thresholds at /tuner."
        ),
        Setting(
            section: "storage",
            key: "labels",
            kind: .optionalText(\.storage.labels, rule: .absolutePath),
            unit: "",
            note: "The folder of the label files of those clips, CLIP.json each; left out, they lie beside the clips."
        ),
        Setting(
            section: "storage",
            key: "recordings_max_mb",
            kind: .integer(\.storage.recordingsMaxMB, 0...1_048_576),
            unit: "MiB",
            note: "Most that recordings made at /tuner may use; the oldest ones without labels make room."
        ),
        Setting(
            section: "storage",
            key: "alert_clips_max_mb",
            kind: .integer(\.storage.alertClipsMaxMB, 0...1_048_576),
            unit: "MiB",
            note:
                "Most that small grey clips of alerts may use until people have judged them; then they become labelled "
                + "recordings. The oldest make room; 0 keeps none."
        ),
        Setting(
            section: "storage",
            key: "score_days",
            kind: .integer(\.storage.scoreDays, 1...366),
            unit: "days",
            note: "How long the scores of live pictures are kept in the database, for judging other thresholds."
        ),
    ]

    private static let workers = [
        Setting(
            section: "workers",
            key: "threads",
            kind: .integer(\.workers.threads, 0...256),
            unit: "threads",
            note: "Of each ingest process; 0 means the cores of the machine divided by ingest.processes."
        ),
        Setting(
            section: "workers",
            key: "queue_units",
            kind: .integer(\.workers.queueUnits, 8...1_048_576),
            unit: "access units",
            note:
                "What may wait per thread before it is looked at. A full queue drops to the next keyframe and counts it."
        ),
    ]

    private static let detection = DetectionSettings.keys.map { key in
        let note = DetectionNote.all.first { $0.key == key }
        return Setting(
            section: "detection",
            key: key,
            kind: .detection(note?.range),
            unit: note?.unit ?? "",
            note: note?.note ?? ""
        )
    }

    private static let calendar = [
        Setting(
            section: "calendar",
            key: "holidays",
            kind: .text(\.calendar.holidays, rule: .days),
            unit: "",
            note: "Holidays as they are published each year; weekends need not be named."
        ),
        Setting(
            section: "calendar",
            key: "workdays",
            kind: .text(\.calendar.workdays, rule: .days),
            unit: "",
            note: "Days off that are worked to make up for holidays."
        ),
        Setting(
            section: "calendar",
            key: "latitude",
            kind: .number(\.calendar.latitude, -65...65, scale: 1),
            unit: "degrees north",
            note: "Where the sun rises and sets for schedules."
        ),
        Setting(
            section: "calendar",
            key: "longitude",
            kind: .number(\.calendar.longitude, -180...180, scale: 1),
            unit: "degrees east",
            note: "The same."
        ),
    ]

    private static let alerts = [
        Setting(
            section: "alerts",
            key: "evidence_width_px",
            kind: .integer(\.alerts.evidenceWidth, 160...3840),
            unit: "pixels",
            note: "Widest evidence picture; a larger one is scaled down."
        ),
        Setting(
            section: "alerts",
            key: "evidence_quality",
            kind: .integer(\.alerts.evidenceQuality, 1...100),
            unit: "",
            note: "JPEG quality of evidence pictures."
        ),
    ]

    private static let cases = [
        Setting(
            section: "cases",
            key: "tasks_per_grid",
            kind: .integer(\.cases.tasksPerGrid, 0...10_000),
            unit: "tasks a day",
            note:
                "Tasks that cameras give by themselves in one grid and day at most; 0 for no limit. Cases beyond wait for "
                + "a person: severity 4 from half of it on, severity 3 from four fifths on; severity 1 is never held back."
        ),
        Setting(
            section: "cases",
            key: "triage_minutes_1",
            kind: .integer(\.cases.triageMinutes1, 1...43_200),
            unit: "minutes",
            note:
                "Time in which somebody must have decided whether a case of severity 1 is a hazard; it is overdue then, on every list."
        ),
        Setting(
            section: "cases",
            key: "triage_minutes_2",
            kind: .integer(\.cases.triageMinutes2, 1...43_200),
            unit: "minutes",
            note: "The same of severity 2."
        ),
        Setting(
            section: "cases",
            key: "triage_minutes_3",
            kind: .integer(\.cases.triageMinutes3, 1...43_200),
            unit: "minutes",
            note: "The same of severity 3."
        ),
        Setting(
            section: "cases",
            key: "triage_minutes_4",
            kind: .integer(\.cases.triageMinutes4, 1...43_200),
            unit: "minutes",
            note: "The same of severity 4."
        ),
    ]

    private static let delivery = [
        Setting(
            section: "delivery",
            key: "batch",
            kind: .integer(\.delivery.batch, 1...10_000),
            unit: "alerts",
            note: "Alert statements in one transaction at most."
        ),
        Setting(
            section: "delivery",
            key: "interval_ms",
            kind: .number(\.delivery.interval, 0.01...60, scale: 1000),
            unit: "milliseconds",
            note: "Wait when the spool is empty."
        ),
        seconds(
            "delivery",
            "retry_base_s",
            \.delivery.retryBase,
            0.1...60,
            "First wait after the database refused; it doubles with each further time, with jitter."
        ),
        seconds("delivery", "retry_cap_s", \.delivery.retryCap, 1...3600, "Longest wait after the database refused."),
    ]

    private static let log = [
        Setting(
            section: "log",
            key: "level",
            kind: .choice(
                DaemonSettings.Log.Level.allCases.map(\.rawValue),
                get: { $0.log.level.rawValue },
                set: { settings, text in
                    DaemonSettings.Log.Level(rawValue: text).map { settings.log.level = $0 }
                }
            ),
            unit: "",
            note: "Messages below this level are left out."
        )
    ]

    static func seconds(
        _ section: String,
        _ key: String,
        _ path: Setting.Path<Double>,
        _ range: ClosedRange<Double>,
        _ note: String
    ) -> Setting {
        Setting(section: section, key: key, kind: .number(path, range, scale: 1), unit: "seconds", note: note)
    }
}

public import Detection
public import Flow

/// All settings of the daemon; a value made by `init()` holds the defaults.
///
/// Read from one YAML file and from environment variables `GRIDWATCH_<SECTION>_<KEY>`, which win over the file. Each
/// setting is declared once, in `SettingsTable`: reading, checking, documentation and the example file come from there.
public struct DaemonSettings: Sendable, Hashable {
    /// How the daemon reaches and uses its PostgreSQL database.
    public struct Database: Sendable, Hashable {
        /// How to reach it: a libpq connection string or `postgresql://` URL, with or without a password.
        public var url = Secret("host=/run/postgresql dbname=gridwatch")
        /// A file that holds the connection string instead; nil when there is none.
        public var urlFile: String?
        /// Connections that one process holds at most.
        public var poolSize = 12
        /// Longest run of one statement, seconds.
        public var statementTimeout = 5.0
    }

    /// Where the web server listens, and whom it believes for how long.
    public struct Web: Sendable, Hashable {
        /// Address and port to listen on.
        public var listen = ListenAddress(host: "127.0.0.1", port: 8080)
        /// The URL that people type, without a slash at the end; nil when it is the listening address.
        public var publicURL: String?
        /// Minutes without a request after which a session of the office ends.
        public var sessionIdleMinutes = 120
        /// Days after which a grid worker must log in again.
        public var sessionDays = 14
        /// True when anyone may read `/metrics`; false when only this machine may.
        public var metricsOpen = false
        /// Addresses and ranges of proxies whose `X-Forwarded-For` is believed, with commas; nil for none.
        public var trustedProxies: String? = "127.0.0.1, ::1"
    }

    /// Where files lie, and how much room each kind may take.
    public struct Storage: Sendable, Hashable {
        /// The folder that everything lies in.
        public var directory = "/var/lib/gridwatch"
        /// Most megabytes (2^20 bytes) that the alert spool may use.
        public var spoolMaxMB = 2048
        /// Megabytes (2^20 bytes) that evidence leaves free on its disk.
        public var evidenceMinFreeMB = 512
        /// Days for which the pictures of alerts are kept; 0 for ever.
        public var evidenceDays = 90
        /// Hours for which pictures that nothing points to any more are kept.
        public var evidenceLooseHours = 48

        /// The folder of the alert spool.
        public var spoolDirectory: String { directory + "/spool" }
        /// Folder of clips on which operators try rules and thresholds; nil for none.
        public var clips: String?
        /// Folder of the label files of those clips; nil: beside them.
        public var labels: String?
        /// Most megabytes (2^20 bytes) that recordings of cameras may use.
        public var recordingsMaxMB = 4096
        /// Most megabytes (2^20 bytes) that clips of alerts may use while nobody has judged them; 0 keeps none.
        public var alertClipsMaxMB = 1024

        /// The folder of those clips.
        public var alertClipsDirectory: String { directory + "/alert-clips" }
        /// Days for which the scores of live pictures are kept.
        public var scoreDays = 8

        /// The folder of recordings of cameras.
        public var recordingsDirectory: String { directory + "/recordings" }
        /// The folder of evidence pictures.
        public var evidenceDirectory: String { directory + "/evidence" }
    }

    /// How streams are opened and read, and what of them is decoded.
    public struct Ingest: Sendable, Hashable {
        /// What is decoded of a stream.
        public enum Decode: String, Sendable, Hashable, CaseIterable {
            /// One keyframe per sampling interval, more while the compressed stream shows activity.
            case gated
            /// Each keyframe, whatever the sampling interval.
            case keyframes
            /// Every picture, with which few cameras fill a machine.
            case everyFrame = "every_frame"
        }

        /// How RTSP carries its packets.
        public enum Transport: String, Sendable, Hashable, CaseIterable {
            /// Over TCP, and over UDP for the cameras that do not send over TCP.
            case auto
            /// Interleaved in the RTSP connection.
            case tcp
            /// In datagrams of their own, which may get lost.
            case udp
        }

        /// Threads for what is not RTSP over TCP, each holding one stream.
        public var ioThreads = 64
        /// Longest wait for a stream to open, seconds.
        public var openTimeout = 10.0
        /// Longest silence of an open stream, seconds.
        public var readTimeout = 10.0
        /// How long a stream keeps its thread while others wait for one, seconds.
        public var turn = 10.0
        /// First wait after a failure, seconds.
        public var reconnectBase = 1.0
        /// Longest wait after a failure, seconds.
        public var reconnectCap = 120.0
        /// What of each stream is decoded.
        public var decode = Decode.gated
        /// How RTSP cameras send their packets.
        public var rtspTransport = Transport.auto
        /// Which addresses close to this machine may be cameras.
        public var localAddresses = LocalAddresses.loopback
        /// Ingest processes on this machine.
        public var processes = 1
        /// Name of this machine among those that share the cameras; nil means its host name.
        public var node: String?
        /// Most cameras of one ingest process.
        public var maxCameras = 16_000
        /// Sampling interval of class I cameras, seconds.
        public var samplingClass1 = 10.0
        /// Sampling interval of class II cameras, seconds.
        public var samplingClass2 = 60.0
        /// Sampling interval of class III cameras, seconds.
        public var samplingClass3 = 300.0
        /// Pictures since the last keyframe that are kept of a class I camera, KiB.
        public var gopKBClass1 = 512
        /// Pictures since the last keyframe that are kept of a class II camera, KiB.
        public var gopKBClass2 = 256
        /// Pictures since the last keyframe that are kept of a class III camera, KiB.
        public var gopKBClass3 = 0
        /// Seconds between two reads of an open RTSP connection.
        public var readInterval = 0.5
        /// Most connections that one ingest process opens in a second.
        public var connectsPerSecond = 200
        /// Most connections to one address in a second.
        public var connectsPerHost = 20
        /// Most connections to one address that are being set up at once.
        public var handshakesPerHost = 8
        /// True when `rtsps` cameras need a certificate that this machine trusts.
        public var rtspsVerify = true
    }

    /// What counts as a fault, and what as one outage of many cameras.
    public struct Supervision: Sendable, Hashable {
        /// Silence after which an open stream counts as stalled, seconds.
        public var stall = 20.0
        /// Time of identical pictures after which a stream counts as frozen, seconds.
        public var freeze = 60.0
        /// Time out of service after which a camera becomes a case, seconds.
        public var faultAfter = 600.0
        /// Share (0…1) of cameras that fail within a minute and then are one incident.
        public var outageShare = 0.2
    }

    /// The threads that decode and detect, and how much may wait for them.
    public struct Workers: Sendable, Hashable {
        /// Threads of each ingest process; 0 means the cores of the machine divided by the processes.
        public var threads = 0
        /// Access units that may wait per thread.
        public var queueUnits = 65_536
    }

    /// The city's days and its place, for schedules.
    public struct Calendar: Sendable, Hashable {
        /// Holidays: days and ranges of days.
        public var holidays = ""
        /// Days off that are worked.
        public var workdays = ""
        /// Degrees north, by which the sun rises and sets.
        public var latitude = CityCalendar.wugang.latitude
        /// Degrees east, by which the sun rises and sets.
        public var longitude = CityCalendar.wugang.longitude
    }

    /// What an alert brings along.
    public struct Alerts: Sendable, Hashable {
        /// Pixels that an evidence picture is wide at most; wider ones are scaled down.
        public var evidenceWidth = 1280
        /// JPEG quality of evidence pictures, 1 to 100.
        public var evidenceQuality = 80
    }

    /// When alerts become tasks, and how long people may take to decide.
    public struct Cases: Sendable, Hashable {
        /// Tasks that the cameras of one grid give by themselves in a day at most; 0 for no limit.
        public var tasksPerGrid = 10
        /// Minutes in which somebody must have decided whether a case of severity 1 is a hazard.
        public var triageMinutes1 = 10
        /// The same of severity 2.
        public var triageMinutes2 = 30
        /// The same of severity 3.
        public var triageMinutes3 = 120
        /// The same of severity 4.
        public var triageMinutes4 = 240

        /// The four, the most severe first.
        public var triageMinutes: [Int] { [triageMinutes1, triageMinutes2, triageMinutes3, triageMinutes4] }
    }

    /// The way of the alerts from the spool into the database.
    public struct Delivery: Sendable, Hashable {
        /// Alert statements in one transaction at most.
        public var batch = 500
        /// Wait when the spool is empty, seconds.
        public var interval = 0.2
        /// First wait after a failure, seconds.
        public var retryBase = 0.5
        /// Longest wait after a failure, seconds.
        public var retryCap = 30.0
    }

    /// How much the daemon writes into its log.
    public struct Log: Sendable, Hashable {
        /// How much is told; the names are those of swift-log.
        public enum Level: String, Sendable, Hashable, CaseIterable {
            case trace, debug, info, notice, warning, error, critical
        }

        /// Messages below this level are left out.
        public var level = Level.info
    }

    /// Section `database` of the file.
    public var database = Database()
    /// Section `web` of the file.
    public var web = Web()
    /// Section `storage` of the file.
    public var storage = Storage()
    /// Section `ingest` of the file.
    public var ingest = Ingest()
    /// Section `supervision` of the file.
    public var supervision = Supervision()
    /// Section `workers` of the file.
    public var workers = Workers()
    /// Section `detection` of the file: for every camera that no profile gives others.
    public var detection = DetectionSettings()
    /// Days and place, for schedules.
    public var calendar = Calendar()
    /// What an alert brings along.
    public var alerts = Alerts()
    /// Section `cases` of the file.
    public var cases = Cases()
    /// The way of the alerts into the database.
    public var delivery = Delivery()
    /// Section `log` of the file.
    public var log = Log()
    /// Environment variables that gave a setting another value than the file, by the name of the setting.
    public var overridden: [String: String] = [:]

    /// Makes the settings of an empty file: every value is its default.
    public init() {}
}

/// A text that holds a password or may hold one: descriptions, logs and mirrors show `***` where it stands.
public struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The text itself; never to be logged.
    public let exposed: String

    /// Wraps a text, so that nothing shows it by accident.
    public init(_ exposed: String) {
        self.exposed = exposed
    }

    /// The connection string with password and passfile hidden.
    public var description: String { Redaction.connectionString(exposed) }

    /// The same as `description`: debuggers and logs do not show the text either.
    public var debugDescription: String { description }

    /// Hides the text from `dump`.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// An address and a port to listen on.
public struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// IPv4 or IPv6 address or host name, without brackets.
    public var host: String
    /// TCP port; 0 lets the system choose.
    public var port: Int

    /// Makes an address from its parts.
    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `127.0.0.1:8080`, `[::1]:8080` or `localhost:8080`.
    ///
    /// - Returns: Nil when the text is none of these.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        guard let port = UInt16(digits), digits.allSatisfy(\.isNumber) else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty, !host.contains(where: { $0.isWhitespace || $0 == "/" || $0 == "[" }) else { return nil }
        self.init(host: String(host), port: Int(port))
    }

    /// The form that `init(_:)` reads.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

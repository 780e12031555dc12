import Flow
import Logging
import RTSP

/// What a farm's thread needs to know, fixed when it starts.
struct FarmContext: Sendable {
    let catalogue: FarmCatalogue
    let plan: FaultPlan
    let session: ServerSession.Options
    let account: Authenticator.Account?
    let maximumConnections: Int
    /// Microseconds between sends to a client; 0 sends each picture when it is due.
    let sendInterval: Int64
    let counters: FarmCounters
    let logger: Logger
    /// When the farm started, microseconds on the machine's clock that only grows.
    let origin: Int64
    /// The same instant since the Unix epoch.
    let startedAt: MediaTime

    init(
        catalogue: FarmCatalogue,
        options: CameraFarm.Options,
        maximumConnections: Int,
        counters: FarmCounters,
        logger: Logger
    ) {
        self.catalogue = catalogue
        self.plan = options.faults
        self.session = options.session
        self.account = options.account
        self.maximumConnections = maximumConnections
        self.sendInterval = Int64(options.sendInterval * 1_000_000)
        self.counters = counters
        self.logger = logger
        let now = Self.clock
        self.origin = options.origin?.microseconds ?? now
        self.startedAt = MediaTime(microseconds: Clocks.system.wall().microseconds - (now - origin))
    }

    /// Microseconds on the machine's clock that only grows.
    private static var clock: Int64 { MediaTime(seconds: Clocks.system.monotonic()).microseconds }

    /// Microseconds since the start of the farm.
    var elapsed: Int64 { Self.clock - origin }

    /// The state machine of a new connection, with a name and nonce that nobody can guess.
    func makeSession(_ now: Int64) -> ServerSession {
        let authenticator = account.map { Authenticator(account: $0, nonce: Self.randomText()) }
        return ServerSession(
            options: session,
            authenticator: authenticator,
            id: Self.randomText(),
            now: MediaTime(microseconds: now)
        )
    }

    /// 128 random bits in hexadecimal digits.
    static func randomText() -> String {
        (0..<4).map { _ in String(UInt32.random(in: 0x1000_0000...(.max)), radix: 16) }.joined()
    }
}

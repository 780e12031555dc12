import Flow
import Live
import Replay
public import Settings
public import Web

extension Tuner {
    /// Bytes of small pictures that are kept for trials: some 18,000 of them.
    private static let memory = 256 << 20

    /// The tuner as the settings say.
    public init(_ settings: DaemonSettings) {
        let storage = settings.storage
        let footage = TrialFootage(
            clips: storage.clips,
            labels: storage.labels,
            recordings: storage.recordingsDirectory
        )
        self.init(
            trials: TrialService(footage: footage, memoryLimit: Self.memory),
            recorder: FootageRecorder(
                directory: storage.recordingsDirectory,
                limit: storage.recordingsMaxMB << 20,
                take: StreamTaker(settings).take
            ),
            detection: settings.detection
        )
    }
}

extension WebSettings {
    /// The settings of the web server, all but what belongs to others.
    public init(_ settings: DaemonSettings.Web) {
        self.init(
            host: settings.listen.host,
            port: settings.listen.port,
            publicURL: settings.publicURL,
            trustedProxies: AddressRange.list(settings.trustedProxies ?? "") ?? [],
            officeSession: SessionLife(idleSeconds: settings.sessionIdleMinutes * 60, absoluteSeconds: 12 * 3600),
            workerSession: SessionLife(idleSeconds: 12 * 3600, absoluteSeconds: settings.sessionDays * 86_400),
            metricsArePublic: settings.metricsOpen
        )
    }
}

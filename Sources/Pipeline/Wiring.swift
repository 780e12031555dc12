import Foundation
import Ingest
import Settings

extension DaemonSettings.Storage {
    /// Makes the folders that are not there; nobody but the daemon's group reads them.
    func makeFolders() throws {
        for folder in [spoolDirectory, evidenceDirectory] {
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o750]
            )
        }
    }
}

extension StreamPool.Settings {
    init(_ settings: DaemonSettings.Ingest) {
        self.init()
        threads = settings.ioThreads
        openTimeout = settings.openTimeout
        readTimeout = settings.readTimeout
        turn = settings.turn
        reconnectBase = settings.reconnectBase
        reconnectCap = settings.reconnectCap
        keyframesOnly = settings.decode == .keyframes
        rtspOverUDP = settings.rtspTransport == .udp
    }
}

extension EvidenceStyle {
    init(_ settings: DaemonSettings.Alerts) {
        self.init()
        maxWidth = settings.evidenceWidth
        quality = settings.evidenceQuality
    }
}

extension Delivery.Settings {
    init(_ settings: DaemonSettings.Delivery) {
        self.init()
        batch = settings.batch
        interval = settings.interval
        retryBase = settings.retryBase
        retryCap = settings.retryCap
    }
}

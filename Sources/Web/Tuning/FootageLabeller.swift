import Detection
import Foundation
public import Logging
import Logs
public import Postgres
import Replay
public import ServiceLifecycle
import Store

/// Every minute: what people said of alerts becomes labels of the clips that were kept of them.
///
/// Works on the clips of this machine.
public struct FootageLabeller: Service {
    /// Seconds between two looks.
    private static let interval = 60.0
    /// Days of cases that are looked at: clips of older ones have made room for others.
    private static let days = 30

    private let profiles: Profiles
    private let clips: JudgedClips
    private let logger: Logger
    private let flood: FloodGate

    /// Makes a labeller.
    ///
    /// - Parameters:
    ///   - pool: The database.
    ///   - clips: Folder of clips of alerts.
    ///   - recordings: Folder of recordings, a folder for each camera.
    ///   - logger: For the operator.
    public init(pool: PostgresPool, clips: String, recordings: String, logger: Logger) {
        self.profiles = Profiles(pool: pool)
        self.clips = JudgedClips(clips: clips, recordings: recordings)
        self.logger = logger
        self.flood = FloodGate(logger)
    }

    /// Labels until the service group stops it; a database that is away only delays it.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    let count = try await label()
                    if count > 0 { logger.info("clips labelled by closed cases", metadata: ["count": "\(count)"]) }
                } catch is CancellationError {
                    return
                } catch {
                    // Labels are worth less than the daemon: it goes on, and so does the next look.
                    flood.log(.warning, "clips wait for their labels", metadata: ["error": "\(error)"])
                }
                try? await Task.sleep(for: .seconds(Self.interval))
            }
        }
    }

    /// Labels what was judged; gives how many clips.
    func label() async throws -> Int {
        let waiting = await Blocking.run(qos: .utility) { clips.waiting() }
        guard !waiting.isEmpty else { return 0 }
        var rules: [String: [Rule]] = [:]
        var count = 0
        for alert in try await profiles.judgedAlerts(days: Self.days) {
            guard let path = waiting[alert.id] else { continue }
            if rules[alert.camera] == nil { rules[alert.camera] = try await self.rules(of: alert.camera) }
            guard let rule = rules[alert.camera]?.first(where: { $0.id == alert.rule }) else { continue }
            let result = await Blocking.run(qos: .utility) { Result { try keep(path, alert, rule) } }
            switch result {
            case .success(let isKept): count += isKept ? 1 : 0
            case .failure(let error):
                logger.warning("clip without labels", metadata: ["clip": "\(path)", "error": "\(error)"])
            }
        }
        if count > 0 { await Blocking.run(qos: .utility) { clips.makeRoom() } }
        return count
    }

    private func keep(_ path: String, _ alert: JudgedAlert, _ rule: Rule) throws -> Bool {
        try clips.keep(
            path,
            alert: alert.id,
            camera: alert.camera,
            rule: rule,
            isFalse: alert.isFalse,
            reason: alert.reason
        )
    }

    /// The rules of a camera that this version can read.
    private func rules(of camera: String) async throws -> [Rule] {
        let texts = try await profiles.tuning(of: camera)?.rules ?? []
        return texts.compactMap { try? JSONDecoder().decode(Rule.self, from: Data($0.utf8)) }
    }
}

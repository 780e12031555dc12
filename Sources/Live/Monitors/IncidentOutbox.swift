import Flow
import Ingest
import Logging
import Postgres
import Store
import Synchronization

/// Brings incidents into the database, in order; while it is away they wait here, and people are told by `/readyz`.
final class IncidentOutbox: Sendable {
    /// Changes that may wait; beyond that the oldest updates go, begins and ends stay.
    private static let limit = 500

    private enum Step: Sendable {
        case open(Ingest.Outage, at: MediaTime)
        case close(Ingest.Outage, at: MediaTime)

        var isUpdate: Bool { if case .open = self { true } else { false } }
    }

    private let incidents: Incidents
    private let worker: String
    private let health: HealthBoard
    private let logger: Logger
    private let clocks: Clocks
    private let steps = Mutex<[Step]>([])
    /// When what gone workers saw was last swept up; nil until what an earlier process of this name saw is forgotten.
    private let swept = Mutex<Double?>(nil)

    /// Seconds between two sweeps.
    private static let sweepInterval = 30.0

    /// Makes a desk for what `worker` sees.
    init(incidents: Incidents, worker: String, health: HealthBoard, logger: Logger, clocks: Clocks = .system) {
        self.incidents = incidents
        self.worker = worker
        self.health = health
        self.logger = logger
        self.clocks = clocks
    }

    /// Takes a change of the incidents; any thread.
    ///
    /// `wallOf`: the wall time of a monotonic instant.
    func take(_ action: OutageJudge<String>.Action, wallOf: (Double) -> MediaTime) {
        let step: Step
        switch action {
        case .incidentBegan(let incident):
            logger.error("incident", metadata: ["what": "\(Self.sentence(incident))"])
            health.report(Self.part(incident), problem: Self.sentence(incident))
            step = .open(incident, at: wallOf(incident.since))
        case .incidentUpdated(let incident):
            health.report(Self.part(incident), problem: Self.sentence(incident))
            step = .open(incident, at: wallOf(incident.since))
        case .incidentEnded(let incident, let ending):
            logger.notice("incident over", metadata: ["what": "\(Self.sentence(incident))", "how": "\(ending)"])
            health.report(Self.part(incident), problem: nil)
            step = .close(incident, at: clocks.wall())
        }
        steps.withLock { steps in
            steps.append(step)
            if steps.count > Self.limit {
                steps.remove(at: steps.firstIndex(where: \.isUpdate) ?? 0)
            }
        }
    }

    /// Writes what waits, until the database refuses.
    ///
    /// - Throws: What the database says; what was not written waits.
    func write() async throws {
        try await tidy()
        while let step = steps.withLock(\.first) {
            do {
                switch step {
                case .open(let incident, let time):
                    try await incidents.open(
                        Self.kind(incident),
                        scope: Self.place(incident),
                        worker: worker,
                        at: time,
                        share: incident.kind == .cameras ? incident.share : nil,
                        affected: incident.kind == .cameras ? incident.affected : nil,
                        detail: Self.sentence(incident)
                    )
                case .close(let incident, let time):
                    try await incidents.close(
                        Self.kind(incident),
                        scope: Self.place(incident),
                        worker: worker,
                        at: time
                    )
                }
            } catch let error as PostgresError where error.fault == .data {
                // Never to be written: it must not stand before the others for good.
                logger.error("an incident cannot be written", metadata: ["error": "\(error)"])
            }
            steps.withLock { steps in
                // The bound may have dropped it meanwhile; then the next one is written again, which changes nothing.
                if !steps.isEmpty { steps.removeFirst() }
            }
        }
    }

    /// Ends what nobody sees any more: at the start what an earlier process of this name saw, then what gone ones saw.
    private func tidy() async throws {
        let now = clocks.monotonic()
        let last = swept.withLock(\.self)
        if let last, now - last < Self.sweepInterval { return }
        if last == nil { try await incidents.forget(worker: worker, at: clocks.wall()) }
        try await incidents.sweep(at: clocks.wall())
        swept.withLock { $0 = now }
    }

    private static func kind(_ incident: Ingest.Outage) -> Store.Incident.Kind {
        switch incident.kind {
        case .cameras: .cameras
        case .database: .database
        case .clock: .clock
        }
    }

    private static func place(_ incident: Ingest.Outage) -> String {
        switch incident.scope {
        case .all: ""
        case .platform(let name), .host(let name): name
        }
    }

    private static func part(_ incident: Ingest.Outage) -> String {
        let scope = place(incident)
        return "incident " + incident.kind.rawValue + (scope.isEmpty ? "" : " " + scope)
    }

    private static func sentence(_ incident: Ingest.Outage) -> String {
        switch incident.kind {
        case .cameras:
            let place = place(incident).isEmpty ? "" : " at \(place(incident))"
            return
                "\(incident.out) cameras\(place) went out together (\(Int((incident.share * 100).rounded())) % of those "
                + "in service): look at the network or platform they share, not at single cameras"
        case .database: return "the database does not answer: alerts gather on this machine's disk until it does"
        case .clock:
            return "the clock of this machine was moved by \(Int(incident.jump.rounded())) s: check its time source"
        }
    }
}

import Foundation
import Postgres
import Store

/// Reads everything that tells how the watching itself goes.
struct OperationsService: Sendable {
    /// Incidents that a report tells of at most, open ones first.
    static let incidentLimit = 100
    /// Cameras in quarantine that a report tells of at most.
    static let quarantineLimit = 200
    /// Statements that were set aside that a report tells of at most, the newest ones.
    static let setAsideLimit = 20
    /// Open incidents that a banner looks at.
    static let bannerLimit = 50

    /// What counts all cameras of the county: a quarter of a second of the database, so all pages share it.
    struct Counted: Sendable {
        let workers: [WorkerReport]
        let unowned: UnownedShards
        let coverage: [CoverageLine]
        let platforms: [PlatformReport]
        let budgets: [BudgetLine]
        let vacant: [VacantPost]
    }

    let incidents: Incidents
    let quarantine: Quarantine
    let platforms: Platforms
    let overrides: SamplingOverrides
    let setAside: SetAsideAlerts
    private let counted: Shared<Counted>
    private let tasksPerGrid: Int

    /// `life`: seconds for which what counts all cameras is kept.
    init(pool: PostgresPool, life: Double, tasksPerGrid: Int) {
        self.tasksPerGrid = tasksPerGrid
        self.incidents = Incidents(pool: pool)
        self.quarantine = Quarantine(pool: pool)
        self.platforms = Platforms(pool: pool)
        self.overrides = SamplingOverrides(pool: pool)
        self.setAside = SetAsideAlerts(pool: pool)
        let reader = OperationsReader(pool: pool)
        let platforms = platforms
        self.counted = Shared(life: .seconds(life)) {
            Counted(
                workers: try await reader.workers().map(WorkerReport.init),
                unowned: try await reader.unowned(),
                coverage: try await reader.coverage(),
                platforms: try await platforms.list().map(PlatformReport.init),
                budgets: try await reader.budgets(),
                vacant: try await reader.vacantPosts()
            )
        }
    }

    /// How it goes now.
    func report() async throws -> OperationsReport {
        let counted = try await counted.value()
        return OperationsReport(
            at: Date(),
            workers: counted.workers,
            unowned: counted.unowned,
            coverage: counted.coverage,
            incidents: try await incidents.list(limit: Self.incidentLimit).map(IncidentReport.init),
            quarantine: try await quarantine.list(limit: Self.quarantineLimit).map(QuarantineReport.init),
            platforms: counted.platforms,
            budget: BudgetReport(tasksPerGrid: tasksPerGrid, grids: counted.budgets),
            vacantPosts: counted.vacant,
            setAside: try await setAside.list(limit: Self.setAsideLimit),
            samplingOverrides: try await overrides.list().map(OverrideReport.init)
        )
    }

    /// Somebody changed platforms, quarantine or sampling here: the next report must show it.
    func changed() async {
        await counted.forget()
    }

    /// Incidents that last, with the names of platforms by host.
    func openIncidents() async throws -> (incidents: [IncidentReport], names: [String: String]) {
        let open = try await incidents.list(openOnly: true, limit: Self.bannerLimit).map(IncidentReport.init)
        guard open.contains(where: { !$0.scope.isEmpty }) else { return (open, [:]) }
        return (open, PlatformReport.names(try await counted.value().platforms))
    }
}

/// The answer of `GET /api/v1/operations`.
struct OperationsReport: Encodable, Sendable {
    /// When it was read.
    let at: Date
    let workers: [WorkerReport]
    let unowned: UnownedShards
    let coverage: [CoverageLine]
    let incidents: [IncidentReport]
    let quarantine: [QuarantineReport]
    let platforms: [PlatformReport]
    let budget: BudgetReport
    /// Posts without a person who could work on a task, those with tasks first.
    let vacantPosts: [VacantPost]
    /// Alert statements that could not be stored, the newest first.
    let setAside: [SetAsideAlert]
    let samplingOverrides: [OverrideReport]
}

/// What cameras gave people today.
struct BudgetReport: Encodable, Sendable {
    /// Tasks of a grid and day at most; 0 for no limit.
    let tasksPerGrid: Int
    let grids: [BudgetLine]
}

/// A worker of the ingest.
struct WorkerReport: Encodable, Sendable {
    /// Numbers of one worker at most.
    private static let statsLimit = 100

    let id: String
    let host: String
    let version: String
    let isAlive: Bool
    let capacity: Int
    let shards: Int
    let cameras: Int
    let startedAt: Date
    let seenAt: Date
    /// What it says of itself, by name.
    let stats: [String: Int]

    init(_ line: WorkerLine) {
        self.id = line.id
        self.host = line.host
        self.version = line.version
        self.isAlive = line.isAlive
        self.capacity = line.capacity
        self.shards = line.shards
        self.cameras = line.cameras
        self.startedAt = line.startedAt
        self.seenAt = line.seenAt
        self.stats = Self.numbers(line.stats)
    }

    /// The whole numbers of a JSON object; whatever else a worker of another version says is passed over.
    static func numbers(_ text: String) -> [String: Int] {
        struct Value: Decodable {
            let number: Int?

            init(from decoder: any Decoder) throws {
                let double = try? decoder.singleValueContainer().decode(Double.self)
                self.number = double.flatMap { Int(exactly: $0.rounded()) }
            }
        }
        let all = try? JSONDecoder().decode([String: Value].self, from: Data(text.utf8))
        let kept = (all ?? [:]).compactMapValues(\.number).sorted { $0.key < $1.key }.prefix(statsLimit)
        return Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) })
    }
}

/// An incident with times as dates.
struct IncidentReport: Encodable, Sendable {
    let id: Int
    let kind: Incident.Kind
    let scope: String
    let startedAt: Date
    let endedAt: Date?
    let share: Double?
    let affected: Int?
    let detail: String?

    init(_ incident: Incident) {
        self.id = incident.id
        self.kind = incident.kind
        self.scope = incident.scope
        self.startedAt = Date(microseconds: incident.startedAt)
        self.endedAt = incident.endedAt.map(Date.init(microseconds:))
        self.share = incident.share
        self.affected = incident.affected
        self.detail = incident.detail
    }
}

/// A camera in quarantine, or counted on the way there.
struct QuarantineReport: Encodable, Sendable {
    let camera: String
    let name: String
    let strikes: Int
    let firstAt: Date
    let lastAt: Date
    let until: Date?
    let isActive: Bool
    let reason: String

    init(_ line: QuarantineLine) {
        self.camera = line.camera
        self.name = line.name
        self.strikes = line.strikes
        self.firstAt = Date(microseconds: line.firstAt)
        self.lastAt = Date(microseconds: line.lastAt)
        self.until = line.until.map(Date.init(microseconds:))
        self.isActive = line.isActive
        self.reason = line.reason
    }
}

/// A platform with the number of its cameras.
struct PlatformReport: Encodable, Sendable {
    let host: String
    let name: String
    let patrolSessions: Int?
    let note: String?
    let cameras: Int

    init(_ line: PlatformLine) {
        self.host = line.platform.host
        self.name = line.platform.name
        self.patrolSessions = line.platform.patrolSessions
        self.note = line.platform.note
        self.cameras = line.cameras
    }

    /// Names by host.
    static func names(_ platforms: [PlatformReport]) -> [String: String] {
        Dictionary(platforms.map { ($0.host, $0.name) }, uniquingKeysWith: { first, _ in first })
    }
}

/// A sampling override with its windows.
struct OverrideReport: Encodable, Sendable {
    let id: Int
    let camera: String?
    let tag: String?
    let interval: Int
    let schedule: [SamplingWindow]?

    init(_ override: SamplingOverride) {
        self.id = override.id
        self.camera = override.camera
        self.tag = override.tag
        self.interval = override.interval
        self.schedule = SamplingWindow.windows(override.schedule)
    }
}

extension Date {
    /// An instant in microseconds since the Unix epoch.
    init(microseconds: Int64) {
        self.init(timeIntervalSince1970: Double(microseconds) / 1_000_000)
    }
}

public import Live
public import Postgres
public import Web

/// What `/readyz` says.
public enum Readiness {
    /// Asks the database, and lists what the pipeline has noted.
    public static func report(_ board: HealthBoard, _ database: PostgresPool) async -> HealthReport {
        var problems = board.current
        do {
            _ = try await database.query("SELECT 1")
        } catch {
            problems["database"] = "\(error)"
        }
        return report(problems)
    }

    /// A check for each part that is always named, and for each that has a problem.
    static func report(_ problems: [String: String]) -> HealthReport {
        let parts = Set(["database", "registry", "spool", "evidence", "delivery", "pictures", "alerts"]).union(
            problems.keys
        )
        return HealthReport(
            checks: parts.sorted().map {
                HealthReport.Check(name: $0, isReady: problems[$0] == nil, detail: problems[$0])
            }
        )
    }
}

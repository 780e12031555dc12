import Flow
import HTTPTypes
import Hummingbird
import Store

/// `/healthz`, `/readyz`, `/metrics`: for the supervisor and the monitoring, without login.
struct HealthAPI: Sendable {
    let meter: Meter
    let health: @Sendable () async -> HealthReport
    let metricsArePublic: Bool

    var routes: [Route] {
        [.get("/healthz", .open, alive), .get("/readyz", .open, ready), .get("/metrics", .open, metrics)]
    }

    private struct Answer: Encodable {
        let ready: Bool
        let checks: [HealthReport.Check]
    }

    /// The process answers; nothing else is looked at, so that a sick database does not make anybody restart us.
    @Sendable private func alive(_ request: Request, _ context: WebContext) async throws -> Response {
        .text("ok\n")
    }

    /// Which parts work is for everybody, why one does not is for this machine and for people of the office: the sentences
    /// name hosts, folders and cameras.
    @Sendable private func ready(_ request: Request, _ context: WebContext) async throws -> Response {
        let report = await health()
        let status: HTTPResponse.Status = report.isReady ? .ok : .serviceUnavailable
        let mayKnowWhy = context.isLocal || context.visitor.map { $0.account.role != .worker } ?? false
        let checks = mayKnowWhy ? report.checks : report.checks.map { .init(name: $0.name, isReady: $0.isReady) }
        return try Response.json(Answer(ready: report.isReady, checks: checks), status: status)
    }

    @Sendable private func metrics(_ request: Request, _ context: WebContext) async throws -> Response {
        guard metricsArePublic || context.isLocal else { throw WebError(.forbidden) }
        return .text(meter.exposition(), "text/plain; version=0.0.4; charset=utf-8")
    }
}

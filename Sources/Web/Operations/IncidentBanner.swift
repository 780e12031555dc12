import Store

/// What every page of the office says above all else while incidents are open.
struct IncidentBanner: Sendable {
    let operations: OperationsService
    let pages: PageRenderer

    /// Values of the banner, for those who see the whole county; nothing for workers.
    func values(_ context: WebContext) async throws -> [String: Any] {
        guard try !context.access().isLimited, context.visitor?.account.role != .worker else { return [:] }
        let (open, names) = try await operations.openIncidents()
        return IncidentView.banner(open, names: names, pages.strings(context.language))
    }
}

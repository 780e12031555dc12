import Detection
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Replay
import Store

/// `/api/v1/profiles`: versions of how cameras are judged, put to work and taken back.
struct ProfileAPI: Sendable {
    let profiles: Profiles
    let detection: DetectionSettings
    let trials: TrialService

    var routes: [Route] {
        [
            .get("/api/v1/profiles", .operators, list),
            .post("/api/v1/profiles", .operators, save),
            .get("/api/v1/profiles/{id}/verdict", .operators, verdict),
            .post("/api/v1/profiles/{id}/activation", .operators, activate),
            .post("/api/v1/profiles/roll-back", .operators, rollBack),
        ]
    }

    /// A version as it is told.
    struct Version: Encodable {
        let id: Int
        let scope: String
        let key: String
        let version: Int
        let settings: [String: Double]
        let rules: [Rule]?
        let note: String
        let author: String?
        let createdAt: Date
        let isActive: Bool
        let isDraft: Bool

        /// - Throws: When its rules cannot be read by this version.
        init(_ version: ProfileVersion) throws {
            id = version.id
            scope = version.scope.kind
            key = version.scope.key
            self.version = version.version
            settings = version.settings
            rules = try version.rules.map { try JSONDecoder().decode([Rule].self, from: Data($0.utf8)) }
            note = version.note
            author = version.author
            createdAt = version.createdAt
            isActive = version.isActive
            isDraft = !version.wasActive
        }
    }

    private struct Activation: Encodable {
        let version: Int?
        let isRollBack: Bool
        let note: String
        let by: String?
        let at: Date
    }

    private struct History: Encodable {
        let versions: [Version]
        let activations: [Activation]
        let mayRollBack: Bool
    }

    private struct Active: Encodable {
        let items: [Version]
    }

    private struct Draft: Decodable {
        let scope: String
        let key: String
        let settings: [String: Double]
        let rules: [Rule]?
        let note: String?
    }

    private struct Place: Decodable {
        let scope: String
        let key: String
        let note: String?
    }

    private struct Start: Decodable {
        let note: String?
        /// True: the person knows that labelled events would be missed.
        let despite: Bool?
    }

    /// What an evaluation said about a version.
    private struct Verdict: Encodable {
        let isEvaluated: Bool
        let events: Int
        /// Labelled events that the version misses, and that are missed now.
        let missed: Int
        let missedNow: Int
        let falseAlerts: Int
        let falseAlertsNow: Int
    }

    private struct Saved: Encodable {
        let id: Int
        let version: Int
    }

    private struct Standing: Encodable {
        /// The version that holds now; missing for none.
        let version: Int?
    }

    @Sendable private func list(_ request: Request, _ context: WebContext) async throws -> Response {
        guard let kind = try request.queryWord("scope", of: ProfileScope.kinds) else {
            return try Response.json(Active(items: try await profiles.active().map(Version.init)))
        }
        let history = try await profiles.history(of: try Self.scope(kind, try request.query("key") ?? ""))
        return try Response.json(
            History(
                versions: try history.versions.map(Version.init),
                activations: history.activations.map { one in
                    Activation(version: one.version, isRollBack: one.isRollBack, note: one.note, by: one.by, at: one.at)
                },
                mayRollBack: history.mayRollBack
            )
        )
    }

    @Sendable private func save(_ request: Request, _ context: WebContext) async throws -> Response {
        let draft = try await request.document(Draft.self)
        _ = try detection.with(draft.settings)
        let scope = try Self.scope(draft.scope, draft.key)
        var rules: String?
        if let drawn = draft.rules {
            guard case .camera = scope else { throw WebError(.invalid, .rulesScope) }
            // The analyzer refuses what a worker would refuse.
            _ = try CameraAnalyzer(rules: drawn, settings: detection)
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            rules = String(decoding: try encoder.encode(drawn), as: UTF8.self)
        }
        let saved = try await profiles.save(
            ProfileDraft(
                scope: scope,
                settings: draft.settings,
                rules: rules,
                note: try NoteText.check(draft.note) ?? ""
            ),
            author: try context.requireVisitor().account.id
        )
        return try Response.json(Saved(id: saved.id, version: saved.version), status: .created)
    }

    @Sendable private func activate(_ request: Request, _ context: WebContext) async throws -> Response {
        let start = try await request.json(Start.self)
        let note = try NoteText.check(start.note) ?? ""
        let id = try context.number("id")
        guard id <= Int(Int32.max) else { throw WebError(.notFound) }
        if start.despite != true, let known = try await evaluated(id), known.draft.missed > known.live.missed {
            throw WebError(.conflict, .draftMisses)
        }
        let account = try context.requireVisitor().account
        try await profiles.activate(id, note: note, by: account.id)
        context.logger.notice("profile activated", metadata: ["profile": "\(id)", "by": "\(account.login)"])
        return .done
    }

    @Sendable private func verdict(_ request: Request, _ context: WebContext) async throws -> Response {
        let id = try context.number("id")
        guard id <= Int(Int32.max) else { throw WebError(.notFound) }
        let known = try await evaluated(id)
        return try Response.json(
            Verdict(
                isEvaluated: known != nil,
                events: known?.draft.events ?? 0,
                missed: known?.draft.missed ?? 0,
                missedNow: known?.live.missed ?? 0,
                falseAlerts: known?.draft.falseAlerts ?? 0,
                falseAlertsNow: known?.live.falseAlerts ?? 0
            )
        )
    }

    /// What the last evaluation said about the settings of a version; nil when it was of others.
    private func evaluated(_ id: Int) async throws -> TrialEvaluation.Progress? {
        guard let version = try await profiles.profile(id) else {
            throw StoreError(.notFound, "there is no profile \(id)", because: .profileUnknown)
        }
        return await trials.verdict(on: try detection.with(version.settings))
    }

    @Sendable private func rollBack(_ request: Request, _ context: WebContext) async throws -> Response {
        let place = try await request.json(Place.self)
        let account = try context.requireVisitor().account
        let version = try await profiles.rollBack(
            try Self.scope(place.scope, place.key),
            note: try NoteText.check(place.note) ?? "",
            by: account.id
        )
        context.logger.notice(
            "profile rolled back",
            metadata: ["scope": "\(place.scope) \(place.key.prefix(80))", "by": "\(account.login)"]
        )
        return try Response.json(Standing(version: version))
    }

    private static func scope(_ kind: String, _ key: String) throws -> ProfileScope {
        let key = key.trimmingCharacters(in: .whitespacesAndNewlines)
        guard (1...100).contains(key.count), !key.contains("\0"), let scope = ProfileScope(kind: kind, key: key) else {
            throw WebError(.invalid, .profileScope)
        }
        return scope
    }
}

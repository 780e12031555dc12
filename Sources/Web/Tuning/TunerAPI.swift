import Detection
import Foundation
import Gate
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Replay
import Store

/// `/api/v1/tuner` and what the tuner asks of a camera: clips, trials, evaluations, recordings.
struct TunerAPI: Sendable {
    let tuner: Tuner
    let profiles: Profiles

    var routes: [Route] {
        [
            .get("/api/v1/tuner", .operators, overview),
            .get("/api/v1/tuner/footage/{id}", .operators, clip),
            .get("/api/v1/tuner/footage/{id}/picture", .operators, picture),
            .put("/api/v1/tuner/footage/{id}/labels", .operators, label),
            .post("/api/v1/tuner/trials", .operators, trial),
            .get("/api/v1/tuner/evaluation", .operators, evaluation),
            .post("/api/v1/tuner/evaluation", .operators, evaluate),
            .get("/api/v1/cameras/{id}/tuning", .operators, tuning),
            .get("/api/v1/cameras/{id}/recording", .operators, recording),
            .post("/api/v1/cameras/{id}/recording", .operators, record),
        ]
    }

    /// A setting that can be moved.
    private struct Tunable: Encodable {
        let key: String
        /// What holds where no profile does.
        let value: Double
        let low: Double
        let high: Double
    }

    private struct Overview: Encodable {
        let footage: [Clip]
        let settings: [Tunable]
    }

    private struct Clip: Encodable {
        let id: String
        let name: String
        let camera: String?
        let seconds: Double?
        let conditions: [String]
        let isLabelled: Bool
        let problem: String?
    }

    private struct Rules: Encodable {
        let rules: [Rule]
    }

    private struct Side: Decodable {
        /// Missing for the rules of the clip's labels.
        let rules: [Rule]?
        /// What differs from the daemon's settings.
        let settings: [String: Double]?
    }

    private struct TrialDraft: Decodable {
        let clip: String
        let sampling: String
        let sides: [Side]
    }

    private struct EvaluationDraft: Decodable {
        let sampling: String
        let live: [String: Double]
        let draft: [String: Double]
    }

    private struct LabelDraft: Decodable {
        let rules: [LabelledRule]
    }

    private struct RecordingDraft: Decodable {
        let seconds: Int
    }

    private struct Answer: Encodable {
        let id: String
        let name: String
        let tags: [String]
        let grid: CameraTuning.Grid?
        let rules: [Rule]
        /// Rules that this version cannot read, each with why.
        let refused: [String]
        let areTemplates: Bool
        let profile: ProfileAPI.Version?
        let picture: String?
    }

    @Sendable private func overview(_ request: Request, _ context: WebContext) async throws -> Response {
        let footage = tuner.trials.footage
        let items = await Blocking.run { footage.list() }
        let values = tuner.detection.values
        let settings = DetectionSettings.keys.compactMap { key -> Tunable? in
            guard let range = DetectionSettings.range(of: key), let value = values[key] else { return nil }
            return Tunable(key: key, value: value, low: range.lowerBound, high: range.upperBound)
        }
        let clips = items.map { item in
            Clip(
                id: item.id,
                name: item.name,
                camera: item.camera,
                seconds: item.seconds,
                conditions: item.conditions,
                isLabelled: item.isLabelled,
                problem: item.problem
            )
        }
        return try Response.json(Overview(footage: clips, settings: settings))
    }

    @Sendable private func clip(_ request: Request, _ context: WebContext) async throws -> Response {
        let id = try context.text("id", atMost: 16)
        let footage = tuner.trials.footage
        let rules = try await Blocking.run { Result { try footage.rules(of: id) } }.get()
        return try Response.json(Rules(rules: rules))
    }

    @Sendable private func picture(_ request: Request, _ context: WebContext) async throws -> Response {
        let seconds = try request.query("at").map { text in
            guard let seconds = Double(text), (0...1e9).contains(seconds) else {
                throw WebError(.badRequest, .queryValue)
            }
            return seconds
        }
        let jpeg = try await tuner.trials.picture(try context.text("id", atMost: 16), at: seconds ?? 0)
        return Response(
            status: .ok,
            headers: [.contentType: "image/jpeg", .cacheControl: "private, max-age=300"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: jpeg))
        )
    }

    @Sendable private func label(_ request: Request, _ context: WebContext) async throws -> Response {
        let draft = try await request.document(LabelDraft.self)
        guard try await tuner.trials.label(try context.text("id", atMost: 16), draft.rules) else {
            throw WebError(.conflict, .labelsFixed)
        }
        return .done
    }

    @Sendable private func trial(_ request: Request, _ context: WebContext) async throws -> Response {
        let draft = try await request.document(TrialDraft.self)
        guard (1...2).contains(draft.sides.count) else { throw WebError(.badRequest, .body) }
        let sides = try draft.sides.map { side in
            TrialSide(rules: side.rules, settings: try tuner.detection.with(side.settings ?? [:]))
        }
        let report = try await tuner.trials.trial(draft.clip, sampling: try Self.sampling(draft.sampling), sides: sides)
        return try Response.json(report)
    }

    @Sendable private func evaluation(_ request: Request, _ context: WebContext) async throws -> Response {
        guard let progress = await tuner.trials.progress else { throw WebError(.notFound) }
        return try Response.json(progress)
    }

    @Sendable private func evaluate(_ request: Request, _ context: WebContext) async throws -> Response {
        let draft = try await request.document(EvaluationDraft.self)
        let hasBegun = await tuner.trials.evaluate(
            sampling: try Self.sampling(draft.sampling),
            live: try tuner.detection.with(draft.live),
            draft: try tuner.detection.with(draft.draft)
        )
        guard hasBegun else { throw WebError(.conflict, .evaluationRuns) }
        return .done
    }

    @Sendable private func tuning(_ request: Request, _ context: WebContext) async throws -> Response {
        let found = try await camera(context)
        var rules: [Rule] = []
        var refused: [String] = []
        for text in found.rules {
            do {
                rules.append(try JSONDecoder().decode(Rule.self, from: Data(text.utf8)))
            } catch {
                refused.append("\(error)")
            }
        }
        let answer = Answer(
            id: found.id,
            name: found.name,
            tags: found.tags,
            grid: found.grid,
            rules: rules,
            refused: refused,
            areTemplates: found.areTemplates,
            profile: try found.profile.map(ProfileAPI.Version.init),
            picture: found.picture
        )
        return try Response.json(answer)
    }

    @Sendable private func recording(_ request: Request, _ context: WebContext) async throws -> Response {
        guard let status = tuner.recorder.status(of: try context.text("id")) else { throw WebError(.notFound) }
        return try Response.json(status)
    }

    @Sendable private func record(_ request: Request, _ context: WebContext) async throws -> Response {
        let draft = try await request.json(RecordingDraft.self)
        guard FootageRecorder.seconds.contains(draft.seconds) else { throw WebError(.invalid, .recordingLength) }
        let found = try await camera(context)
        guard !found.isQuarantined else { throw WebError(.conflict, .cameraQuarantined) }
        guard let url = found.url, !url.isEmpty else { throw WebError(.conflict, .noStream) }
        guard tuner.recorder.start(found.id, url: url, seconds: Double(draft.seconds)) else {
            throw WebError(.conflict, .recordingRuns)
        }
        let by = context.visitor?.account.login ?? "-"
        context.logger.notice("recording", metadata: ["camera": "\(found.id)", "by": "\(by)"])
        return .done
    }

    private func camera(_ context: WebContext) async throws -> CameraTuning {
        guard let found = try await profiles.tuning(of: try context.text("id")) else { throw WebError(.notFound) }
        return found
    }

    private static func sampling(_ text: String) throws -> Sampling {
        guard let sampling = Sampling(text) else { throw WebError(.invalid, .sampling) }
        if case .gated = sampling { throw WebError(.invalid, .sampling) }
        return sampling
    }
}

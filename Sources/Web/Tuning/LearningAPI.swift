import Detection
import Foundation
import HTTPTypes
import Hummingbird
import Store

/// What operators learn from: cameras that keep crying wolf, what they propose, and what other thresholds would have done.
struct LearningAPI: Sendable {
    let profiles: Profiles
    let scores: ScoreArchive
    let detection: DetectionSettings
    let pages: PageRenderer

    /// Days of scores that can be asked for.
    private static let days = 1...31

    var routes: [Route] {
        [
            .get("/api/v1/tuner/noisy", .operators, noisy),
            .post("/api/v1/cameras/{id}/proposal", .operators, propose),
            .get("/api/v1/cameras/{id}/scores", .operators, history),
        ]
    }

    /// A rule that cries wolf.
    private struct Line: Encodable {
        let camera: String
        let name: String
        let rule: String
        let ruleName: String?
        let falseAlarms: Int
        let hazards: Int
        let reason: String?
        /// How many of the false alarms a higher threshold would have avoided without losing a hazard.
        let avoidable: Int
        let lastAt: Date
    }

    private struct Noisy: Encodable {
        let items: [Line]
        /// Days of cases that were looked at.
        let days: Int
    }

    private struct Proposed: Encodable {
        let id: Int
        let version: Int
        let note: String
    }

    /// What one rule would have done.
    private struct Outlook: Encodable {
        let rule: String
        /// Alerts with the threshold at each step, from a sixteenth on, half a doubling from one to the next.
        let alerts: [Int]
        /// Hours that were scored by another region or other settings, and so tell nothing about this rule.
        let leftOut: Int
        /// Start of the first hour that counts; missing when none does.
        let since: Date?
        /// Hours that count.
        let hours: Int
        /// Alerts that the rule really gave since then.
        let recorded: Int
    }

    private struct History: Encodable {
        let days: Int
        /// Times the threshold, of each step.
        let factors: [Double]
        let rules: [Outlook]
        /// 16 rows of 16 fields: how many pictures showed a thing there, 0 to 255, the root of the share of the most.
        let motion: [Int]
    }

    @Sendable private func noisy(_ request: Request, _ context: WebContext) async throws -> Response {
        let items = try await profiles.noisyRules().map { one in
            Line(
                camera: one.camera,
                name: one.name,
                rule: one.rule,
                ruleName: one.ruleName,
                falseAlarms: one.falseAlarms,
                hazards: one.hazards,
                reason: one.reason,
                avoidable: ThresholdProposal(falseScores: one.falseScores, hazardScores: one.hazardScores)?.avoided
                    ?? 0,
                lastAt: one.lastAt
            )
        }
        return try Response.json(Noisy(items: items, days: Profiles.noisyDays))
    }

    /// Saves a draft for the camera in which the rules that cry wolf have higher thresholds; it changes nothing until
    /// somebody activates it.
    @Sendable private func propose(_ request: Request, _ context: WebContext) async throws -> Response {
        let id = try context.text("id")
        guard let camera = try await profiles.tuning(of: id) else { throw WebError(.notFound) }
        let settings = try detection.with(camera.profile?.settings ?? [:])
        let noisy = try await profiles.noisyRules(of: id)
        let strings = pages.strings(context.language)
        var said: [String] = []
        let rules = try camera.rules.map { text -> Rule in
            let rule = try Self.rule(text)
            guard rule.hasShareThreshold, let one = noisy.first(where: { $0.rule == rule.id }),
                let proposal = ThresholdProposal(falseScores: one.falseScores, hazardScores: one.hazardScores)
            else { return rule }
            let raised = rule.raised(by: proposal.factor, settings)
            let (before, after) = (rule.neededShare(settings), raised.neededShare(settings))
            let values = [
                "rule": rule.name.isEmpty ? strings.label("kind", rule.kind.rawValue) : rule.name,
                "before": Self.percent(before),
                "after": Self.percent(after), "n": "\(proposal.avoided)", "of": "\(one.falseAlarms)",
                "hazards": "\(one.hazards)",
            ]
            said.append(values.reduce(strings["tw_proposal"]) { $0.replacing("{\($1.key)}", with: $1.value) })
            return raised
        }
        guard !said.isEmpty else { throw WebError(.conflict, .nothingToPropose) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let note = said.joined(separator: "; ")
        let saved = try await profiles.save(
            ProfileDraft(
                scope: .camera(id),
                settings: camera.profile?.settings ?? [:],
                rules: String(decoding: try encoder.encode(rules), as: UTF8.self),
                note: note
            ),
            author: try context.requireVisitor().account.id
        )
        return try Response.json(Proposed(id: saved.id, version: saved.version, note: note), status: .created)
    }

    @Sendable private func history(_ request: Request, _ context: WebContext) async throws -> Response {
        let days = try request.queryNumber("days", in: Self.days) ?? 7
        let id = try context.text("id")
        guard let camera = try await profiles.tuning(of: id) else { throw WebError(.notFound) }
        let since = Int64((Date().timeIntervalSince1970 - Double(days) * 86_400) * 1e6)
        let settings = try detection.with(camera.profile?.settings ?? [:])
        let rules = camera.rules.compactMap { try? Self.rule($0) }
        let records = Dictionary(grouping: try await scores.scores(of: id, since: since), by: \.rule)
        let motion = try await scores.motion(of: id, since: since)
        let bases = rules.reduce(into: [String: ScoreBasis]()) { $0[$1.id] = ScoreBasis($1, settings) }
        let first = records.compactMapValues { list in
            list.filter { $0.basis == bases[$0.rule]?.version }.map(\.hour).min()
        }
        let recorded = try await scores.alerts(of: id, since: first)
        return try Response.json(
            History(
                days: days,
                factors: (0..<ScoreHour.steps).map { (ScoreHour.strength(ofStep: $0) * 1000).rounded() / 1000 },
                rules: rules.sorted { $0.id < $1.id }.compactMap { rule in
                    records[rule.id].map { Self.outlook(rule, settings, $0, recorded: recorded[rule.id] ?? 0) }
                },
                motion: MotionMap.shades(motion)
            )
        )
    }

    /// What the rule would have done with what was scored as it scores now, whatever the threshold was then.
    private static func outlook(
        _ rule: Rule,
        _ settings: DetectionSettings,
        _ records: [ScoreRecord],
        recorded: Int
    ) -> Outlook {
        let basis = ScoreBasis(rule, settings)
        let own = rule.thresholds.dwell
        var estimate = ScoreEstimate(dwell: own ?? settings.dwell, isWeighted: own == nil)
        let known = records.filter { $0.basis == basis.version }
        for record in known {
            estimate.add(
                ScoreHour(bytes: record.cells),
                start: Int(record.hour / 60_000_000),
                factor: record.threshold / basis.threshold
            )
        }
        let leftOut = Set(records.map(\.hour)).subtracting(known.map(\.hour)).count
        return Outlook(
            rule: rule.id,
            alerts: estimate.alerts,
            leftOut: leftOut,
            since: known.map(\.hour).min().map(Date.init(microseconds:)),
            hours: Set(known.map(\.hour)).count,
            recorded: recorded
        )
    }

    /// A rule of the camera; a draft replaces all of them, so one that cannot be read must not get lost in it.
    private static func rule(_ text: String) throws -> Rule {
        do {
            return try JSONDecoder().decode(Rule.self, from: Data(text.utf8))
        } catch {
            throw WebError(.invalid, detail: "\(error)")
        }
    }

    private static func percent(_ share: Double) -> String { String(format: "%.2f %%", share * 100) }
}

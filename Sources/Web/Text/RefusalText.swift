import Cases
import Foundation
import Store

/// What the store refused, and what others did meanwhile, in the language of the reader.
enum RefusalText {
    /// The sentence for a refusal of the store.
    ///
    /// - Parameters:
    ///   - reason: What exactly.
    ///   - act: What somebody did meanwhile; nil when nobody knows.
    ///   - reader: Account of who reads it; nil for nobody.
    ///   - strings: The language.
    /// - Returns: The sentence.
    static func sentence(_ reason: StoreError.Reason, after act: CaseAct?, reader: Int?, _ strings: Strings) -> String {
        let key = "refused_\(reason.rawValue)"
        guard let act else { return strings[key] }
        // With somebody's name where there is one: the plain sentence says the same without.
        guard let pattern = strings.table["\(key)_by"] else { return strings[key] }
        return fill(pattern, with: act, reader: reader, strings)
    }

    /// What was done with a case last, as a sentence; empty when nobody did anything.
    ///
    /// `key`: the pattern, with `{who}`, `{when}` and `{what}`.
    static func act(_ act: CaseAct?, key: String = "act_case", reader: Int?, _ strings: Strings) -> String {
        act.map { fill(strings[key], with: $0, reader: reader, strings) } ?? ""
    }

    private static func fill(_ pattern: String, with act: CaseAct, reader: Int?, _ strings: Strings) -> String {
        let isOwn = act.accountID != nil && act.accountID == reader
        let isSystem = act.actor == CaseActor.system.displayName && act.accountID == nil
        let who = isOwn ? strings["act_you"] : isSystem ? strings["actor_system"] : act.actor
        return pattern.replacing("{who}", with: who).replacing("{when}", with: time(act.at))
            .replacing(
                "{what}",
                with: strings.label("did", act.kind.rawValue).replacing("{post}", with: act.post ?? "—")
            )
    }

    /// The time of the day for what happened today, else with the date.
    private static func time(_ date: Date, now: Date = Date()) -> String {
        LocalTime.minute(date).prefix(10) == LocalTime.minute(now).prefix(10)
            ? LocalTime.clock(date) : LocalTime.short(date)
    }
}

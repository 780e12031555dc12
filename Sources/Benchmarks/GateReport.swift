internal import Detection
internal import Flow
internal import Foundation
import Replay

/// What `evaluate --gate` tells: as JSON for tools, as tables for people.
public struct GateReport: Sendable {
    /// What is reported.
    public let measure: GateMeasure
    /// Longest time between two decoded keyframes, seconds.
    public let floor: Double
    /// Version of the program.
    public let version: String

    /// Makes a report.
    public init(measure: GateMeasure, floor: Double, version: String) {
        self.measure = measure
        self.floor = floor
        self.version = version
    }

    /// The document of `evaluate --gate --json`; the same input gives the same bytes.
    ///
    /// `share` is decoded keyframes over all, `beyond_floor` those that the floor alone would have left over all, and
    /// `cost` what was decoded, bursts included, in keyframes over all keyframes. Clips without events are quiet.
    public var json: String {
        var members = Self.figures(GateTotals(measure.clips))
        members += [
            ("floor", .number(floor, digits: 1)),
            ("busy", .object(Self.figures(GateTotals(measure.clips.filter(\.isBusy))))),
            ("quiet", .object(Self.figures(GateTotals(measure.clips.filter { !$0.isBusy })))),
            ("by_clip", .list(measure.clips.map(Self.object))),
            (
                "failed",
                .list(
                    measure.failures.map { .object([("clip", .text($0.clip)), ("error", .text($0.message))]) }
                )
            ),
            ("version", .text(version)),
        ]
        return JSONText.object(members).document(levels: 2)
    }

    /// The report for people: a table by clip, then the events that no decoded picture shows.
    public var text: String {
        var rows = [
            [
                "", "keyframes", "decoded", "share", "beyond", "bursts", "pictures", "cost", "events", "keyframe in",
                "by floor", "kept", "found by all", "behind", "false",
            ]
        ]
        rows += measure.clips.map { Self.row($0.clip, GateTotals([$0])) }
        rows.append(Self.row("busy", GateTotals(measure.clips.filter(\.isBusy))))
        rows.append(Self.row("quiet", GateTotals(measure.clips.filter { !$0.isBusy })))
        rows.append(Self.row("all", GateTotals(measure.clips)))
        var lines = TextTable.lines(rows)
        let missed = measure.clips.flatMap { clip in
            clip.events.filter { !$0.isKept }.map { event in
                [
                    "not seen", clip.clip, event.rule, event.kind.rawValue,
                    String(format: "%.2f", event.span.start.seconds),
                    String(format: "%.2f s", event.span.end.seconds),
                    event.hasKeyframe ? "" : "no keyframe in it",
                ]
            }
        }
        if !missed.isEmpty { lines += [""] + TextTable.lines(missed, leftColumns: 4) }
        lines += measure.failures.map { "failed: \($0.clip): \($0.message)" }
        let reasons = GateTotals(measure.clips).reasons.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        lines += ["", "decoded for: " + reasons.joined(separator: ", ")]
        lines.append("floor \(floor) s, version \(version)")
        return lines.joined(separator: "\n") + "\n"
    }

    private static func row(_ name: String, _ totals: GateTotals) -> [String] {
        func fixed(_ value: Double?) -> String { value.map { String(format: "%.3f", $0) } ?? "–" }
        return [
            name, String(totals.keyframes), String(totals.decoded), fixed(totals.share), fixed(totals.beyondFloor),
            String(totals.bursts), String(totals.burstPictures), fixed(totals.cost), String(totals.events),
            String(totals.withKeyframe), String(totals.keptByFloor), String(totals.kept),
            String(totals.foundByAll), String(totals.foundByBoth), "\(totals.falseByAll)/\(totals.falseBehind)",
        ]
    }

    private static func figures(_ totals: GateTotals) -> [(String, JSONText)] {
        [
            ("clips", .integer(totals.clips)),
            ("seconds", .number(totals.seconds, digits: 2)),
            ("keyframes", .integer(totals.keyframes)),
            ("decoded", .integer(totals.decoded)),
            ("share", .optional(totals.share, digits: 4)),
            ("beyond_floor", .optional(totals.beyondFloor, digits: 4)),
            ("reasons", .object(totals.reasons.sorted { $0.key < $1.key }.map { ($0.key, .integer($0.value)) })),
            ("keyframes_off", .integer(totals.keyframesOff)),
            ("bursts", .integer(totals.bursts)),
            ("burst_pictures", .integer(totals.burstPictures)),
            ("cost", .optional(totals.cost, digits: 4)),
            ("events", .integer(totals.events)),
            ("with_keyframe", .integer(totals.withKeyframe)),
            ("kept_by_floor", .integer(totals.keptByFloor)),
            ("kept", .integer(totals.kept)),
            ("kept_share", .optional(totals.keptShare, digits: 4)),
            ("found_by_all", .integer(totals.foundByAll)),
            ("found_by_both", .integer(totals.foundByBoth)),
            ("found_behind", .integer(totals.foundBehind)),
            ("false_by_all", .integer(totals.falseByAll)),
            ("false_behind", .integer(totals.falseBehind)),
        ]
    }

    private static func object(_ clip: GateClip) -> JSONText {
        let missed = clip.events.filter { !$0.isKept }.map { event in
            JSONText.list([
                .text(event.rule), .number(event.span.start.seconds, digits: 3),
                .number(event.span.end.seconds, digits: 3),
            ])
        }
        return .object([("clip", .text(clip.clip))] + figures(GateTotals([clip])) + [("missed", .list(missed))])
    }
}

extension GateClip {
    /// True when something happens in it.
    var isBusy: Bool { !events.isEmpty }
}

/// Figures over some clips.
struct GateTotals {
    let clips: Int
    let seconds: Double
    let keyframes: Int
    let decoded: Int
    let floor: Int
    let reasons: [String: Int]
    let bursts: Int
    let burstPictures: Int
    let keyframesOff: Int
    let events: Int
    let withKeyframe: Int
    let keptByFloor: Int
    let kept: Int
    let foundByAll: Int
    let foundByBoth: Int
    let foundBehind: Int
    let falseByAll: Int
    let falseBehind: Int

    init(_ clips: [GateClip]) {
        func sum(_ value: (GateClip) -> Int) -> Int { clips.reduce(0) { $0 + value($1) } }
        func count(_ counts: (GateClip.Event) -> Bool) -> Int { sum { $0.events.count(where: counts) } }
        self.clips = clips.count
        seconds = clips.reduce(0) { $0 + $1.seconds }
        keyframes = sum(\.keyframes)
        decoded = sum(\.decoded)
        floor = sum(\.floor)
        reasons = clips.reduce(into: [:]) { $0.merge($1.reasons, uniquingKeysWith: +) }
        bursts = sum(\.bursts)
        burstPictures = sum(\.burstPictures)
        keyframesOff = sum(\.keyframesOff)
        events = count { _ in true }
        withKeyframe = count(\.hasKeyframe)
        keptByFloor = count(\.isKeptByFloor)
        kept = count(\.isKept)
        foundByAll = count(\.isFoundByAll)
        foundByBoth = count { $0.isFoundByAll && $0.isFoundBehind }
        foundBehind = count(\.isFoundBehind)
        falseByAll = sum(\.falseByAll)
        falseBehind = sum(\.falseBehind)
    }

    var share: Double? { part(Double(decoded), of: keyframes) }
    var beyondFloor: Double? { part(Double(decoded - floor), of: keyframes) }
    var cost: Double? { part(Double(decoded) + Double(burstPictures) * GateMeasure.burstCost, of: keyframes) }
    var keptShare: Double? { part(Double(kept), of: events) }

    private func part(_ value: Double, of whole: Int) -> Double? {
        whole == 0 ? nil : value / Double(whole)
    }
}

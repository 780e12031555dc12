import Detection
import Flow
import Testing

@testable import Replay

/// A row of a scoring table: labels, alerts, and what they must come to.
struct ScoreCase: Sendable, CustomTestStringConvertible {
    let name: String
    var kind = RuleKind.intrusion
    var minSeconds: Double?
    var events: [(Double, Double)] = []
    var ignore: [(Double, Double)] = []
    var tolerance = 0.5
    let alerts: [(Double, Double)]
    var found = 0
    var missed = 0
    var falseAlerts = 0
    var delays: [Double] = []

    var testDescription: String { name }
}

@Suite struct EventScoreTests {
    static let cases = [
        ScoreCase(name: "nothing happens, nothing is said", alerts: []),
        ScoreCase(name: "an event without alert is missed", events: [(5, 8)], alerts: [], missed: 1),
        ScoreCase(name: "an alert inside finds", events: [(5, 8)], alerts: [(6, 7)], found: 1, delays: [1]),
        ScoreCase(
            name: "an alert around finds with delay 0",
            events: [(5, 8)],
            alerts: [(4, 9)],
            found: 1,
            delays: [0]
        ),
        ScoreCase(name: "touching the early edge finds", events: [(5, 8)], alerts: [(3, 4.5)], found: 1, delays: [0]),
        ScoreCase(name: "touching the late edge finds", events: [(5, 8)], alerts: [(8.5, 9)], found: 1, delays: [3.5]),
        ScoreCase(
            name: "a microsecond before the early edge is false",
            events: [(5, 8)],
            alerts: [(3, 4.499999)],
            missed: 1,
            falseAlerts: 1
        ),
        ScoreCase(
            name: "a microsecond behind the late edge is false",
            events: [(5, 8)],
            alerts: [(8.500001, 9)],
            missed: 1,
            falseAlerts: 1
        ),
        ScoreCase(
            name: "edges that floating point misses (2.3 - 0.5) touch",
            events: [(2.3, 3)],
            alerts: [(1, 1.8)],
            found: 1,
            delays: [0]
        ),
        ScoreCase(name: "tolerance 0", events: [(5, 8)], tolerance: 0, alerts: [(4, 4.9)], missed: 1, falseAlerts: 1),
        ScoreCase(
            name: "one merged alert finds every event that it touches",
            events: [(1, 2), (4, 5), (9, 10)],
            alerts: [(1.5, 6)],
            found: 2,
            missed: 1,
            delays: [0.5, 0]
        ),
        ScoreCase(
            name: "several alerts find an event once, the delay is the first one's",
            events: [(5, 20)],
            alerts: [(12, 13), (7, 8), (17, 18)],
            found: 1,
            delays: [2]
        ),
        ScoreCase(
            name: "an alert that touches an ignore span is not false",
            ignore: [(10, 12)],
            alerts: [(8, 10), (12, 14)]
        ),
        ScoreCase(name: "ignore spans have no tolerance", ignore: [(10, 12)], alerts: [(8, 9.9)], falseAlerts: 1),
        ScoreCase(
            name: "an alert wholly inside an ignore span finds nothing",
            events: [(5, 10)],
            ignore: [(10, 12)],
            alerts: [(10.2, 11)],
            missed: 1
        ),
        ScoreCase(
            name: "ignore spans that touch are one",
            events: [(5, 10)],
            ignore: [(11, 13), (10, 11)],
            alerts: [(10.2, 12)],
            missed: 1
        ),
        ScoreCase(
            name: "an alert that begins in the event and ends in an ignore span finds",
            events: [(5, 10)],
            ignore: [(10, 12)],
            alerts: [(9, 11)],
            found: 1,
            delays: [4]
        ),
        ScoreCase(name: "quiet: every alert is false", kind: .quiet, alerts: [(1, 2), (3, 3)], falseAlerts: 2),
        ScoreCase(
            name: "line: each crossing with an alert near it is found",
            kind: .line,
            events: [(1.9, 2.9), (2.25, 3.25), (16.4, 17.4)],
            alerts: [(2.4, 2.4)],
            found: 2,
            missed: 1,
            delays: [0.5, 0.15]
        ),
        ScoreCase(
            name: "stationary: an alert at the due time finds",
            kind: .stationary,
            minSeconds: 4,
            events: [(10, 30)],
            alerts: [(14.2, 30)],
            found: 1,
            delays: [4.2]
        ),
        ScoreCase(
            name: "stationary: an alert that ends before the due time is early: neither found nor false",
            kind: .stationary,
            minSeconds: 4,
            events: [(10, 30)],
            alerts: [(10, 13)],
            missed: 1
        ),
        ScoreCase(
            name: "stationary: late in a long event still finds",
            kind: .stationary,
            minSeconds: 4,
            events: [(10, 30)],
            alerts: [(30.5, 31)],
            found: 1,
            delays: [20.5]
        ),
        ScoreCase(
            name: "object_removed: a short event may be found until 5 s after the due time",
            kind: .objectRemoved,
            minSeconds: 2,
            events: [(10, 13)],
            alerts: [(17.5, 18)],
            found: 1,
            delays: [7.5]
        ),
        ScoreCase(
            name: "object_removed: later than that is false",
            kind: .objectRemoved,
            minSeconds: 2,
            events: [(10, 13)],
            alerts: [(17.6, 18)],
            missed: 1,
            falseAlerts: 1
        ),
        ScoreCase(
            name: "stationary: an event shorter than min_seconds is none, an alert on it is not false",
            kind: .stationary,
            minSeconds: 4,
            events: [(10, 14)],
            alerts: [(13, 14)]
        ),
    ]

    @Test("scores by hand", arguments: cases)
    func byHand(row: ScoreCase) {
        let labels = LabelledRule(
            rule: Rule(id: "r", kind: row.kind, minSeconds: row.minSeconds),
            events: row.events.map { TimeSpan($0.0, $0.1) },
            ignore: row.ignore.map { TimeSpan($0.0, $0.1) },
            tolerance: row.tolerance
        )
        let score = EventScore(alerts: row.alerts.map { TimeSpan($0.0, $0.1) }, labels: labels)
        #expect(score.found.count == row.found)
        #expect(score.missed.count == row.missed)
        #expect(score.falseAlerts.count == row.falseAlerts)
        #expect(score.delays == row.delays)
        #expect(score.events.count == row.found + row.missed)
    }

    @Test("spans that touch are joined")
    func joined() {
        let spans = [TimeSpan(5, 6), TimeSpan(0, 1), TimeSpan(1, 2), TimeSpan(0.5, 0.7), TimeSpan(6.1, 7)]
        #expect(TimeSpan.joined(spans) == [TimeSpan(0, 2), TimeSpan(5, 6), TimeSpan(6.1, 7)])
    }
}

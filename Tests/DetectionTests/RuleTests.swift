import Flow
import Foundation
import Testing

@testable import Detection

@Suite struct RuleTests {
    private func decode(_ text: String) throws -> [Rule] {
        try JSONDecoder().decode(RuleFile.self, from: Data(text.utf8)).rules
    }

    @Test("reads the rules of a label file and ignores what it does not know")
    func labelFile() throws {
        let rules = try decode(
            """
            {"clip":"a.mp4","width":640,"rules":[
              {"id":"lane","kind":"intrusion","polygon":[[0.1,0.2],[0.9,0.2],[0.5,0.8]],"events":[[1,2]],"ignore":[],
               "tolerance":0.5,"note":"n","subject":"dog"},
              {"id":"east","kind":"line","line":[[0.5,0.2],[0.5,0.95]],"direction":"right","crossings":[2.4],"events":[]},
              {"id":"bag","kind":"stationary","polygon":[[0,0],[1,0],[1,1]],"min_seconds":4,"objects":[[6.7,"paper"]]},
              {"id":"slot","kind":"object_removed","polygon":[[0,0],[1,0],[1,1]],"min_seconds":2},
              {"id":"square","kind":"crowd","min_count":15},
              {"id":"gate","kind":"loitering","polygon":[[0,0],[1,0],[1,1]],"min_seconds":60},
              {"id":"view","kind":"tamper","polygon":[[0,0],[1,0],[1,1],[0,1]]},
              {"id":"wall","kind":"quiet"}]}
            """
        )
        #expect(rules.map(\.kind) == RuleKind.allCases)
        #expect(rules[0].polygon?.count == 3)
        #expect(rules[0].severity == 3)
        #expect(rules[0].dispatch == .triage)
        #expect(rules[0].hazardType.isEmpty)
        #expect(rules[1].direction == .right)
        #expect(rules[1].line?[1] == NormalizedPoint(x: 0.5, y: 0.95))
        #expect(rules[2].minSeconds == 4)
        #expect(rules[4].minCount == 15)
        #expect(rules[7].polygon == nil)
    }

    @Test("reads everything that a rule may say, and writes it again")
    func full() throws {
        let rules = try decode(
            """
            {"rules":[{"id":"bank","kind":"intrusion","name":"River bank","polygon":[[0,0],[1,0],[1,1]],
              "thresholds":{"min_share":0.02,"dwell":3},"schedule":[{"days":[6,7],"from":"06:00","to":"20:00"}],
              "hazard_type":"FNS-01","severity":1,"dispatch":"auto"}]}
            """
        )
        let rule = try #require(rules.first)
        #expect(rule.name == "River bank")
        #expect(rule.thresholds == Rule.Thresholds(minShare: 0.02, dwell: 3))
        #expect(rule.schedule?.windows.count == 1)
        #expect(rule.hazardType == "FNS-01")
        #expect(rule.severity == 1)
        #expect(rule.dispatch == .auto)
        let written = try JSONEncoder().encode(RuleFile(rules: rules))
        #expect(try JSONDecoder().decode(RuleFile.self, from: written).rules == rules)
    }

    @Test(
        "refuses what cannot be judged, names the rule and the field",
        arguments: [
            (#"{"id":"r1","kind":"loiter"}"#, "kind 'loiter'"),
            (#"{"id":"r1"}"#, "kind is missing"),
            (#"{"id":"","kind":"quiet"}"#, "empty id"),
            (#"{"id":"r1","kind":"quiet","polygon":[[0,0],[1,1]]}"#, "polygon has 2 points"),
            (#"{"id":"r1","kind":"quiet","polygon":[[0,0],[1,1],[0.5,0.5]]}"#, "polygon has no area"),
            (#"{"id":"r1","kind":"quiet","polygon":[[0,0],[1.2,0],[1,1]]}"#, "point 2 is [1.2, 0.0]"),
            (#"{"id":"r1","kind":"quiet","polygon":[[0,0],[1,1],[1,0],[0,0.9]]}"#, "polygon crosses itself"),
            (#"{"id":"r1","kind":"line"}"#, "line is missing"),
            (#"{"id":"r1","kind":"line","line":[[0,0],[0,0]]}"#, "two different points"),
            (#"{"id":"r1","kind":"line","line":[[0,0],[0,1]],"direction":"north"}"#, "direction 'north'"),
            (#"{"id":"r1","kind":"quiet","severity":5}"#, "severity is 5"),
            (#"{"id":"r1","kind":"quiet","dispatch":"later"}"#, "dispatch 'later'"),
            (#"{"id":"r1","kind":"quiet","thresholds":{"min_share":0}}"#, "min_share is 0"),
            (#"{"id":"r1","kind":"quiet","thresholds":{"dwell":-1}}"#, "dwell is -1"),
            (#"{"id":"r1","kind":"crowd","min_count":0}"#, "min_count is 0"),
            (#"{"id":"r1","kind":"stationary","min_seconds":-2}"#, "min_seconds is -2"),
            (#"{"id":"r1","kind":"quiet"},{"id":"r1","kind":"quiet"}"#, "there twice"),
        ]
    )
    func refused(rules: String, says: String) {
        let error = #expect(throws: DetectionError.self) { try decode(#"{"rules":["# + rules + "]}") }
        #expect(error?.message.contains(says) == true, "\(error?.message ?? "no error")")
        #expect(error?.message.contains("r1") == true || says == "empty id")
    }

    @Test("accepts concave outlines and outlines that touch the border")
    func outlines() throws {
        let concave = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 0.2), (0.0, 1.0)]
        let rule = Rule(id: "r", kind: .intrusion, polygon: concave.map { NormalizedPoint(x: $0.0, y: $0.1) })
        try rule.validate()
    }
}

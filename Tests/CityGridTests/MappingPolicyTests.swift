import CityGrid
import Testing

@Suite struct MappingPolicyTests {
    /// A camera for which every way would lead to another grid.
    private static let everything = MappingFacts(
        explicitCode: "430581001",
        explicitGrid: 1,
        hasPoint: true,
        pointGrid: 2,
        civilGrid: 3,
        pointInCivilGrid: true,
        nearestGrid: 4,
        nearestMetres: 10
    )

    @Test("each way is taken only when those before it fail")
    func order() {
        var facts = Self.everything
        let policy = MappingPolicy()
        #expect(policy.decide(facts).method == .explicit)
        #expect(policy.decide(facts).grid == 1)
        facts.explicitGrid = nil
        facts.explicitCode = nil
        #expect(policy.decide(facts).method == .point)
        #expect(policy.decide(facts).grid == 2)
        facts.pointGrid = nil
        #expect(policy.decide(facts).method == .civilCode)
        #expect(policy.decide(facts).grid == 3)
        facts.civilGrid = nil
        #expect(policy.decide(facts).method == .nearest)
        #expect(policy.decide(facts).grid == 4)
        facts.nearestGrid = nil
        #expect(policy.decide(facts).method == .unmapped)
        #expect(policy.decide(facts).grid == nil)
    }

    @Test(
        "the nearest grid is taken up to the limit",
        arguments: [(200.0, 200.0, true), (200.0, 200.1, false), (0.0, 0.0, false), (500.0, 300.0, true)]
    )
    func limit(_ limit: Double, _ metres: Double, _ taken: Bool) {
        let facts = MappingFacts(hasPoint: true, nearestGrid: 4, nearestMetres: metres)
        let decision = MappingPolicy(nearestLimit: limit).decide(facts)
        #expect((decision.method == .nearest) == taken)
        #expect((decision.grid == 4) == taken)
        #expect((decision.note == nil) == taken)
    }

    @Test("what is well has no note")
    func noNote() {
        #expect(MappingPolicy().decide(Self.everything).note == nil)
    }

    @Test("doubts are told, the decision stays")
    func notes() {
        let policy = MappingPolicy()
        var facts = Self.everything
        facts.explicitGrid = nil
        #expect(policy.decide(facts).note == "the source names grid 430581001, which does not exist")
        #expect(policy.decide(facts).method == .point)
        facts.explicitCode = nil
        facts.pointInCivilGrid = false
        #expect(policy.decide(facts).note == "the position does not lie in the grid of the administrative code")
        facts.fittingDatums = [.gcj02, .bd09]
        #expect(policy.decide(facts).note?.contains("read as GCJ02 or BD09") == true)
        facts.pointGrid = nil
        facts.nearestMetres = 21_340
        #expect(policy.decide(facts).note?.contains("lies 21.3 km outside the grids; read as GCJ02") == true)
        #expect(policy.decide(facts).method == .civilCode)
    }

    @Test("an unmapped camera says what it needs", arguments: [true, false])
    func unmapped(_ hasPoint: Bool) {
        let note = MappingPolicy().decide(MappingFacts(hasPoint: hasPoint)).note ?? ""
        #expect(note.contains(hasPoint ? "no grid within 200 m" : "no position"))
        #expect(note.contains("give it a"))
    }
}

@Suite struct DatumCheckTests {
    private func check(_ declared: Datum, _ wgs84: Int, _ gcj02: Int, _ bd09: Int, of total: Int) -> DatumCheck {
        var check = DatumCheck(declared: declared)
        for index in 0..<total {
            let counts: [(Datum, Int)] = [(.wgs84, wgs84), (.gcj02, gcj02), (.bd09, bd09)]
            check.add(insideUnder: counts.filter { index < $0.1 }.map(\.0))
        }
        return check
    }

    @Test(
        "another datum must fit clearly better, in a batch that is large enough",
        arguments: [
            (Datum.wgs84, 100, 50, 20, 100, nil), (.wgs84, 50, 99, 60, 100, .gcj02), (.gcj02, 40, 60, 100, 100, .bd09),
            (.bd09, 97, 50, 20, 100, .wgs84), (.wgs84, 81, 100, 0, 100, nil), (.wgs84, 80, 100, 0, 100, .gcj02),
            (.wgs84, 0, 7, 0, 7, nil), (.wgs84, 0, 8, 0, 8, .gcj02), (.wgs84, 0, 0, 0, 100, nil),
        ] as [(Datum, Int, Int, Int, Int, Datum?)]
    )
    func better(_ declared: Datum, _ wgs84: Int, _ gcj02: Int, _ bd09: Int, _ total: Int, _ expected: Datum?) {
        #expect(check(declared, wgs84, gcj02, bd09, of: total).better == expected)
    }

    @Test("the warning has the batch, the counts and what to do")
    func warning() throws {
        let warning = try #require(check(.wgs84, 40, 100, 30, of: 100).warning(batch: "access unit 43058101"))
        #expect(warning.hasPrefix("access unit 43058101: 100 cameras say WGS84"))
        #expect(warning.contains("WGS84 40, GCJ02 100, BD09 30"))
        #expect(warning.contains("--datum GCJ02"))
        #expect(check(.wgs84, 100, 40, 30, of: 100).warning(batch: "x") == nil)
    }
}

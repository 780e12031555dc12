import Testing

@testable import Cases

@Suite struct MergePolicyTests {
    let policy = MergePolicy()
    static let bridge = MergePolicy.Place(longitude: 110.63, latitude: 26.73)

    func alert(
        camera: String = "b",
        rule: String = "r",
        type: String = "FNS-01",
        minutes: Int64 = 0,
        grid: Int? = nil,
        place: MergePolicy.Place? = nil
    ) -> MergePolicy.Alert {
        MergePolicy.Alert(
            camera: camera,
            rule: rule,
            hazardType: type,
            startedAt: minutes * 60_000_000,
            microGrid: grid,
            place: place
        )
    }

    func candidate(_ first: MergePolicy.Alert, lastMinutes: Int64 = 0) -> MergePolicy.Candidate {
        MergePolicy.Candidate(first: first, lastAlertAt: lastMinutes * 60_000_000)
    }

    @Test("the same camera and rule join whenever, whatever the type")
    func identity() {
        let old = candidate(alert(camera: "a", type: "DLJT-01"))
        #expect(policy.reason(for: alert(camera: "a", minutes: 100_000), toJoin: old) == .identity)
    }

    @Test(
        "the same micro-grid and type join within 30 minutes of the nearest alert",
        arguments: [
            (-31, nil), (-30, .grid), (0, .grid), (50, .grid), (90, .grid), (91, nil),
        ] as [(Int64, MergePolicy.Reason?)]
    )
    func grid(minutes: Int64, reason: MergePolicy.Reason?) {
        let open = candidate(alert(camera: "a", grid: 5), lastMinutes: 60)
        #expect(policy.reason(for: alert(minutes: minutes, grid: 5), toJoin: open) == reason)
    }

    @Test("another type, another grid, or no grid at all does not join")
    func apart() {
        let open = candidate(alert(camera: "a", grid: 5))
        #expect(policy.reason(for: alert(type: "DLJT-01", grid: 5), toJoin: open) == nil)
        #expect(policy.reason(for: alert(grid: 6), toJoin: open) == nil)
        #expect(policy.reason(for: alert(), toJoin: candidate(alert(camera: "a"))) == nil)
    }

    @Test("cameras at most 50 m apart join", arguments: [(0.00044, true), (0.00046, false)])
    func distance(degreesNorth: Double, joins: Bool) {
        let near = MergePolicy.Place(longitude: 110.63, latitude: 26.73 + degreesNorth)
        let open = candidate(alert(camera: "a", grid: 5, place: Self.bridge))
        #expect(policy.reason(for: alert(grid: 6, place: near), toJoin: open) == (joins ? .distance : nil))
    }

    @Test("a degree of latitude is 111.2 km, one of longitude at 60° half of that")
    func metres() {
        let origin = MergePolicy.Place(longitude: 0, latitude: 0)
        #expect(abs(origin.metres(to: .init(longitude: 0, latitude: 1)) - 111_195) < 1)
        let north = MergePolicy.Place(longitude: 10, latitude: 60)
        #expect(abs(north.metres(to: .init(longitude: 11, latitude: 60)) - 55_597) < 10)
        #expect(north.metres(to: north) == 0)
    }

    @Test("of several the same identity wins, then the newest alert, then the oldest case")
    func choice() {
        let a = candidate(alert(camera: "a", grid: 5), lastMinutes: 10)
        let c = candidate(alert(camera: "c", grid: 5), lastMinutes: 20)
        let d = candidate(alert(camera: "d", grid: 5), lastMinutes: 20)
        let own = candidate(alert(grid: 9), lastMinutes: -500)
        #expect(policy.choose(for: alert(grid: 5), among: [a, c, d])?.index == 1)
        #expect(policy.choose(for: alert(grid: 5), among: [a, own, c])?.index == 1)
        #expect(policy.choose(for: alert(grid: 4), among: [a, c]) == nil)
    }
}

import TestSupport
import Testing

@testable import Ingest

/// A platform whose visits take about as long as said.
private struct Tour {
    var plan: PatrolPlan<Int>
    var now = 0.0
    var most = 0
    /// Longest time between two visits (or the start and the first one), per class.
    var longestGap = [0.0, 0.0, 0.0]
    let classes: [Int]
    private var last: [Double]
    private var ends = SlotHeap()
    private var random = SeededRandom(23)

    init(_ counts: [Int], settings: PatrolSettings) {
        plan = PatrolPlan(settings: settings)
        classes = counts.enumerated().flatMap { Array(repeating: $0.offset, count: $0.element) }
        last = Array(repeating: 0, count: classes.count)
        for camera in classes.indices { plan.add(camera, pointClass: classes[camera] + 1, now: 0) }
    }

    mutating func run(until limit: Double, visit: Double, fails: (Int) -> Bool = { _ in false }) {
        while now < limit {
            for visit in plan.next(now: now).map({ ($0.key, visit * (0.75 + 0.5 * random.unit())) }) {
                longestGap[classes[visit.0]] = max(longestGap[classes[visit.0]], now - last[visit.0])
                last[visit.0] = now
                ends.set(visit.0, rank: now + visit.1)
            }
            most = max(most, plan.active)
            let start = plan.active < plan.settings.sessions ? plan.nextStart ?? .infinity : .infinity
            now = min(max(now, start), ends.first?.rank ?? .infinity, limit)
            while let (camera, at) = ends.first, at <= now {
                ends.remove(camera)
                plan.visited(camera, at: at, ok: !fails(camera))
            }
        }
        for camera in classes.indices {
            longestGap[classes[camera]] = max(longestGap[classes[camera]], now - last[camera])
        }
    }

    /// The coverage as a table for a person.
    var table: String {
        let coverage = plan.coverage(now: now)
        var text = "class  cameras  in time   share  mean lateness  stretch  longest gap\n"
        for (index, row) in coverage.classes.enumerated() {
            let name = String(repeating: "I", count: index + 1)
            text +=
                "\(name)\t\(row.cameras)\t\(row.seenInTime)\t\(Int(row.share * 100)) %\t\(Int(row.meanLateness)) s\t"
            text += "\((row.stretch * 100).rounded() / 100)\t\(Int(longestGap[index])) s\n"
        }
        return text
    }
}

@Suite(.ownThread) struct SupervisionPatrolPlanTests {
    @Test(
        "2,000 cameras, 16 sessions, 4 s a visit, too little for all: I in time, II nearly, III rarer, nobody starves"
    )
    func tooMuch() {
        // Asked: 200/120 + 600/300 + 1200/900 = 5 visits a second; possible: 16/4 = 4.
        var tour = Tour([200, 600, 1200], settings: .init(sessions: 16))
        tour.run(until: 4 * 3600, visit: 4)
        Attachment.record(tour.table, named: "coverage-2000-cameras-16-sessions.txt")
        let coverage = tour.plan.coverage(now: tour.now)
        #expect(tour.most == 16)
        #expect(coverage.classes[0].share > 0.99)
        #expect(coverage.classes[0].stretch == 1)
        #expect(coverage.classes[1].share > 0.7 && coverage.classes[1].meanLateness < 30)
        #expect(coverage.classes[2].share > 0.2)
        #expect(coverage.all.neverSeen == 0)
        #expect(tour.longestGap[1] < 2 * 300 && tour.longestGap[2] < 5 * 900)
        #expect(coverage.classes[1].stretch < coverage.classes[2].stretch)
    }

    @Test("2,000 cameras, 16 sessions, 4 s a visit, enough for all: everybody is seen in time")
    func enough() {
        var tour = Tour([200, 600, 1200], settings: .init(sessions: 16, intervals: SIMD3(240, 450, 1200)))
        tour.run(until: 2 * 3600, visit: 4)
        let coverage = tour.plan.coverage(now: tour.now)
        #expect(coverage.all.share > 0.995)
        #expect(coverage.all.stretch == 1)
        #expect(coverage.all.meanLateness < 1)
    }

    @Test("never more sessions than allowed, also when every visit runs into its time-out")
    func bound() {
        var tour = Tour([10, 10, 10], settings: .init(sessions: 3))
        tour.run(until: 2000, visit: 15, fails: { _ in true })
        #expect(tour.most == 3)
        #expect(tour.longestGap.allSatisfy { $0 < 2000 })
        #expect(tour.plan.coverage(now: tour.now).all.neverSeen == 30)
    }

    @Test("class I goes first among equally late ones; a visit that does not end is overdue")
    func order() {
        var plan = PatrolPlan<String>(settings: .init(sessions: 2, intervals: SIMD3(100, 100, 100)))
        for (index, key) in ["three", "two", "one"].enumerated() { plan.add(key, pointClass: 3 - index, now: 0) }
        #expect(plan.next(now: 0).map(\.key) == ["one", "two"])
        #expect(plan.next(now: 0).isEmpty)
        #expect(plan.overdue(now: 14) == nil)
        #expect(plan.overdue(now: 15) != nil)
        plan.remove("one")
        #expect(plan.next(now: 16).map(\.key) == ["three"])
        plan.visited("one", at: 17, ok: true)
        #expect(plan.count == 2 && plan.active == 2)
    }

    @Test("a failed visit is tried again after a quarter of the interval, then after whole ones")
    func failures() {
        var plan = PatrolPlan<Int>(settings: .init(sessions: 1, intervals: SIMD3(400, 400, 400)))
        plan.add(1, pointClass: 1, now: 0)
        var now = 0.0
        var waits: [Double] = []
        for ok in [false, false, true, false, true] {
            #expect(plan.next(now: now).count == 1)
            plan.visited(1, at: now, ok: ok)
            let start = plan.nextStart ?? .infinity
            waits.append(start - now)
            now = start
        }
        #expect(waits.map { Int($0.rounded()) } == [80, 380, 380, 80, 380])
        #expect(plan.coverage(now: now).all.seenInTime == 1)
    }

    @Test("a camera that changes its class is planned with the new one")
    func classChange() {
        var plan = PatrolPlan<Int>(settings: .init(sessions: 1))
        plan.add(1, pointClass: 3, lastSeen: 0, now: 0)
        let before = plan.nextStart ?? 0
        plan.add(1, pointClass: 1, now: 0)
        #expect((plan.nextStart ?? 0) < before)
        #expect(plan.coverage(now: 1).classes.map(\.cameras) == [1, 0, 0])
    }
}

import Flow
import Testing

@Suite struct MeterTests {
    @Test("the same name and labels are the same metric")
    func identity() {
        let meter = Meter()
        meter.counter("gridwatch_a_total", "A.").add(2)
        meter.counter("gridwatch_a_total", "A.").add(3)
        #expect(meter.counter("gridwatch_a_total", "A.").value == 5)
    }

    @Test("the exposition groups series under one head and escapes label values")
    func exposition() {
        let meter = Meter()
        meter.counter("gridwatch_drops_total", "Drops.", labels: [("reason", "say \"no\"\n")]).add()
        meter.counter("gridwatch_drops_total", "Drops.", labels: [("reason", "full")]).add(7)
        meter.gauge("gridwatch_cameras", "Cameras.").set(3)
        #expect(
            meter.exposition() == """
                # HELP gridwatch_cameras Cameras.
                # TYPE gridwatch_cameras gauge
                gridwatch_cameras 3
                # HELP gridwatch_drops_total Drops.
                # TYPE gridwatch_drops_total counter
                gridwatch_drops_total{reason="full"} 7
                gridwatch_drops_total{reason="say \\"no\\"\\n"} 1

                """
        )
    }
}

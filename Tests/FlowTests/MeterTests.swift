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

    @Test("of a process that has ended the counters stay, and what it had at the moment goes")
    func ended() {
        let (worker, meter) = (Meter(), Meter())
        worker.counter("gridwatch_pictures_total", "Pictures.").add(9)
        worker.gauge("gridwatch_cameras_online", "Cameras.").set(4)
        meter.keep(worker.samples(), of: ("worker", "0"))
        meter.keep(worker.samples(), of: ("worker", "1"))
        meter.forgetGauges(of: ("worker", "0"))
        let lines = meter.exposition().split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(
            lines == [
                "gridwatch_cameras_online{worker=\"1\"} 4", "gridwatch_pictures_total{worker=\"0\"} 9",
                "gridwatch_pictures_total{worker=\"1\"} 9",
            ]
        )
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

import Flow
import Ingest
import Synchronization

/// Tells `/readyz` when pictures or alerts of this process stand still.
final class StandstillMonitor: Sendable {
    /// Seconds between two looks.
    private static let interval = 10.0

    private struct State {
        var watch = StandstillDetector()
        var attention = PatientClock(longestStep: 2.0)
        var lookedAt = -Double.infinity
    }

    private let meter: Meter
    private let clocks: Clocks
    private let state = Mutex(State())

    init(meter: Meter, clocks: Clocks) {
        self.meter = meter
        self.clocks = clocks
    }

    /// Looks, now and then; call it once a second.
    ///
    /// - Parameters:
    ///   - workers: Whose pictures they are.
    ///   - health: Where it is told.
    func look(_ workers: DecodeWorkers, _ health: HealthBoard) {
        let now: Double? = state.withLock { state in
            let now = state.attention.look(clocks.monotonic())
            guard now - state.lookedAt >= Self.interval else { return nil }
            state.lookedAt = now
            return now
        }
        guard let now else { return }
        let counts = StandstillDetector.Counts(
            units: meter.sum(of: "gridwatch_ingest_units_total"),
            pictures: meter.sum(of: "gridwatch_pictures_total"),
            waiting: meter.sum(of: "gridwatch_spool_rows"),
            delivered: meter.sum(of: "gridwatch_alerts_delivered_total"),
            interval: workers.shortestInterval()
        )
        let found = state.withLock { $0.watch.look(counts, now: now) }
        health.report("pictures", problem: found.pictures)
        health.report("alerts", problem: found.alerts)
    }
}

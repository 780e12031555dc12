import Analysis
import Detection
import Flow
import Ingest
import Settings
import Testing

@testable import Live

/// Settings that are given to a stage when it is made: each must arrive there, by the name that a person writes.
@Suite struct SettingsReachTests {
    /// A setting, another value than its default, and where it must be found.
    struct Case: CustomTestStringConvertible, Sendable {
        var name: String
        var value: String
        var found: @Sendable (DaemonSettings) throws -> String

        init(_ name: String, _ value: String, _ found: @escaping @Sendable (DaemonSettings) throws -> String) {
            self.name = name
            self.value = value
            self.found = found
        }

        var testDescription: String { name }
    }

    private static func fleet(
        _ value: @escaping @Sendable (RTSPFleet.Settings) -> some Any
    )
        -> @Sendable (DaemonSettings)
        -> String
    {
        { "\(value(RTSPFleet.Settings($0)))" }
    }

    private static func pool(
        _ value: @escaping @Sendable (StreamPool.Settings) -> some Any
    )
        -> @Sendable (DaemonSettings)
        -> String
    {
        { "\(value(StreamPool.Settings($0.ingest)))" }
    }

    static let cases: [Case] = [
        Case("ingest.open_timeout_s", "33", fleet(\.responseTimeout)),
        Case("ingest.open_timeout_s", "33", fleet(\.life.connectWithin)),
        Case("ingest.open_timeout_s", "33", pool(\.openTimeout)),
        Case("ingest.read_timeout_s", "33", pool(\.readTimeout)),
        Case("ingest.io_threads", "33", pool(\.threads)),
        Case("ingest.turn_s", "33", pool(\.turn)),
        Case("ingest.reconnect_base_s", "3", pool(\.reconnectBase)),
        Case("ingest.reconnect_base_s", "3", fleet(\.life.backoff.base)),
        Case("ingest.reconnect_cap_s", "33", pool(\.reconnectCap)),
        Case("ingest.reconnect_cap_s", "33", fleet(\.life.backoff.cap)),
        Case("ingest.reconnect_cap_s", "33", fleet(\.life.refusedWait)),
        Case("ingest.decode", "every_frame", pool(\.keyframesOnly)),
        Case("ingest.rtsp_transport", "udp") { "\(RTSPTransport($0.ingest.rtspTransport))" },
        Case("ingest.rtsp_transport", "tcp") { "\(RTSPTransport($0.ingest.rtspTransport))" },
        Case("ingest.rtsp_transport", "udp") { "\(TransportPlan.Settings($0.ingest).usual.rawValue)" },
        Case("ingest.io_threads", "8") { "\(4 * TransportPlan.Settings($0.ingest).tries)" },
        Case("ingest.read_interval_ms", "333", fleet(\.readInterval)),
        Case("ingest.connects_per_second", "33", fleet(\.pace.connectsPerSecond)),
        Case("ingest.connects_per_host", "33", fleet(\.pace.hostConnectsPerSecond)),
        Case("ingest.handshakes_per_host", "33", fleet(\.pace.hostHandshakes)),
        Case("ingest.rtsps_verify", "false", fleet(\.verifiesCertificates)),
        Case("supervision.stall_s", "33", fleet(\.life.stalledAfter)),
        Case("supervision.freeze_s", "33", fleet(\.life.frozenAfter)),
        Case("workers.threads", "33") { "\($0.workerThreads)" },
        Case("alerts.evidence_width_px", "333") { "\(EvidenceStyle($0.alerts).maxWidth)" },
        Case("alerts.evidence_quality", "33") { "\(EvidenceStyle($0.alerts).quality)" },
        Case("delivery.batch", "33") { "\(Delivery.Settings($0.delivery).batch)" },
        Case("delivery.interval_ms", "333") { "\(Delivery.Settings($0.delivery).interval)" },
        Case("delivery.retry_base_s", "3") { "\(Delivery.Settings($0.delivery).retryBase)" },
        Case("delivery.retry_cap_s", "33") { "\(Delivery.Settings($0.delivery).retryCap)" },
        Case("calendar.latitude", "33") { "\(try CityCalendar($0.calendar).latitude)" },
        Case("calendar.longitude", "33") { "\(try CityCalendar($0.calendar).longitude)" },
        Case("calendar.holidays", "2026-10-01..2026-10-07") { "\(try CityCalendar($0.calendar))" },
        Case("calendar.workdays", "2026-10-10") { "\(try CityCalendar($0.calendar))" },
    ]

    @Test("what is set arrives at the stage", arguments: cases)
    func arrives(_ setting: Case) throws {
        let variable = "GRIDWATCH_" + setting.name.replacing(".", with: "_").uppercased()
        let changed = try DaemonSettings.load(file: nil, environment: [variable: setting.value])
        let before = try setting.found(DaemonSettings())
        #expect(try setting.found(changed) != before)
    }
}

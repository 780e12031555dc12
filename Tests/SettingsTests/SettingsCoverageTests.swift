import Detection
import Foundation
import Testing

@testable import Settings

/// Every setting has a test that shows two values of it making a difference where it matters.
@Suite struct SettingsCoverageTests {
    /// For each setting the tests that do, as `Suite/function`.
    ///
    /// A new setting needs a line here, and its test.
    static let proofs: [String: [String]] = {
        var proofs = [
            "database.url": ["DaemonSettingsTests/url"],
            "database.url_file": ["DaemonSettingsTests/url"],
            "database.pool_size": ["DaemonSettingsTests/pool"],
            "database.statement_timeout_s": ["DaemonSettingsTests/timeout"],
            "web.listen": ["ServeStartTests/portTaken"],
            "web.public_url": ["WebSettingsTests/others"],
            "web.trusted_proxies": ["WebSettingsTests/proxies"],
            "web.session_idle_minutes": ["WebSettingsTests/others"],
            "web.session_days": ["WebSettingsTests/others"],
            "web.metrics_open": ["WebSettingsTests/others"],
            "storage.directory": ["StorageSettingsTests/directory"],
            "storage.spool_max_mb": ["StorageSettingsTests/spool"],
            "storage.evidence_min_free_mb": ["StorageSettingsTests/evidenceRoom"],
            "storage.evidence_days": ["KeptSettingsTests/evidence"],
            "storage.evidence_loose_hours": ["KeptSettingsTests/evidence"],
            "storage.clips": ["DaemonSettingsTests/footage"],
            "storage.labels": ["DaemonSettingsTests/footage"],
            "storage.recordings_max_mb": ["DaemonSettingsTests/recordings"],
            "storage.alert_clips_max_mb": ["StorageSettingsTests/clips"],
            "storage.score_days": ["KeptSettingsTests/scores"],
            "ingest.io_threads": ["StreamSettingsTests/threads"],
            "ingest.open_timeout_s": ["StreamSettingsTests/openTimeout", "IngestSettingsTests/openTimeout"],
            "ingest.read_timeout_s": ["StreamSettingsTests/readTimeout"],
            "ingest.turn_s": ["StreamSettingsTests/turn"],
            "ingest.reconnect_base_s": ["StreamSettingsTests/reconnect", "IngestSettingsTests/reconnectBase"],
            "ingest.reconnect_cap_s": ["IngestSettingsTests/reconnectCap"],
            "ingest.decode": ["SamplingSettingsTests/decode"],
            "ingest.rtsp_transport": ["StreamSettingsTests/transport"],
            "ingest.local_addresses": ["StreamSettingsTests/localAddresses"],
            "ingest.processes": ["ProcessCountTests/processes"],
            "ingest.node": ["IngestProcessTests/killedNode"],
            "ingest.max_cameras": ["KeptSettingsTests/capacity", "ProcessSettingsTests/descriptors"],
            "ingest.read_interval_ms": ["IngestSettingsTests/readInterval"],
            "ingest.connects_per_second": ["IngestSettingsTests/connectsPerSecond"],
            "ingest.connects_per_host": ["IngestSettingsTests/connectsPerHost"],
            "ingest.handshakes_per_host": ["IngestSettingsTests/handshakesPerHost"],
            // The fleet's own tests have a server with a certificate.
            "ingest.rtsps_verify": ["SettingsReachTests/arrives", "RTSPFleetTests/untrusted"],
            "supervision.stall_s": ["IngestSettingsTests/stall"],
            "supervision.freeze_s": ["IngestSettingsTests/freeze"],
            "supervision.fault_after_s": ["IngestSettingsTests/faultAfter"],
            "supervision.outage_percent": ["IngestSettingsTests/outage"],
            "workers.threads": ["ProcessSettingsTests/threads"],
            "workers.queue_units": ["ProcessSettingsTests/queue"],
            "calendar.holidays": ["SamplingSettingsTests/days"],
            "calendar.workdays": ["SamplingSettingsTests/days"],
            "calendar.latitude": ["SamplingSettingsTests/sun"],
            "calendar.longitude": ["SamplingSettingsTests/sun"],
            "alerts.evidence_width_px": ["SamplingSettingsTests/evidence"],
            "alerts.evidence_quality": ["SamplingSettingsTests/evidence"],
            "cases.tasks_per_grid": ["KeptSettingsTests/tasks"],
            "delivery.batch": ["DeliverySettingsTests/batch"],
            "delivery.interval_ms": ["DeliverySettingsTests/interval"],
            "delivery.retry_base_s": ["DeliverySettingsTests/retries"],
            "delivery.retry_cap_s": ["DeliverySettingsTests/retries"],
            "log.level": ["ServeStartTests/level"],
        ]
        for pointClass in 1...3 {
            proofs["ingest.sampling_\(pointClass)_s"] = ["SamplingSettingsTests/sampling"]
            proofs["ingest.gop_\(pointClass)_kb"] = ["SamplingSettingsTests/pictures"]
        }
        for severity in 1...4 { proofs["cases.triage_minutes_\(severity)"] = ["KeptSettingsTests/triage"] }
        // That test has a table of its own, which must be complete.
        for key in DetectionSettings.keys {
            proofs["detection.\(key)"] = ["DetectionTunableTests/matters", "ProcessSettingsTests/detection"]
        }
        return proofs
    }()

    /// The text of every file of tests, by its path.
    private static func files() throws -> [String: String] {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path
        let names = try FileManager.default.subpathsOfDirectory(atPath: tests).filter { $0.hasSuffix(".swift") }
        let texts = try names.map { ($0, try String(contentsOfFile: "\(tests)/\($0)", encoding: .utf8)) }
        return Dictionary(uniqueKeysWithValues: texts)
    }

    @Test("every setting names the tests that show its effect, and nothing else does")
    func complete() {
        let settings = Set(SettingsTable.settings.map(\.name))
        let proven = Set(Self.proofs.keys)
        #expect(settings.subtracting(proven).sorted() == [], "write a test of the effect, and name it in proofs")
        #expect(proven.subtracting(settings).sorted() == [], "there is no such setting")
        #expect(Self.proofs.values.allSatisfy { !$0.isEmpty })
    }

    @Test("the tests that settings name are there, and speak of them")
    func named() throws {
        let files = try Self.files()
        for (setting, tests) in Self.proofs.sorted(by: { $0.key < $1.key }) {
            var isSpokenOf = setting.hasPrefix("detection.")
            for test in tests {
                let parts = test.split(separator: "/")
                let holders = files.values.filter { text in
                    ["struct", "extension"].contains { text.contains("\($0) \(parts[0]) {") }
                        && text.contains("func \(parts[1])(")
                }
                #expect(!holders.isEmpty, "\(setting): there is no test \(test)")
                let variable = "GRIDWATCH_" + setting.replacing(".", with: "_").uppercased()
                isSpokenOf = isSpokenOf || holders.contains { $0.contains(setting) || $0.contains(variable) }
            }
            #expect(isSpokenOf, "\(tests) do not speak of \(setting)")
        }
    }
}

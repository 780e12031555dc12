import Flow
import Foundation

/// What a worker says of itself with each renewal of its lease, for the operations page.
struct ProcessStats {
    /// The metrics that are told, without the product's prefix; labels are added up.
    private static let told = [
        "cameras", "cameras_online", "cameras_blind", "registry_age_seconds", "cameras_in_time", "cameras_overdue",
        "rtsp_waiting",
        "spool_rows", "alerts_aside", "loops_silent", "loops_failing",
        "alerts_accepted_total", "alerts_delivered_total", "samples_total", "samples_dropped_total",
        "samples_late_total",
        "units_dropped_total", "patrol_cameras", "patrol_cameras_in_time", "gates_off", "camera_faults",
    ]

    private let values: [String: Int]

    /// Takes the numbers as they stand now.
    init(_ meter: Meter) {
        var values: [String: Int] = [:]
        for sample in meter.samples() {
            let name = String(sample.name.dropFirst("gridwatch_".count))
            guard Self.told.contains(name) else { continue }
            values[name, default: 0] += sample.value
            let pointClass = sample.labels.split(separator: ",").first { $0.hasPrefix("class=") }
            if name == "samples_dropped_total", let pointClass {
                values["\(name)_\(pointClass.dropFirst(7).dropLast())", default: 0] += sample.value
            }
        }
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        values["cpu_ms"] =
            (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000
            + Int(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000
        values["memory_kb"] = Self.residentKilobytes
        self.values = values
    }

    /// A JSON object of whole numbers.
    var json: String {
        let fields = values.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }
        return "{" + fields.joined(separator: ",") + "}"
    }

    private static var residentKilobytes: Int {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
        let fields = text.split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE)) / 1024 : 0
    }
}

import Synchronization

/// Whether a metric only grows or goes up and down.
public enum MetricKind: String, Sendable {
    /// Only grows; the name ends in `_total`.
    case counter
    /// Goes up and down.
    case gauge
}

/// One number that the daemon shows on `/metrics`; cheap enough for the frame path.
public final class Metric: Sendable {
    /// Prometheus name, `gridwatch_<noun>_<unit>[_total]`.
    public let name: String
    /// Label pairs, already written as `key="value",…`; empty for none.
    ///
    /// Never a camera id: that would be 32,000 series.
    public let labels: String
    /// One sentence for `# HELP`.
    public let help: String
    /// Counter or gauge.
    public let kind: MetricKind
    private let storage = Atomic<Int>(0)

    init(name: String, labels: String, help: String, kind: MetricKind) {
        self.name = name
        self.labels = labels
        self.help = help
        self.kind = kind
    }

    /// The number now.
    public var value: Int { storage.load(ordering: .relaxed) }

    /// Adds `amount`.
    public func add(_ amount: Int = 1) {
        storage.wrappingAdd(amount, ordering: .relaxed)
    }

    /// Sets a gauge.
    public func set(_ value: Int) {
        storage.store(value, ordering: .relaxed)
    }
}

/// The metrics of a process: stages make theirs here, the web server writes them out.
public final class Meter: Sendable {
    private let metrics = Mutex<[Metric]>([])

    /// Makes an empty register.
    public init() {}

    /// The counter of that name and labels; made at the first call.
    public func counter(_ name: String, _ help: String, labels: [(String, String)] = []) -> Metric {
        metric(name, help, labels, .counter)
    }

    /// The gauge of that name and labels; made at the first call.
    public func gauge(_ name: String, _ help: String, labels: [(String, String)] = []) -> Metric {
        metric(name, help, labels, .gauge)
    }

    private func metric(_ name: String, _ help: String, _ labels: [(String, String)], _ kind: MetricKind) -> Metric {
        let text = labels.map { "\($0.0)=\"\(Self.escape($0.1))\"" }.joined(separator: ",")
        return metrics.withLock { list in
            if let known = list.first(where: { $0.name == name && $0.labels == text }) { return known }
            let made = Metric(name: name, labels: text, help: help, kind: kind)
            list.append(made)
            return made
        }
    }

    /// All metrics in the Prometheus text format, version 0.0.4, sorted by name.
    public func exposition() -> String {
        let sorted = metrics.withLock { $0 }.sorted { ($0.name, $0.labels) < ($1.name, $1.labels) }
        var text = ""
        var last = ""
        for metric in sorted {
            if metric.name != last {
                text += "# HELP \(metric.name) \(metric.help)\n# TYPE \(metric.name) \(metric.kind.rawValue)\n"
                last = metric.name
            }
            text += metric.labels.isEmpty ? metric.name : "\(metric.name){\(metric.labels)}"
            text += " \(metric.value)\n"
        }
        return text
    }

    private static func escape(_ value: String) -> String {
        var text = ""
        for character in value {
            switch character {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.append(character)
            }
        }
        return text
    }
}

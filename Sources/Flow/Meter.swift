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

/// The value of a metric at one moment, as it goes from one process to another.
public struct MetricSample: Sendable, Hashable, Codable {
    /// Prometheus name.
    public var name: String
    /// Label pairs, already written as `key="value",…`; empty for none.
    public var labels: String
    /// One sentence for `# HELP`.
    public var help: String
    /// `counter` or `gauge`.
    public var kind: String
    /// The number.
    public var value: Int
}

/// The metrics of a process: stages make theirs here, the web server writes them out.
///
/// A process that supervises others also shows theirs, each with a label that says whose they are.
public final class Meter: Sendable {
    /// Metrics of another process that are kept at most.
    private static let remoteLimit = 1000

    private let metrics = Mutex<[Metric]>([])
    private let remote = Mutex<[String: [MetricSample]]>([:])

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
        let text = Self.text(labels)
        return metrics.withLock { list in
            if let known = list.first(where: { $0.name == name && $0.labels == text }) { return known }
            let made = Metric(name: name, labels: text, help: help, kind: kind)
            list.append(made)
            return made
        }
    }

    /// The values of this process's own metrics now.
    public func samples() -> [MetricSample] {
        metrics.withLock { $0 }.map { metric in
            MetricSample(
                name: metric.name,
                labels: metric.labels,
                help: metric.help,
                kind: metric.kind.rawValue,
                value: metric.value
            )
        }
    }

    /// The sum of this process's own metrics of a name, over their labels; 0 when there is none.
    public func sum(of name: String) -> Int {
        metrics.withLock { $0.reduce(0) { $1.name == name ? $0 + $1.value : $0 } }
    }

    /// Keeps what another process has told of its metrics, in place of what it told before.
    ///
    /// - Parameters:
    ///   - samples: Its metrics; at most 1,000 are kept.
    ///   - source: Whose they are, for example `worker` and `0`: becomes a label of each.
    public func keep(_ samples: [MetricSample], of source: (String, String)) {
        let label = Self.text([source])
        let labelled = samples.prefix(Self.remoteLimit).map { sample in
            var sample = sample
            sample.labels = sample.labels.isEmpty ? label : label + "," + sample.labels
            return sample
        }
        remote.withLock { $0[label] = labelled }
    }

    /// Forgets the gauges of a process that has ended: what it had at that moment is gone with it.
    ///
    /// What its counters have counted stays.
    public func forgetGauges(of source: (String, String)) {
        let label = Self.text([source])
        remote.withLock { $0[label]?.removeAll { $0.kind == MetricKind.gauge.rawValue } }
    }

    /// All metrics in the Prometheus text format, version 0.0.4, sorted by name.
    public func exposition() -> String {
        let foreign = remote.withLock { $0.values.flatMap(\.self) }
        let sorted = (samples() + foreign).sorted { ($0.name, $0.labels) < ($1.name, $1.labels) }
        var text = ""
        var last = ""
        for metric in sorted {
            if metric.name != last {
                text += "# HELP \(metric.name) \(metric.help)\n# TYPE \(metric.name) \(metric.kind)\n"
                last = metric.name
            }
            text += metric.labels.isEmpty ? metric.name : "\(metric.name){\(metric.labels)}"
            text += " \(metric.value)\n"
        }
        return text
    }

    private static func text(_ labels: [(String, String)]) -> String {
        labels.map { "\($0.0)=\"\(escape($0.1))\"" }.joined(separator: ",")
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

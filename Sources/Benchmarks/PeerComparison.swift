public import Analysis
internal import Detection
internal import Flow
internal import Foundation
public import Replay
internal import Synchronization

/// Our detection and the algorithms of peers on the same decoded pictures, regions and labels.
public struct PeerComparison: Sendable {
    /// One algorithm over all clips.
    public struct Row: Sendable, Hashable {
        /// `gridwatch` or the name of a peer.
        public var name: String
        /// Events that had to be found, that were found, and alerts that were false.
        public var events = 0
        /// See `events`.
        public var found = 0
        /// See `events`.
        public var falseAlerts = 0
        /// Seconds of rules watching clips.
        public var seconds = 0.0
        /// Pictures that it looked at.
        public var pictures = 0
        /// Processor time for them, seconds; differs from run to run.
        public var cpuSeconds = 0.0
        /// Bytes that it keeps of a camera; 0 where that is not told.
        public var stateBytes = 0
        /// How near each minute came to an alert; without minutes for peers, and where nobody asked.
        public var longRun = LongRun()

        /// Share of the events that was found; nil without events.
        public var recall: Double? { events == 0 ? nil : Double(found) / Double(events) }
        /// False alerts per hour of one rule.
        public var falsePerHour: Double { seconds == 0 ? 0 : Double(falseAlerts) * 3600 / seconds }
        /// Harmonic mean of recall and precision; nil without either.
        public var f1: Double? {
            let all = events + found + falseAlerts
            return events == 0 || all == 0 ? nil : 2 * Double(found) / Double(all)
        }
        /// Microseconds of processor time a picture and rule.
        public var microseconds: Double { pictures == 0 ? 0 : cpuSeconds * 1e6 / Double(pictures) }
    }

    /// Alarms of a peer that are less than this apart are one alert: the time that ours holds an alert, too.
    private static let hold = DetectionSettings().hold

    /// Ours first, then the peers.
    public let rows: [Row]
    /// Clips that could not be judged, and why.
    public let failures: [String]

    /// Runs everything; blocks.
    ///
    /// Rules of the kinds that peers have are taken: intrusion and quiet.
    ///
    /// - Parameters:
    ///   - files: Labels.
    ///   - clipsDirectory: The folder of their clips.
    ///   - run: How the clips are sampled; its settings are ours.
    ///   - workers: Clips at the same time.
    ///   - watchesEvidence: True to note how near each minute came to an alert.
    ///   - progress: Called after each clip with the share that is done.
    public init(
        _ files: [LabelFile],
        clipsDirectory: String,
        run: ClipRun,
        workers: Int,
        watchesEvidence: Bool = false,
        progress: @Sendable (Double, String) -> Void = { _, _ in }
    ) {
        let taken = files.map(Self.comparable).filter { !$0.rules.isEmpty }
        let state = Mutex((rows: Self.empty, failures: [String](), done: 0))
        ClipThreads.forEach(taken, longestFirst: \.duration, workers: workers) { file in
            let result = Result {
                let reel = try ClipReel(labels: file, clipsDirectory: clipsDirectory, run: run)
                return try Self.rows(reel, run.settings, watchesEvidence: watchesEvidence)
            }
            state.withLock { state in
                switch result {
                case .success(let rows): for index in rows.indices { state.rows[index].add(rows[index]) }
                case .failure(let error): state.failures.append("\(file.clip): \(error)")
                }
                state.done += 1
                progress(Double(state.done) / Double(max(1, taken.count)), file.clip)
            }
        }
        (rows, failures) = state.withLock { ($0.rows, $0.failures.sorted()) }
    }

    private static var empty: [Row] { [Row(name: "gridwatch")] + Peer.allCases.map { Row(name: $0.rawValue) } }

    private static func comparable(_ file: LabelFile) -> LabelFile {
        var file = file
        file.rules = file.rules.filter { $0.rule.kind == .intrusion || $0.rule.kind == .quiet }
        return file
    }

    /// The rows of one clip.
    static func rows(
        _ reel: ClipReel,
        _ settings: DetectionSettings,
        watchesEvidence: Bool = false
    ) throws(DetectionError) -> [Row] {
        var rows = empty
        let began = threadSeconds()
        let ours = try reel.results(with: settings)
        rows[0].cpuSeconds = threadSeconds() - began
        rows[0].pictures = reel.frames.count * reel.labels.rules.count
        for result in ours { rows[0].add(result) }
        if watchesEvidence { rows[0].longRun = try reel.longRun(with: settings) }
        for (index, peer) in Peer.allCases.enumerated() {
            for rule in reel.labels.rules { rows[index + 1].run(peer, rule, reel, hold: hold) }
        }
        return rows
    }

    fileprivate static func threadSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

extension PeerComparison.Row {
    fileprivate mutating func add(_ result: RuleResult) {
        events += result.score.events.count
        found += result.score.found.count
        falseAlerts += result.score.falseAlerts.count
        seconds += result.seconds
    }

    fileprivate mutating func add(_ other: PeerComparison.Row) {
        events += other.events
        found += other.found
        falseAlerts += other.falseAlerts
        seconds += other.seconds
        pictures += other.pictures
        cpuSeconds += other.cpuSeconds
        stateBytes = max(stateBytes, other.stateBytes)
        longRun.peaks += other.longRun.peaks
    }

    /// Runs a peer over a clip for one rule.
    fileprivate mutating func run(_ peer: Peer, _ labels: LabelledRule, _ reel: ClipReel, hold: Double) {
        guard let first = reel.frames.first?.plane else { return }
        let area = WatchedArea(polygon: labels.rule.polygon, width: first.width, height: first.height)
        var detector = peer.make(width: first.width, height: first.height)
        let interval = type(of: detector).interval
        var alerts: [TimeSpan] = []
        var last: MediaTime?
        let began = PeerComparison.threadSeconds()
        for frame in reel.frames where frame.plane.pixels.count == first.pixels.count {
            // Half a millisecond for times that are rounded.
            if let last, frame.time.seconds(since: last) < interval - 0.0005 { continue }
            last = frame.time
            pictures += 1
            guard detector.alarms(frame.plane, in: area) else { continue }
            if let open = alerts.last, frame.time.seconds(since: open.end) <= max(hold, interval * 1.5) {
                alerts[alerts.count - 1].end = frame.time
            } else {
                alerts.append(TimeSpan(start: frame.time, end: frame.time))
            }
        }
        cpuSeconds += PeerComparison.threadSeconds() - began
        stateBytes = max(stateBytes, detector.stateBytes)
        add(RuleResult(clip: reel.labels.clip, labels: labels, seconds: reel.labels.duration, alerts: alerts))
    }
}

extension ClipReel {
    /// The highest evidence of each minute, of all rules together.
    func longRun(with settings: DetectionSettings) throws(DetectionError) -> LongRun {
        var peaks = [Double](repeating: 0, count: Int((frames.last?.time.seconds ?? 0) / 60) + 1)
        _ = try results(with: settings) { frame, analyzer in
            let minute = Int(frame.time.seconds / 60)
            for rule in analyzer.diagnose().rules { peaks[minute] = max(peaks[minute], rule.progress) }
        }
        return LongRun(peaks: peaks)
    }
}

extension PeerComparison {
    /// The table for people.
    public var text: String {
        func cell(_ value: Double?, _ digits: Int) -> String { value.map { String(format: "%.\(digits)f", $0) } ?? "–" }
        let head = "algorithm     events  found  recall  false  per hour     F1  us/picture  state KB"
        let lines = rows.map { row in
            [
                row.name.padding(toLength: 12, withPad: " ", startingAt: 0), String(format: "%7d", row.events),
                String(format: "%6d", row.found), Self.right(cell(row.recall, 3), 7),
                String(format: "%6d", row.falseAlerts),
                Self.right(cell(row.falsePerHour, 1), 9), Self.right(cell(row.f1, 3), 6),
                Self.right(cell(row.microseconds, 1), 11),
                Self.right(row.stateBytes == 0 ? "–" : cell(Double(row.stateBytes) / 1024, 1), 9),
            ].joined(separator: " ")
        }
        return ([head] + lines + failures.map { "failed: \($0)" }).joined(separator: "\n")
    }

    /// The document of `peers --json`; times differ from run to run.
    public var json: String {
        let list = rows.map { row -> JSONText in
            .object([
                ("algorithm", .text(row.name)), ("events", .integer(row.events)), ("found", .integer(row.found)),
                ("recall", .optional(row.recall, digits: 3)), ("false_alerts", .integer(row.falseAlerts)),
                ("false_per_hour", .number(row.falsePerHour, digits: 2)), ("f1", .optional(row.f1, digits: 3)),
                ("microseconds_per_picture", .number(row.microseconds, digits: 1)),
                ("state_bytes", row.stateBytes == 0 ? .null : .integer(row.stateBytes)),
            ])
        }
        let document: JSONText = .object([("algorithms", .list(list)), ("failures", .list(failures.map { .text($0) }))])
        return document.document(levels: 3)
    }

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}

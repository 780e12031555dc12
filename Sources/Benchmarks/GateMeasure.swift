internal import Analysis
public import Detection
internal import Dispatch
internal import Flow
internal import Foundation
public import Gate
public import Replay
internal import Synchronization

/// What the gate did on one clip.
public struct GateClip: Sendable, Hashable {
    /// A labelled event, and what became of it.
    public struct Event: Sendable, Hashable {
        /// Id of its rule.
        public var rule: String
        /// The rule's kind.
        public var kind: RuleKind
        /// From its start to its end, without tolerance.
        public var span: TimeSpan
        /// True when a keyframe lies within it, its tolerance added at both ends.
        public var hasKeyframe: Bool
        /// True when decoding at the floor alone shows it.
        public var isKeptByFloor: Bool
        /// True when a decoded picture lies within it: a keyframe, or a picture of a burst.
        public var isKept: Bool
        /// True when detection on all keyframes finds it.
        public var isFoundByAll: Bool
        /// True when detection behind the gate finds it.
        public var isFoundBehind: Bool
    }

    /// Name of the clip.
    public var clip: String
    /// Its length in seconds.
    public var seconds: Double
    /// Its keyframes.
    public var keyframes: Int
    /// Keyframes that were decoded.
    public var decoded: Int
    /// Keyframes that the floor alone would have decoded.
    public var floor: Int
    /// Keyframes that were decoded, by the name of the gate's reason.
    public var reasons: [String: Int]
    /// Bursts that were decoded.
    public var bursts: Int
    /// Their pictures.
    public var burstPictures: Int
    /// Keyframes that came while the gate had turned itself off.
    public var keyframesOff: Int
    /// Its events, of rules of every kind.
    public var events: [Event]
    /// False alerts of detection on all keyframes.
    public var falseByAll: Int
    /// False alerts of detection behind the gate.
    public var falseBehind: Int
}

/// The gate over labelled clips, beside detection on all keyframes.
public struct GateMeasure: Sendable, Hashable {
    /// A picture of a burst costs this part of a keyframe, at 360p.
    public static let burstCost = 0.2

    /// The clips, in the order of the label files.
    public var clips: [GateClip]
    /// Clips that could not be measured, and why.
    public var failures: [Evaluation.Failure]

    /// Reads label files and runs their clips twice: behind the gate, and with all keyframes.
    ///
    /// Blocks until all clips are done and uses all cores: not for event loops or Swift tasks. Deterministic.
    ///
    /// - Parameters:
    ///   - labels: Label files, or folders whose `*.json` files are taken in the order of their names.
    ///   - clipsDirectory: The folder that the clips lie in.
    ///   - settings: Settings of detection.
    ///   - gate: Settings of the gate.
    ///   - floor: Longest time between two decoded keyframes, seconds.
    ///   - progress: Called after each clip with the number of clips done and in all, never twice at once.
    /// - Returns: What the gate did, clip by clip.
    /// - Throws: `ReplayError` when there are no labels or one of them cannot be used.
    public static func run(
        labels: [String],
        clipsDirectory: String,
        settings: DetectionSettings,
        gate: GateSettings = GateSettings(),
        floor: Double,
        progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws(ReplayError) -> GateMeasure {
        let files = try Evaluator.labelFiles(labels).map { path throws(ReplayError) in try LabelFile.read(path) }
        let results = Mutex<[Int: Result<GateClip, any Error>]>([:])
        DispatchQueue.concurrentPerform(iterations: files.count) { index in
            let result = Result { try measure(files[index], clipsDirectory, settings, gate, floor) }
            results.withLock { results in
                results[index] = result
                progress(results.count, files.count)
            }
        }
        var all = GateMeasure(clips: [], failures: [])
        for (index, result) in results.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
            switch result {
            case .success(let clip): all.clips.append(clip)
            case .failure(let error):
                all.failures.append(Evaluation.Failure(clip: files[index].clip, message: "\(error)"))
            }
        }
        return all
    }

    private static func measure(
        _ file: LabelFile,
        _ folder: String,
        _ settings: DetectionSettings,
        _ gate: GateSettings,
        _ floor: Double
    ) throws -> GateClip {
        let path = folder + "/" + file.clip
        let rules = file.rules.map(\.rule)
        let full = try ClipRun(rules: rules, settings: settings, sampling: .keyframes(every: 0)).run(path)
        var gated = ClipRun(rules: rules, settings: settings, sampling: .gated(floor: floor))
        gated.gateSettings = gate
        gated.tracesGate = true
        let behind = try gated.run(path)
        let trace = behind.gate ?? GateTrace()
        let byFloor = floorTimes(trace.keyframes, floor)
        let times = trace.decoded + trace.looked
        var clip = GateClip(
            clip: file.clip,
            seconds: behind.duration.seconds,
            keyframes: trace.keyframes.count,
            decoded: trace.decoded.count,
            floor: byFloor.count,
            reasons: Dictionary(uniqueKeysWithValues: trace.reasons.map { ($0.key.rawValue, $0.value) }),
            bursts: trace.bursts,
            burstPictures: trace.burstPictures,
            keyframesOff: trace.keyframesOff,
            events: [],
            falseByAll: 0,
            falseBehind: 0
        )
        for labels in file.rules {
            let all = EventScore(alerts: alerts(of: labels.rule.id, full), labels: labels)
            let some = EventScore(alerts: alerts(of: labels.rule.id, behind), labels: labels)
            clip.falseByAll += all.falseAlerts.count
            clip.falseBehind += some.falseAlerts.count
            clip.events += labels.events.map { span in
                let window = span.widened(bySeconds: labels.tolerance)
                func shows(_ times: [MediaTime]) -> Bool { times.contains { window.start <= $0 && $0 <= window.end } }
                return GateClip.Event(
                    rule: labels.rule.id,
                    kind: labels.rule.kind,
                    span: span,
                    hasKeyframe: shows(trace.keyframes),
                    isKeptByFloor: shows(byFloor),
                    isKept: shows(times),
                    isFoundByAll: all.found.contains(span),
                    isFoundBehind: some.found.contains(span)
                )
            }
        }
        return clip
    }

    private static func alerts(of rule: String, _ result: ClipRun.Result) -> [TimeSpan] {
        result.alerts.filter { $0.rule.id == rule }
            .map { TimeSpan(start: $0.start, end: max($0.start, $0.end)) }
    }

    private static func floorTimes(_ keyframes: [MediaTime], _ floor: Double) -> [MediaTime] {
        var gate = Gate(sampling: .keyframes(every: floor))
        return keyframes.filter { gate.admit(UnitHeader(time: $0, size: 1, isKeyframe: true)) != .skip }
    }
}

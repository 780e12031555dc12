internal import Analysis
public import Detection
internal import Dispatch
internal import Flow
internal import Foundation
public import Gate
internal import Media

/// Tries rules and thresholds on clips for people who wait at a page.
///
/// Works on one thread of its own, so that the machine's other work goes on. The small pictures of the clips that were
/// last asked for stay in memory: moving a threshold does not decode anything anew.
public actor TrialService {
    /// Bytes of one small picture.
    private static let pictureBytes = 160 * 90
    /// Widest picture that is given out, in pixels.
    private static let pictureWidth = 1280

    private struct Kept {
        var key: String
        var reel: ClipReel
    }

    /// What there is to try on.
    public nonisolated let footage: TrialFootage
    private let memoryLimit: Int
    private let queue = DispatchQueue(label: "gridwatch.trials", qos: .utility)
    /// Least recently used first.
    private var kept: [Kept] = []
    private var evaluation: TrialEvaluation?

    /// Makes a desk.
    ///
    /// - Parameters:
    ///   - footage: What there is to try on.
    ///   - memoryLimit: Bytes of small pictures that are kept at most, and that one clip may have.
    public init(footage: TrialFootage, memoryLimit: Int) {
        self.footage = footage
        self.memoryLimit = memoryLimit
    }

    /// Runs each side over a clip.
    ///
    /// - Parameters:
    ///   - id: The clip.
    ///   - sampling: How much of it is looked at; not gated.
    ///   - sides: What is tried, each on its own.
    /// - Returns: Curves and alerts.
    /// - Throws: `ReplayError` when the clip is not there or too long for that many pictures, `MediaError` when it cannot
    ///   be decoded, `DetectionError` for a rule that cannot be used.
    public func trial(_ id: String, sampling: Sampling, sides: [TrialSide]) async throws -> TrialReport {
        let reel = try await reel(id, sampling)
        return try await onQueue { try Trial.run(sides, on: reel) }
    }

    /// A picture of a clip as JPEG.
    ///
    /// - Parameters:
    ///   - id: The clip.
    ///   - seconds: Time in the clip; the picture is the last one that is not later.
    /// - Returns: The bytes of the file.
    /// - Throws: `ReplayError` when the clip is not there, `MediaError` when it cannot be decoded.
    public func picture(_ id: String, at seconds: Double) async throws -> [UInt8] {
        try await onQueue { [footage] in
            try ClipPicture.jpeg(try footage.item(id).path, at: seconds, maxWidth: Self.pictureWidth)
        }
    }

    /// Says what truly happens in a recording; the next trial of it shows that.
    ///
    /// - Returns: False for a clip that is no recording: its labels are files that this may not change.
    /// - Throws: `ReplayError` when it is not there or the rules cannot be labels, a file error.
    public func label(_ id: String, _ rules: [LabelledRule]) async throws -> Bool {
        let isLabelled = try await onQueue { [footage] in try footage.label(id, rules) }
        kept.removeAll { $0.key.hasPrefix("\(id) ") }
        return isLabelled
    }

    /// Starts to score two sides of settings on every labelled clip; one such run at a time.
    ///
    /// - Returns: False when one is running.
    public func evaluate(sampling: Sampling, live: DetectionSettings, draft: DetectionSettings) -> Bool {
        if let evaluation, evaluation.progress.isRunning { return false }
        let made = TrialEvaluation(
            footage: footage,
            sampling: sampling,
            live: live,
            draft: draft,
            picturesAtMost: memoryLimit / Self.pictureBytes
        )
        evaluation = made
        Task { await self.follow(made) }
        return true
    }

    /// How far the last evaluation is, or what came of it; nil before the first.
    public var progress: TrialEvaluation.Progress? { evaluation?.progress }

    /// What came of the last evaluation, when it is done and was of these settings; nil else.
    public func verdict(on draft: DetectionSettings) -> TrialEvaluation.Progress? {
        guard let evaluation, evaluation.draft == draft, !evaluation.progress.isRunning else { return nil }
        return evaluation.progress
    }

    /// Works clip by clip, so that trials get their turn in between.
    private func follow(_ evaluation: TrialEvaluation) async {
        while evaluation.progress.isRunning {
            try? await onQueue { evaluation.step() }
        }
    }

    private func reel(_ id: String, _ sampling: Sampling) async throws -> ClipReel {
        let key = "\(id) \(sampling)"
        if let index = kept.firstIndex(where: { $0.key == key }) {
            let found = kept.remove(at: index)
            kept.append(found)
            return found.reel
        }
        let limit = memoryLimit / Self.pictureBytes
        let reel = try await onQueue { [footage] in try ClipReel(try footage.item(id), sampling, atMost: limit) }
        // Somebody else may have asked for the same clip meanwhile.
        kept.removeAll { $0.key == key }
        kept.append(Kept(key: key, reel: reel))
        var pictures = kept.reduce(0) { $0 + $1.reel.frames.count }
        while pictures > limit, kept.count > 1 { pictures -= kept.removeFirst().reel.frames.count }
        return reel
    }

    private nonisolated func onQueue<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try body() }) }
        }
    }
}

extension ClipReel {
    /// Decodes a clip or recording, with its labels if it has any.
    ///
    /// `limit`: pictures at most.
    ///
    /// - Throws: `clipTooLong`, `MediaError`.
    init(_ item: TrialFootage.Item, _ sampling: Sampling, atMost limit: Int) throws {
        var frames: [Frame] = []
        let run = ClipRun(rules: [], settings: DetectionSettings(), sampling: sampling)
        let result = try run.run(
            item.path,
            while: { frames.count <= limit },
            onLook: { plane, time, _ in frames.append(Frame(plane: plane, time: time)) }
        )
        guard frames.count <= limit else {
            throw ReplayError(
                .clipTooLong,
                "\(item.name) has more than \(limit) pictures at \(sampling): look at fewer pictures a second"
            )
        }
        let unlabelled = LabelFile(
            clip: item.name,
            width: frames.first?.plane.width ?? 1,
            height: frames.first?.plane.height ?? 1,
            duration: result.duration.seconds,
            rules: []
        )
        self.init(labels: item.labels ?? unlabelled, frames: frames)
    }
}

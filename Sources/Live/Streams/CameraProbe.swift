import Flow
import Foundation
import Ingest
public import Media
public import Settings

/// Looks at one camera the way the daemon reads it, then with libavformat, and says where the two differ.
public struct CameraProbe: Sendable {
    private let settings: DaemonSettings

    /// Seconds for which the other way looks at most.
    private static let secondLook = 5.0

    /// Makes a probe for cameras that are reached as the settings say.
    public init(_ settings: DaemonSettings) {
        var settings = settings
        settings.ingest.decode = .everyFrame
        settings.ingest.ioThreads = 1
        self.settings = settings
    }

    /// Looks until `seconds` of the stream or of the clock have passed, or the stream breaks off.
    ///
    /// - Parameters:
    ///   - url: Path or URL, with user and password where needed.
    ///   - seconds: How long; opening is not counted.
    /// - Returns: What was measured.
    /// - Throws: `MediaError` when the daemon could not watch it, also with what the other way sees.
    public func run(_ url: String, seconds: Double) async throws -> ProbeReport {
        try await withCheckedThrowingContinuation { continuation in
            NamedThread.start("probe") {
                continuation.resume(with: Result { try look(at: url, seconds: seconds) })
            }
        }
    }

    private func look(at url: String, seconds: Double) throws(MediaError) -> ProbeReport {
        guard StreamSource(camera: "", url: url).isRTSP else {
            var options = options(.tcp)
            // A file is named by whoever types the command, not by a registry.
            if !url.contains("://") { options.localAddresses = .any }
            return try StreamProbe.run(url: url, seconds: seconds, options: options)
        }
        let (own, problem, isOverUDP) = daemon(url, seconds: seconds)
        // Over UDP the daemon reads with libavformat itself.
        let other = Result { () throws(MediaError) -> ProbeReport in
            let options = options(isOverUDP ? .udp : .tcp)
            return try StreamProbe.run(url: url, seconds: min(seconds, Self.secondLook), options: options)
        }
        guard var report = own else {
            let why = problem ?? "no picture came"
            switch other {
            case .success(let seen):
                throw MediaError(.openFailed, "\(why). libavformat reads it: \(Self.words(seen))")
            case .failure(let error):
                throw MediaError(.openFailed, "\(why). libavformat cannot read it either: \(error.message)")
            }
        }
        report.way = isOverUDP ? "the daemon, udp (through libavformat)" : "the daemon, tcp"
        switch other {
        case .success(let seen): report.differences = Self.differences(report, seen)
        case .failure(let error): report.differences = ["libavformat cannot read it: \(error.message)"]
        }
        return report
    }

    private func options(_ transport: Demuxer.RTSPTransport) -> Demuxer.Options {
        var options = Demuxer.Options()
        options.openTimeout = settings.ingest.openTimeout
        options.readTimeout = settings.ingest.readTimeout
        options.localAddresses = settings.ingest.localAddresses
        options.rtspTransport = transport
        return options
    }

    /// Reads as the daemon does.
    private func daemon(_ url: String, seconds: Double) -> (ProbeReport?, problem: String?, isOverUDP: Bool) {
        let ear = StreamEar(ProbeLook(seconds: seconds))
        let streams = Streams(settings, sink: ear, meter: Meter(), crumbs: nil)
        defer { streams.stop() }
        var source = StreamSource(camera: "camera", url: url, pointClass: 1)
        source.keepsPictures = true
        streams.replace(with: [source])
        let patience = 2 * settings.ingest.openTimeout + settings.ingest.readTimeout + settings.supervision.stall
        let (look, problem) = ear.wait { $0.first.map { $0 + seconds } ?? $0.start + patience }
        return (look.report, problem, streams.isOverUDP(source.camera))
    }

    private static func words(_ report: ProbeReport) -> String {
        "\(report.codec) \(report.width)×\(report.height), \(report.keyframes) keyframes in \(report.units) pictures"
    }

    private static func differences(_ own: ProbeReport, _ other: ProbeReport) -> [String] {
        var found: [String] = []
        if own.codec != other.codec || (own.width, own.height) != (other.width, other.height) {
            found.append("libavformat sees \(words(other))")
        }
        if let mine = own.keyframeInterval, let theirs = other.keyframeInterval,
            max(mine, theirs) > 1.5 * min(mine, theirs)
        {
            found.append(String(format: "libavformat sees a keyframe every %.2f s", theirs))
        }
        if own.keyframes == 0, other.keyframes > 0 {
            found.append("libavformat sees keyframes, the daemon none")
        } else if own.keyframes > 0, other.keyframes == 0 {
            found.append("libavformat sees no keyframe")
        }
        return found
    }
}

/// What a probe sees over the daemon's readers.
private struct ProbeLook: StreamKeeper {
    private var probe: StreamProbe?
    private var heard: Double?
    private let seconds: Double
    private let start = Clocks.system.monotonic()

    init(seconds: Double) {
        self.seconds = seconds
    }

    var problem: String? { nil }

    /// What was seen; nil when no picture came.
    var report: ProbeReport? { probe.map(\.summary).flatMap { $0.units > 0 ? $0 : nil } }

    mutating func take(_ units: [AccessUnit], now: Double) -> Bool {
        let began = heard ?? now
        heard = began
        for unit in units {
            if probe == nil {
                probe = StreamProbe(
                    container: "rtsp",
                    codec: unit.format.codec == .h265 ? "hevc" : unit.format.codec.rawValue,
                    width: unit.format.width,
                    height: unit.format.height
                )
            }
            probe?.add(unit, secondsSinceStart: now - start)
        }
        return now - began >= seconds
    }
}

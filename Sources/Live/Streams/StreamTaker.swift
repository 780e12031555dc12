public import Flow
import Foundation
import Ingest
public import Media
public import Settings

/// Reads one camera's stream for a while over a connection of its own, just as the daemon reads it: the same transport,
/// time-outs and check of certificates.
public struct StreamTaker: Sendable {
    private let settings: DaemonSettings

    /// Makes a taker for cameras that are reached as the settings say.
    public init(_ settings: DaemonSettings) {
        var settings = settings
        // Whatever detection looks at, a recording has every picture.
        settings.ingest.decode = .everyFrame
        settings.ingest.ioThreads = 1
        self.settings = settings
    }

    /// Seconds that a stream may send pictures before its first keyframe.
    static let longestGroup = 60.0
    /// Seconds that a stretch may take longer than it is long: the camera's clock need not be ours.
    static let lag = 10.0

    /// Reads until there is enough, the stream breaks off, or nothing has come for the time-outs of opening and reading.
    ///
    /// Blocks the calling thread.
    ///
    /// - Parameters:
    ///   - camera: The camera; for messages only.
    ///   - url: Its stream, with user and password where needed.
    ///   - seconds: How much.
    ///   - bytes: At most; it ends earlier when it has them.
    ///   - progress: Told how many seconds there are, on an I/O thread.
    /// - Returns: Units from a keyframe on, at least one, in decode order; their times are wall time, their format has
    ///   the size of the picture.
    /// - Throws: `endOfStream` with the reason when there is no keyframe; `MediaError` when it cannot be decoded.
    public func take(
        _ camera: String,
        url: String,
        seconds: Double,
        bytes: Int,
        progress: @escaping @Sendable (Double) -> Void
    ) throws(MediaError) -> [AccessUnit] {
        let ear = StreamEar(StreamTake(seconds: seconds, bytes: bytes, progress: progress))
        let streams = Streams(settings, sink: ear, meter: Meter(), crumbs: nil)
        defer { streams.stop() }
        var source = StreamSource(camera: camera, url: url, pointClass: 1)
        source.keepsPictures = true
        streams.replace(with: [source])
        // The fleet gives a connection twice the time to open.
        let silence = 2 * settings.ingest.openTimeout + settings.ingest.readTimeout
        let (take, problem) = ear.wait { ($0.last ?? $0.start) + silence }
        let units = take.units
        guard let keyframe = units.first else {
            throw MediaError(.endOfStream, problem ?? "no keyframe came from the camera")
        }
        return keyframe.format.width > 0 ? units : try Self.sized(units, by: keyframe)
    }

    /// Gives all units the size of their pictures: event loops do not look into parameter sets.
    private static func sized(_ units: [AccessUnit], by keyframe: AccessUnit) throws(MediaError) -> [AccessUnit] {
        var format = keyframe.format
        try KeyframeDecoder().decode(keyframe) { picture in
            format.width = picture.width
            format.height = picture.height
        }
        return units.map { unit in
            var unit = unit
            unit.format = format
            return unit
        }
    }
}

/// What has come of a stream so far, from a keyframe on.
struct StreamTake: StreamKeeper {
    private(set) var units: [AccessUnit] = []
    private(set) var problem: String?
    private var size = 0
    /// When the first picture came, and when the first that was kept; monotonic.
    private var heard: Double?
    private var began: Double?

    private let seconds: Double
    private let bytes: Int
    private let progress: @Sendable (Double) -> Void

    init(seconds: Double, bytes: Int, progress: @escaping @Sendable (Double) -> Void = { _ in }) {
        self.seconds = seconds
        self.bytes = bytes
        self.progress = progress
    }

    mutating func take(_ new: [AccessUnit], now: Double) -> Bool {
        heard = heard ?? now
        var isEnough = false
        for unit in new where !isEnough && isWanted(unit) {
            began = began ?? now
            units.append(unit)
            size += unit.bytes.count
            isEnough = length >= seconds || size >= bytes
        }
        if let began, now - began >= seconds + StreamTaker.lag { isEnough = true }
        if units.isEmpty, let heard, now - heard >= StreamTaker.longestGroup {
            isEnough = true
            problem =
                "no whole keyframe came within \(Int(StreamTaker.longestGroup)) s: give the camera a shorter interval"
        }
        progress(length)
        return isEnough
    }

    /// A clip begins at a whole keyframe; the rest of a picture that began before it came is not one.
    private func isWanted(_ unit: AccessUnit) -> Bool {
        guard !unit.bytes.isEmpty else { return false }
        return !units.isEmpty || (unit.isKeyframe && !unit.isDamaged)
    }

    private var length: Double {
        guard let first = units.first, let last = units.last else { return 0 }
        return max(0, last.time.seconds(since: first.time))
    }
}

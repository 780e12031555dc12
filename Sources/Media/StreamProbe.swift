public import Flow

/// Looks at one stream for some seconds: what `gridwatch probe` shows.
public struct StreamProbe: Sendable {
    private var report: ProbeReport
    private let decoder = KeyframeDecoder()
    private var bytes = 0
    private var firstTime: MediaTime?
    private var lastTime: MediaTime?
    private var firstKeyframe: MediaTime?
    private var lastKeyframe: MediaTime?
    private var lumas: [Double] = []

    /// Seconds that a keyframe is waited for at least.
    private static let shortestWait = 20.0

    /// Reads `url` until `seconds` of the stream or of the clock have passed, or the stream ends.
    ///
    /// Blocks the thread.
    ///
    /// - Parameters:
    ///   - url: Path or URL, with user and password where needed.
    ///   - seconds: How long to look; opening is not counted.
    ///   - options: Time-outs and transport; `keyframesOnly` would spoil the measurement and is ignored.
    /// - Returns: What was measured.
    /// - Throws: What `Demuxer.init` throws; `timedOut`, `noKeyframe`, `readFailed`, `brokenData` or `endOfStream` when
    ///   not a single unit came. A stream that breaks later gives the figures until then.
    public static func run(
        url: String,
        seconds: Double,
        options: Demuxer.Options = Demuxer.Options()
    ) throws(MediaError) -> ProbeReport {
        var options = options
        options.keyframesOnly = false
        options.keyframeTimeout = min(options.keyframeTimeout, max(seconds, Self.shortestWait))
        let start = IODeadline.now()
        let demuxer = try Demuxer(url: url, options: options)
        var probe = StreamProbe(demuxer.info)
        let opened = IODeadline.now()
        do throws(MediaError) {
            while let unit = try demuxer.next() {
                probe.add(unit, secondsSinceStart: Self.seconds(since: start))
                if unit.time.seconds >= seconds || Self.seconds(since: opened) >= seconds { break }
            }
        } catch {
            if probe.report.units == 0 { throw error }
        }
        guard probe.report.units > 0 else {
            throw MediaError(.endOfStream, "\(redacted(url: url)) ended before a keyframe came")
        }
        probe.report.droppedUnits = demuxer.droppedUnits
        probe.report.way = demuxer.info.container == "rtsp" ? "libavformat, \(options.rtspTransport.rawValue)" : nil
        return probe.summary
    }

    init(_ info: StreamInfo) {
        self.init(container: info.container, codec: info.codec, width: info.width, height: info.height)
    }

    /// Makes the probe of a stream of which this is known before its first unit; sizes are 0 when they are not.
    public init(container: String, codec: String, width: Int, height: Int) {
        report = ProbeReport(
            container: container,
            codec: codec,
            width: width,
            height: height,
            units: 0,
            keyframes: 0,
            droppedUnits: 0
        )
    }

    /// Takes the next unit, `secondsSinceStart` after opening began; decodes keyframes, so it takes milliseconds.
    public mutating func add(_ unit: AccessUnit, secondsSinceStart: Double) {
        guard !unit.isDamaged, !unit.bytes.isEmpty else {
            report.droppedUnits += 1
            return
        }
        report.units += 1
        bytes += unit.bytes.count
        firstTime = min(firstTime ?? unit.time, unit.time)
        lastTime = max(lastTime ?? unit.time, unit.time)
        guard unit.isKeyframe else { return }
        report.keyframes += 1
        report.timeToFirstKeyframe = report.timeToFirstKeyframe ?? secondsSinceStart
        firstKeyframe = firstKeyframe ?? unit.time
        lastKeyframe = unit.time
        look(at: unit)
    }

    /// Decodes a keyframe for size, brightness and picture; a damaged one changes nothing.
    private mutating func look(at unit: AccessUnit) {
        let needsPicture = report.picture == nil
        let seen = try? decoder.decode(unit) { (picture: borrowing Picture) throws(MediaError) in
            let pixels = picture.lumaPlane().pixels
            let mean = Double(pixels.reduce(0) { $0 + Int($1) }) / Double(pixels.count)
            return (picture.width, picture.height, mean, needsPicture ? try picture.jpeg() : nil)
        }
        guard let (width, height, mean, jpeg) = seen else { return }
        report.width = width
        report.height = height
        lumas.append(mean)
        report.picture = report.picture ?? jpeg
    }

    /// What was measured so far.
    public var summary: ProbeReport {
        var report = report
        if let firstTime, let lastTime, firstTime < lastTime {
            let rate = Double(report.units - 1) / lastTime.seconds(since: firstTime)
            report.framesPerSecond = rate
            report.kilobitsPerSecond = Double(bytes) * 8 / 1000 * rate / Double(report.units)
        }
        if let firstKeyframe, let lastKeyframe, report.keyframes > 1 {
            report.keyframeInterval = lastKeyframe.seconds(since: firstKeyframe) / Double(report.keyframes - 1)
        }
        if !lumas.isEmpty { report.averageLuma = lumas.reduce(0, +) / Double(lumas.count) }
        return report
    }

    private static func seconds(since start: Int64) -> Double {
        Double(IODeadline.now() - start) / 1_000_000_000
    }
}

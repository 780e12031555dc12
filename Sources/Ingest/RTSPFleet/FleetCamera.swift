import Flow
import RTSP

/// One camera of an `RTSPFleet`: its address, its life, its connection if there is one.
///
/// Lives on the fleet's event loop.
final class FleetCamera {
    private(set) var source: StreamSource
    let url: RTSPURL
    /// Where it connects to, as the pacer and the outage judge count hosts: address and port.
    let host: String
    var life: CameraLife
    var connection: CameraConnection?
    var clock = SenderClock(clockRate: 90_000)
    var format = StreamFormat(codec: .other, avCodecID: 0, width: 0, height: 0, extradata: [])
    /// What the connection had met when it was last counted.
    var counted = RTPDepacketiser.Counters()
    /// Units since the life was told of the last ones.
    var newUnits = 0
    /// Why the last connection ended, in the camera's own words; nil while all is well.
    var detail: String?
    /// How often its connection is read.
    var pace: ReadPace?
    /// When it is read next, while that is more often than once in a turn of the wheel.
    var readAt = 0.0
    /// When it was read last, and the time before.
    var readTimes = (last: 0.0, before: 0.0)
    /// True while it is among those that are read more often.
    var isHurried = false
    /// Our own lateness that its deadlines have been moved by, seconds since the fleet was made.
    var excused = 0.0
    /// True once the connection has counted as opened.
    var isStarted = false
    /// Where its own address leads, known with the first connection of a session; nil before.
    var origin: HostPlace?
    /// True while a patrol visits it.
    var isVisited = false

    init(source: StreamSource, url: RTSPURL, settings: CameraLifeSettings) {
        self.source = source
        self.url = url
        self.host = "\(url.host):\(url.port)"
        self.life = CameraLife(isPatrol: source.patrolSessions != nil, settings: settings)
    }

    /// True when the camera tells a time that cannot be believed.
    var isClockOff: Bool { isStarted && clock.cameraAhead != nil && !clock.followsCamera }

    /// Takes what changed at the camera without a new connection; false when there must be one.
    ///
    /// Intervals change at a schedule's hour for many cameras at once, and must not make them all reconnect.
    func follow(_ changed: StreamSource) -> Bool {
        guard source.patrolSessions == nil else { return source == changed }
        var before = source
        before.interval = changed.interval
        guard before == changed else { return false }
        source = changed
        return true
    }

    /// The access unit of a picture, stamped with wall time.
    func unit(of picture: CodedUnit, arrival: MediaTime) -> AccessUnit {
        if picture.isNewSource { clock.restart() }
        let stamp = clock.stamp(ticks: picture.ticks, arrival: arrival)
        return AccessUnit(
            format: format,
            time: stamp.time,
            decodeTime: stamp.decodeTime,
            isKeyframe: picture.isKeyframe,
            isDamaged: picture.isDamaged,
            size: picture.size,
            bytes: picture.bytes ?? []
        )
    }
}

extension StreamFormat {
    /// What a decoder must know of a track: everything else comes in band.
    init(track: MediaDescription) {
        self.init(codec: track.codec, avCodecID: 0, width: 0, height: 0, extradata: [])
    }
}

extension CameraFailure {
    /// What the end of a session means for the life of its camera.
    init(_ error: RTSPError) {
        self =
            switch error.code {
            case .malformed, .tooLarge, .redirectLoop: .garbled
            case .unsupported: .unsupported
            case .otherTransport: .otherTransport
            case .missingParameterSets, .noVideo: .noVideo
            case .unauthorized: .unauthorized
            case .notFound: .notFound
            case .refused: error.retry == .soon ? .busy : .garbled
            case .timedOut: .timedOut
            case .disconnected: .closed
            }
    }
}

public import Flow

/// One camera's stream, as the pool must know it.
public struct StreamSource: Sendable, Hashable {
    /// The camera.
    public var camera: String
    /// What FFmpeg opens: a URL or a file path.
    ///
    /// A secret: it may hold a password.
    public var url: String
    /// Monitoring point class I, II or III as 1…3; decides who goes first when threads are short.
    public var pointClass: Int
    /// True when the bytes of pictures between keyframes are wanted; false: their sizes only.
    public var keepsPictures = false
    /// Seconds between two samples; what a patrol goes by.
    public var interval = 300.0
    /// Streams that its platform gives this process at once, 0 or more; nil when the stream may stay open.
    ///
    /// Its cameras are visited in turn then: connect, take a keyframe, leave.
    public var patrolSessions: Int?
    /// Wall time before which it must not be opened; nil when it may be.
    public var quarantinedUntil: MediaTime?

    /// What its row of the registry says of how its packets travel; nil: as the settings say.
    public var transport: RTSPTransport?

    /// True for an RTSP camera whose packets travel over UDP.
    public var overUDP = false

    /// Whether its address is one of RTSP.
    public var isRTSP: Bool {
        let scheme = url.prefix(8).lowercased()
        return scheme.hasPrefix("rtsp://") || scheme.hasPrefix("rtsps://")
    }

    /// Host and port as its address writes them, in small letters; nil for a file.
    var server: String? {
        guard let begin = url.firstRange(of: "://")?.upperBound else { return nil }
        let authority = url[begin...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let server = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        return server.isEmpty ? nil : server.lowercased()
    }

    /// The address as FFmpeg wants it: with its scheme in lower case.
    var address: String {
        guard let colon = url.firstRange(of: "://") else { return url }
        return url[..<colon.lowerBound].lowercased() + url[colon.lowerBound...]
    }

    /// Makes a source.
    public init(camera: String, url: String, pointClass: Int = 3) {
        self.camera = camera
        self.url = url
        self.pointClass = pointClass
    }
}

/// How a stream is doing.
public enum StreamState: String, Sendable, Hashable, CaseIterable {
    /// Being opened for the first time, or again.
    case connecting
    /// Giving access units.
    case online
    /// Open, but silent for longer than the read time-out.
    case stalled
    /// Could not be opened or broke off; tried again after a growing wait.
    case offline
    /// Cannot work without a person: no video in it, no decoder, wrong address form. Tried again at the longest wait.
    case refused
    /// Giving access units, but always the same picture.
    case frozen
    /// Kept away from the workers for a while: its stream made them crash.
    case quarantined
    /// Not connected all the time, but visited now and then; the last visit went well.
    case patrol
    /// Giving access units, but none of its pictures can be looked at; who reads a stream never says so.
    case blind
}

/// What the pool last saw of a stream; sent on every change of state, not per unit.
public struct StreamStatus: Sendable, Hashable {
    /// The camera.
    public var camera: String
    /// Its state.
    public var state: StreamState
    /// When it entered that state, wall time.
    public var since: MediaTime
    /// When the last unit came, wall time.
    public var lastUnit: MediaTime?
    /// Why, for a person; never holds a password.
    public var detail: String?
    /// Seconds until it is tried again; nil when nothing is wrong.
    public var retryIn: Double?
    /// Connections made after the first.
    public var reconnects: Int
    /// What kind of failure it is; nil when all is well, or it has no name.
    public var failure: CameraFailure?
    /// Why nobody looks at its pictures, or too seldom; nil when they are looked at, or it is not open.
    public var sight: SightReason?
    /// Whether all units of its stream come from who says this, not only those from a keyframe on.
    public var comesWhole = true

    /// Why, in a word for pages; nil when all is well, or it has no name.
    public var reason: String? { sight?.rawValue ?? failure?.code }

    /// Why, and when it is tried again, for a person.
    public var explanation: String? {
        guard let detail, let retryIn else { return detail }
        return "\(detail); trying again in \(Int(max(0, retryIn).rounded(.up))) s"
    }

    /// Makes a status.
    public init(
        camera: String,
        state: StreamState,
        since: MediaTime,
        lastUnit: MediaTime? = nil,
        detail: String? = nil,
        retryIn: Double? = nil,
        reconnects: Int = 0,
        failure: CameraFailure? = nil,
        comesWhole: Bool = true
    ) {
        self.camera = camera
        self.state = state
        self.since = since
        self.lastUnit = lastUnit
        self.detail = detail
        self.retryIn = retryIn
        self.reconnects = reconnects
        self.failure = failure
        self.comesWhole = comesWhole
    }
}

/// Who wants to know what the pictures of a camera showed: a stream that freezes is opened anew.
///
/// Any thread; never waits.
public protocol SampleListener: Sendable {
    /// A picture of a camera was decoded; `isSame`: it is bit-identical to the one before.
    func sampled(_ camera: String, isSame: Bool)
}

/// Units of one camera that came together.
public struct StreamBatch: Sendable {
    /// The camera's code.
    public var camera: String
    /// The units, in the order in which they came.
    public var units: [AccessUnit]
    /// Whoever brings them and wants to know what they showed; nil for nobody.
    public var listener: (any SampleListener)?

    /// Makes a batch.
    public init(camera: String, units: [AccessUnit], listener: (any SampleListener)? = nil) {
        self.camera = camera
        self.units = units
        self.listener = listener
    }
}

/// Where the pool puts what it reads.
///
/// Called on I/O threads; must not wait.
public protocol StreamSink: Sendable {
    /// Takes what came, in order; the units' times are wall time.
    func accept(_ batches: [StreamBatch])
    /// Takes a change of a stream's state.
    func changed(_ status: StreamStatus)
}

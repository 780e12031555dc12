public import Flow

/// How clips of alerts are laid out, for who labels them.
public enum AlertClipLayout {
    /// Seconds of empty scene in front, in which detection learns it.
    public static let lead = 10.0
}

/// What detection saw around the start of an alert: the empty scene as it was, then the pictures from the first doubt on.
///
/// That is all that tuning needs, at a hundredth of the video: other thresholds see just what these saw.
public struct PlaneClip: Sendable {
    /// Pictures at most, 14 KB each.
    private static let maximum = 64
    /// Of these, how many before the alert: a doubt that lasts keeps its newest.
    private static let pendingMaximum = 4
    /// Seconds after the start of the alert that are kept.
    private static let length = 30.0

    /// A picture and when it was.
    public struct Frame: Sendable {
        /// When it was, on the clock of the units.
        public var time: MediaTime
        /// The small grey picture.
        public var plane: LumaPlane
    }

    /// The scene without what the alert is about.
    public let scene: LumaPlane
    /// The pictures, oldest first.
    public private(set) var frames: [Frame] = []
    /// The alert; nil while it is only a doubt.
    public private(set) var alert: String?
    private var since: MediaTime?

    /// Begins a clip of a doubt; `scene`: the scene without it.
    public init(scene: LumaPlane) {
        self.scene = scene
    }

    /// Adds a picture.
    public mutating func add(_ plane: LumaPlane, at time: MediaTime) {
        guard plane.width == scene.width, plane.height == scene.height, frames.count < Self.maximum else { return }
        if alert == nil, frames.count == Self.pendingMaximum { frames.removeFirst() }
        frames.append(Frame(time: time, plane: plane))
    }

    /// The doubt has become an alert.
    public mutating func begin(alert: String, at time: MediaTime) {
        self.alert = alert
        since = time
    }

    /// Whether nothing more is wanted.
    public func isComplete(at time: MediaTime) -> Bool {
        guard let since else { return false }
        return frames.count == Self.maximum || time.seconds(since: since) >= Self.length
    }
}

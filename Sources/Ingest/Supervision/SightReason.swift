/// Why pictures of a camera whose stream is open are not looked at as they should be.
public enum SightReason: String, Sendable, Hashable, CaseIterable {
    /// Packets of every picture on which decoding could begin are missing.
    case damaged
    /// No picture comes on which decoding could begin.
    case noKeyframe = "no_keyframe"
    /// The pictures have more bytes than are taken.
    case tooLarge = "too_large"
    /// The pictures come without the parameter sets that a decoder needs.
    case noParameterSets = "no_parameter_sets"
    /// JPEG pictures that do not say what a decoder must know: their size beyond 2,040 pixels, or their tables.
    case incompleteJPEG = "incomplete_jpeg"
    /// The decoder refuses them, or makes no picture of them.
    case decoder
    /// The camera has rules, but this version can use none of them.
    case noRules = "no_rules"
    /// This process has more to do than it can: no fault of the camera.
    case behind
    /// Its platform gives so few streams at once that its turn has not come: no fault of the camera.
    case waitsForTurn = "waits_for_turn"
    /// Looked at, but less often than it should be: its keyframes are too far from each other.
    case keyframesApart = "keyframes_apart"

    /// Whether a camera of which that is true is in service: it is late at most.
    public var isInService: Bool { self == .behind || self == .waitsForTurn || self == .keyframesApart }

    /// A sentence for a person, which goes on after the name of the camera.
    ///
    /// - Parameters:
    ///   - seconds: How long no picture was looked at; of `keyframesApart` the time between two keyframes.
    ///   - interval: Seconds within which it should be looked at.
    ///   - message: What the decoder said; nil when nothing.
    /// - Returns: What is wrong, and what to do.
    public func explanation(seconds: Double, interval: Double, message: String?) -> String {
        let time = "\(Int(min(seconds, 1e9).rounded())) s"
        switch self {
        case .damaged:
            return "sends, but none of its pictures could be looked at for \(time): each keyframe arrives with packets "
                + "missing; check the network on the way, or lower the bit rate of the stream"
        case .noKeyframe:
            return
                "sends, but no keyframe came for \(time): set the camera's I-frame interval (GOP) to 4 s or less, and "
                + "turn off intra refresh (GDR) and \"smart\" coding (H.264+, H.265+)"
        case .tooLarge:
            return "sends, but none of its pictures could be looked at for \(time): they are too large; choose the sub "
                + "stream, or lower resolution and bit rate"
        case .noParameterSets:
            return
                "sends, but none of its pictures could be looked at for \(time): it does not send the parameter sets "
                + "(SPS, PPS) of its video; restart the camera, or choose H.264 in its settings"
        case .incompleteJPEG:
            return
                "sends, but none of its pictures could be looked at for \(time): its JPEG pictures do not say their size "
                + "or their tables; choose H.264 in the camera's settings, or at most 2,040 pixels of width and height"
        case .decoder:
            let why = message.map { ": \($0)" } ?? ""
            return
                "sends, but none of its pictures could be looked at for \(time): they cannot be decoded\(why); choose "
                + "H.264 without extensions in the camera's settings"
        case .noRules:
            return
                "sends, but nobody looks at it: this version can use none of its rules; the log says why, correct them"
        case .behind:
            return "waits to be looked at for \(time): this process has more to do than it can; class III waits first"
        case .waitsForTurn:
            return "waits for its turn for \(time): its platform gives too few streams at once for its cameras and the "
                + "ingest processes; allow it more sessions (at least one for each process), or longer intervals"
        case .keyframesApart:
            let wanted = Int(min(max(interval, 1), 1e9))
            return
                "is looked at every \(time) only, the next time about \(time) after the last one, because its keyframes are "
                + "so far from each other: set the camera's I-frame interval (GOP) to \(wanted) s or less"
        }
    }
}

extension RTPDepacketiser {
    /// Which pictures are handed out with their bytes.
    public enum Keeping: Hashable, Sendable {
        /// All of them.
        case everything
        /// Keyframes only; the packets of other pictures are measured and not copied.
        case keyframes
    }

    /// How much one camera may take.
    public struct Limits: Hashable, Sendable {
        /// Bytes of a picture.
        public var unitBytes = 4 << 20
        /// Slices of a picture that say that they are its first; beyond that it is several pictures that nothing ends.
        public var beginnings = 32
        /// NAL units of a picture.
        public var units = 1024
        /// Bytes that may stand before the first slice of a picture, parameter sets not counted.
        public var headBytes = 65_536
        /// Parameter sets of a camera.
        public var parameterSets = 16
        /// Bytes of one parameter set.
        public var parameterSetBytes = 4096
        /// A gap of more packets than this is a sender that counts anew, not loss.
        public var gap = 3000
        /// Packets by which the numbers go back at most where a sender repeats what it has sent of a picture.
        public var repetition = 32
        /// Seconds between two pictures at most where a sender that counts anew has left nothing out.
        public var continuousSeconds: Int64 = 5
        /// Seconds without an IDR picture or its like after which plain I pictures count as keyframes.
        public var plainIntraSeconds: Int64 = 10
        /// Packets of one other payload type after which it is taken for the track's, as long as there is nothing else.
        public var otherTypeRun = 32

        /// Makes the default limits.
        public init() {}
    }

    /// What was met so far; all count up and wrap.
    public struct Counters: Hashable, Sendable {
        /// Packets that were taken, of any kind.
        public var packets = 0
        /// Packets that are missing by the sequence numbers.
        public var lost = 0
        /// Packets that came twice; dropped.
        public var late = 0
        /// RTCP packets among the RTP packets; dropped.
        public var control = 0
        /// Packets of another payload type; dropped.
        public var otherTypes = 0
        /// Packets and parts of packets that are not what the standards describe.
        public var malformed = 0
        /// Payload formats that are not spoken here.
        public var unsupported = 0
        /// Pictures that were handed out.
        public var units = 0
        /// Keyframes among them.
        public var keyframes = 0
        /// Pictures that were damaged.
        public var damaged = 0
        /// Keyframes without parameter sets.
        public var refused = 0
        /// Pictures beyond a limit.
        public var oversize = 0
        /// Parameter sets beyond a limit or not readable.
        public var refusedParameterSets = 0
        /// Times that the sender started anew: other source, or sequence numbers that jump.
        public var restarts = 0

        /// Makes counters that stand at zero.
        public init() {}
    }
}

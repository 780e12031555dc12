public import Flow

extension RTSPFleet {
    /// Tunables of a fleet; the defaults suit thousands of sub-streams.
    public struct Settings: Sendable, Hashable {
        /// Seconds between two reads of an open connection: what comes meanwhile waits in the socket's buffer.
        public var readInterval = 0.5
        /// Bytes of a socket's receive buffer; the kernel doubles it.
        ///
        /// Must hold what a camera sends in `readInterval`, keyframe included.
        public var receiveBuffer = 128 << 10
        /// Bytes taken from a socket at once; what is beyond waits for the next round of the event loop.
        public var readSize = 128 << 10
        /// Longest wait for a connection, and for the answer to each request, seconds.
        public var responseTimeout = 10.0
        /// How connects are paced.
        public var pace = ConnectPacerSettings()
        /// When a stream counts as failed, stalled or frozen.
        public var life = CameraLifeSettings()
        /// True: `rtsps` cameras need a certificate that this machine trusts.
        public var verifiesCertificates = true
        /// Which addresses close to this machine are read.
        public var localAddresses = LocalAddresses.loopback
        /// Longest visit of a patrol, seconds.
        public var visitWithin = 15.0

        /// The defaults.
        public init() {}
    }
}

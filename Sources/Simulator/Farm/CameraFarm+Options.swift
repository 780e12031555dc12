public import Flow
public import RTSP

extension CameraFarm {
    /// The part of a farm that one of several processes serves.
    public struct Share: Hashable, Sendable {
        /// Which process, from 0 on.
        public var index: Int
        /// How many processes share the farm, at least 1.
        public var count: Int

        /// The share of a process that serves the whole farm alone.
        public static let whole = Share(index: 0, count: 1)

        /// Makes a share; `index` is 0..<`count`.
        public init(index: Int, count: Int) {
            self.index = index
            self.count = count
        }
    }

    /// What a farm serves, where, to whom.
    public struct Options: Hashable, Sendable {
        /// Files, and folders whose `*.mp4` are taken in order of name; camera i shows clip i modulo their number.
        public var clips: [String]
        /// The paths of the cameras' URLs, each once.
        public var cameras: [String]
        /// Address to listen on: an IP address of this machine, `0.0.0.0` or `::` for all.
        public var host = "127.0.0.1"
        /// Port to listen on, 0 for any free one.
        public var port = 8554
        /// How many addresses to listen on, `host` and those behind it; the cameras are spread over them.
        public var addresses = 1
        /// The part of the cameras that this process serves.
        public var share = Share.whole
        /// Who may watch; nil for everybody.
        public var account: Authenticator.Account?
        /// Time-outs of sessions and connections.
        public var session = ServerSession.Options()
        /// Most connections at once; more are closed when they come.
        ///
        /// The limit of open files may allow fewer.
        public var maximumConnections = 40_000
        /// Most bytes of memory for all clips together.
        public var maximumClipBytes = 1 << 30
        /// Most bytes of a packet's payload, 64…60,000.
        public var packetSize = 1400
        /// Seconds between sends to a client, 0…10: all pictures that came due meanwhile go out together; 0 sends each
        /// picture when it is due.
        public var sendInterval = 0.0
        /// Share of the cameras, 0…1, that show a motion clip at any moment.
        public var motionShare = 0.0
        /// Files and folders of motion clips; the n-th belongs to the n-th of `clips`, and again from the first on.
        public var motionClips: [String] = []
        /// Seconds from the start, 0…3600, in which no camera shows a motion clip, where its round has such a pause: who
        /// begins to watch then learns the empty place first.
        public var quietStart = 0.0
        /// What goes wrong on purpose.
        public var faults = FaultPlan()
        /// When the farm started, on the machine's clock that only grows; nil for now.
        ///
        /// The processes of one farm are given the same instant, so that faults come at the same time.
        public var origin: MediaTime?

        /// Makes the options of cameras with the given paths.
        public init(clips: [String], cameras: [String]) {
            self.clips = clips
            self.cameras = cameras
        }

        /// Makes the options of so many cameras at numbered paths.
        public init(clips: [String], count: Int) {
            self.init(clips: clips, cameras: CameraFarm.numberedPaths(count))
        }

        /// Checks what cannot work, and lays the farm out.
        ///
        /// - Throws: `badOption`.
        public func layout() throws(SimulatorError) -> FarmLayout {
            try checkCameras()
            guard (64...60_000).contains(packetSize) else {
                throw SimulatorError(.badOption, "packets of \(packetSize) bytes are out of 64…60000")
            }
            guard (0...10).contains(sendInterval) else {
                throw SimulatorError(.badOption, "a send interval of \(sendInterval) s is out of 0…10")
            }
            guard (0...1).contains(motionShare) else {
                throw SimulatorError(.badOption, "a motion share of \(motionShare) is out of 0…1")
            }
            guard (0...3600).contains(quietStart) else {
                throw SimulatorError(.badOption, "a quiet start of \(quietStart) s is out of 0…3600")
            }
            guard motionShare == 0 || !motionClips.isEmpty else {
                throw SimulatorError(.badOption, "a motion share needs motion clips")
            }
            guard (0..<share.count).contains(share.index) else {
                throw SimulatorError(.badOption, "there is no process \(share.index) of \(share.count)")
            }
            return try FarmLayout(host: host, port: port, addresses: addresses, processes: share.count)
        }

        private func checkCameras() throws(SimulatorError) {
            guard !cameras.isEmpty else {
                throw SimulatorError(.badOption, "a farm needs at least one camera")
            }
            var known: Set<String> = []
            for path in cameras {
                guard !path.isEmpty, RTSPPath.of("/" + path) == path, known.insert(path).inserted else {
                    throw SimulatorError(.badOption, "camera path \"\(path)\" is empty, used twice or not plain")
                }
            }
        }
    }

    /// The paths of so many cameras: `cam/0001`, `cam/0002` and so on.
    public static func numberedPaths(_ count: Int) -> [String] {
        (0..<max(0, count)).map { index in
            let digits = String(index + 1)
            return "cam/" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        }
    }
}

public import RTSP

extension CameraFarm {
    /// What misbehaves on purpose.
    public enum Faults: String, CaseIterable, Hashable, Sendable {
        /// Nothing: all cameras are as good as a camera can be.
        case none
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
        /// Who may watch; nil for everybody.
        public var account: Authenticator.Account?
        /// Time-outs of sessions and connections.
        public var session = ServerSession.Options()
        /// Most connections at once; more are closed when they come.
        public var maximumConnections = 40_000
        /// Most bytes of memory for all clips together.
        public var maximumClipBytes = 1 << 30
        /// Event loops, 1…64; two serve several thousand cameras.
        public var threads = 2
        /// What misbehaves on purpose.
        public var faults = Faults.none

        /// Makes the options of cameras with the given paths.
        public init(clips: [String], cameras: [String]) {
            self.clips = clips
            self.cameras = cameras
        }

        /// Makes the options of so many cameras at numbered paths.
        public init(clips: [String], count: Int) {
            self.init(clips: clips, cameras: CameraFarm.numberedPaths(count))
        }

        /// Checks what cannot work.
        ///
        /// - Throws: `badOption`.
        func check() throws(SimulatorError) {
            guard !cameras.isEmpty else {
                throw SimulatorError(.badOption, "a farm needs at least one camera")
            }
            var known: Set<String> = []
            for path in cameras {
                guard !path.isEmpty, RTSPPath.of("/" + path) == path, known.insert(path).inserted else {
                    throw SimulatorError(.badOption, "camera path \"\(path)\" is empty, used twice or not plain")
                }
            }
            guard (0...65_535).contains(port) else {
                throw SimulatorError(.badOption, "port \(port) is out of 0…65535; 0 takes any free one")
            }
            guard (1...64).contains(threads) else {
                throw SimulatorError(.badOption, "\(threads) event loops are out of 1…64")
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

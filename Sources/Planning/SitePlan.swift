import Flow

/// What a site needs, reckoned from its cameras and from what one machine was measured to take for each step.
///
/// Pure arithmetic; every figure of the answer can be followed by hand. Checked against `deploy/bench`.
public struct SitePlan: Sendable {
    /// The cameras of a site.
    public struct Site: Sendable, Hashable, Codable {
        /// Cameras of class I, II and III.
        public var cameras: [Int]
        /// Sampling interval of each class, seconds.
        public var intervals: [Double]
        /// Bytes of pictures kept for bursts, KiB per camera of each class.
        public var bufferKB: [Double]
        /// Bit rate of a stream, kb/s.
        public var kilobits: Double
        /// Seconds between keyframes.
        public var keyframeInterval: Double
        /// Bytes of a keyframe, KB; 0 takes a tenth more than a fifth of the group.
        public var keyframeKB: Double
        /// Share of cameras on which something moves at a time, 0…1: their keyframes are all decoded.
        public var motionShare: Double
        /// Seconds between two reads of a connection.
        public var readInterval: Double
        /// Most cameras of one ingest process.
        public var maxCameras: Int
        /// Share of a core that is planned for, 0…1: the rest is for peaks.
        public var load: Double

        /// Makes a site from its parts.
        public init(
            cameras: [Int],
            intervals: [Double] = [10, 60, 300],
            bufferKB: [Double] = [512, 256, 0],
            kilobits: Double = 512,
            keyframeInterval: Double = 2,
            keyframeKB: Double = 0,
            motionShare: Double = 0.05,
            readInterval: Double = 0.5,
            maxCameras: Int = 16_000,
            load: Double = 0.7
        ) {
            self.cameras = cameras
            self.intervals = intervals
            self.bufferKB = bufferKB
            self.kilobits = kilobits
            self.keyframeInterval = keyframeInterval
            self.keyframeKB = keyframeKB
            self.motionShare = motionShare
            self.readInterval = readInterval
            self.maxCameras = maxCameras
            self.load = load
        }
    }

    /// What one machine takes for each step; see `MachineCosts`.
    public struct Costs: Sendable, Hashable, Codable {
        /// Decoding of a keyframe, milliseconds.
        public var decode: Double
        /// Bytes of the keyframe that was measured, KB.
        public var keyframeKB: Double
        /// Scaling, detection and rules of one picture, milliseconds.
        public var detect: Double
        /// Taking a packet apart, microseconds.
        public var packet: Double
        /// Reading a kilobyte from a socket, microseconds.
        public var readKB: Double
        /// Waking for a connection, microseconds.
        public var wake: Double

        /// Makes costs from their parts.
        public init(decode: Double, keyframeKB: Double, detect: Double, packet: Double, readKB: Double, wake: Double) {
            self.decode = decode
            self.keyframeKB = keyframeKB
            self.detect = detect
            self.packet = packet
            self.readKB = readKB
            self.wake = wake
        }
    }

    /// Payload of an RTP packet, KB.
    private static let packetKB = 1.4
    /// KB by which the cost of decoding a keyframe grows to twice that of an empty one (measured: 1.1 ms + 67 µs a KB).
    private static let emptyKeyframeKB = 16.4
    /// Memory of a camera beside its buffer, KB, and of a worker without cameras, MB; the bench prints both.
    private static let cameraKB = 160.0
    private static let workerMB = 150.0
    /// Share of the keyframes without motion that the gate decodes beyond the interval, for nothing (measured: W1).
    private static let uselessShare = 0.025
    /// What everything else takes, as a share of the steps that are measured: bursts, gates, handing over, states, alerts
    /// (measured: W1, `deploy/bench` against this plan in one hour on one machine).
    private static let restShare = 0.4

    private let site: Site
    private let costs: Costs

    /// Plans a site with the costs of a machine.
    public init(site: Site, costs: Costs) {
        self.site = site
        self.costs = costs
    }

    /// Bytes of a keyframe, KB.
    public var keyframeKB: Double {
        if site.keyframeKB > 0 { return site.keyframeKB }
        return site.kilobits / 8 * site.keyframeInterval * 0.22
    }

    /// Cameras of all classes.
    public var cameras: Int { site.cameras.reduce(0, +) }

    /// Keyframes decoded a second.
    public var keyframesPerSecond: Double {
        zip(site.cameras, site.intervals).reduce(0) { sum, item in
            let all = 1 / site.keyframeInterval
            let quiet = min(all, 1 / item.1 + Self.uselessShare * all)
            return sum + Double(item.0) * ((1 - site.motionShare) * quiet + site.motionShare * all)
        }
    }

    /// Cores for decoding, detection, reading, and everything else, without headroom.
    public var cores: (decode: Double, detect: Double, read: Double, rest: Double) {
        let decode = costs.decode * (Self.emptyKeyframeKB + keyframeKB) / (Self.emptyKeyframeKB + costs.keyframeKB)
        let kilobytes = Double(cameras) * site.kilobits / 8
        let read =
            kilobytes / Self.packetKB * costs.packet + kilobytes * costs.readKB
            + Double(cameras) / site.readInterval * costs.wake
        let pictures = (decode: keyframesPerSecond * decode / 1000, detect: keyframesPerSecond * costs.detect / 1000)
        let sum = pictures.decode + pictures.detect + read / 1_000_000
        return (pictures.decode, pictures.detect, read / 1_000_000, sum * Self.restShare)
    }

    /// Cores without headroom.
    private var coresUsed: Double { cores.decode + cores.detect + cores.read + cores.rest }

    /// Cores with headroom.
    public var coresNeeded: Double { coresUsed / site.load }

    /// Ingest processes: as many as the cameras need places, and at least one for every two cores of work.
    public var workers: Int {
        let places = (cameras + site.maxCameras - 1) / max(1, site.maxCameras)
        return max(1, places, Int((coresNeeded / 2).rounded(.up)))
    }

    /// Memory of all ingest processes, MB: fixed, of cameras, of their buffers.
    public var memory: (fixed: Double, cameras: Double, buffers: Double) {
        let group = site.kilobits / 8 * site.keyframeInterval
        let buffers = zip(site.cameras, site.bufferKB).reduce(0.0) { sum, item in
            // On average half a group is there; one that is larger than the limit is not kept.
            item.1 >= group ? sum + Double(item.0) * (group + keyframeKB) / 2 / 1024 : sum
        }
        return (Double(workers) * Self.workerMB, Double(cameras) * Self.cameraKB / 1024, buffers)
    }

    /// Network, Mb/s.
    public var network: Double { Double(cameras) * site.kilobits / 1000 }

    /// Cameras that one core holds, without headroom.
    public var camerasPerCore: Double {
        coresUsed > 0 ? Double(cameras) / coresUsed : 0
    }

    /// Alert statements a day that the spool and the database must take, at one case for twelve cameras and day and four
    /// statements each: the design's bound.
    public var statementsPerDay: Int { cameras * 4 / 12 }
}

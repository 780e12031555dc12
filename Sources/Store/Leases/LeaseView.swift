/// Who is alive and who holds what, as one renewal saw it.
public struct LeaseView: Sendable, Hashable {
    /// Number of shards, for ever: a camera's shard is 0 to 255.
    public static let shardCount = 256

    /// A worker whose lease holds.
    public struct Worker: Sendable, Hashable {
        /// Its name.
        public let id: String
        /// Cameras that it can hold.
        public let capacity: Int
        /// Seconds until its lease is over, on the database's clock.
        public let leaseLeft: Double

        /// Makes a worker.
        public init(id: String, capacity: Int, leaseLeft: Double) {
            self.id = id
            self.capacity = capacity
            self.leaseLeft = leaseLeft
        }
    }

    /// A shard.
    public struct Shard: Sendable, Hashable {
        /// 0 to 255.
        public let number: Int
        /// The worker that took it last and did not give it up, alive or not.
        public let owner: String?
        /// How often it was taken.
        public let epoch: Int
        /// Cameras in it that are to be watched.
        public let cameras: Int

        /// Makes a shard.
        public init(number: Int, owner: String?, epoch: Int, cameras: Int) {
            self.number = number
            self.owner = owner
            self.epoch = epoch
            self.cameras = cameras
        }
    }

    /// Who asked.
    public let worker: String
    /// Workers whose leases hold, the asker among them, by name.
    public let workers: [Worker]
    /// All shards by number.
    public let shards: [Shard]
    /// The database's clock at the renewal, seconds since the Unix epoch; nil where that was not asked.
    public let time: Double?

    /// Makes a view.
    public init(worker: String, workers: [Worker], shards: [Shard], time: Double? = nil) {
        self.worker = worker
        self.time = time
        self.workers = workers.sorted { $0.id < $1.id }
        self.shards = shards.sorted { $0.number < $1.number }
    }

    /// Shards that were given up, by number: nobody has to be dead for these to be free.
    public var ownerless: Set<Int> { Set(shards.filter { $0.owner == nil }.map(\.number)) }

    /// Epochs of the shards that the asker owns, by number.
    public var owned: [Int: Int] {
        Dictionary(shards.filter { $0.owner == worker }.map { ($0.number, $0.epoch) }) { first, _ in first }
    }
}

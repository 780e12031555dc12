public import FoundationEssentials

/// A running ingest process: its name, and which start of it this is.
public struct WorkerIdentity: Sendable, Hashable {
    /// Name that stays over restarts, for example `host-1`: 1 to 63 of `A-Z a-z 0-9 . _ -`, the first a letter or digit.
    public let id: String
    /// New at every start of the process.
    public let boot: UUID

    /// Makes an identity.
    public init(id: String, boot: UUID = UUID()) {
        self.id = id
        self.boot = boot
    }
}

/// What a worker believes that it owns; the database checks it wherever an alert has consequences for people.
///
/// May be out of date at any time: then the database says so, and only the facts are kept.
public struct Authority: Sendable, Hashable {
    /// Who writes.
    public let worker: WorkerIdentity
    /// Epoch of each shard that it owns, by the number of the shard.
    public let epochs: [Int: Int]

    /// Makes an authority.
    public init(worker: WorkerIdentity, epochs: [Int: Int]) {
        self.worker = worker
        self.epochs = epochs
    }
}

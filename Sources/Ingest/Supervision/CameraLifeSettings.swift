public import Flow

/// The times of `CameraLife`, in seconds.
public struct CameraLifeSettings: Sendable, Hashable {
    /// Longest time from the try to the open stream.
    public var connectWithin: Double
    /// Longest time without an access unit on an open stream.
    public var stalledAfter: Double
    /// How long units must flow until the next failure counts as the first again.
    public var steadyAfter: Double
    /// How long the picture must have been the same for a frozen stream.
    public var frozenAfter: Double
    /// How many pictures at least must have been the same for a frozen stream.
    public var frozenPictures: Int
    /// Wait after a refusal that needs a person.
    public var refusedWait: Double
    /// Waits after other failures.
    public var backoff: Backoff

    /// Makes the times; `refusedWait` is the cap of the back-off unless given.
    public init(
        connectWithin: Double = 20,
        stalledAfter: Double = 20,
        steadyAfter: Double = 10,
        frozenAfter: Double = 60,
        frozenPictures: Int = 3,
        refusedWait: Double? = nil,
        backoff: Backoff = Backoff(base: 1, cap: 120)
    ) {
        self.connectWithin = max(1, connectWithin)
        self.stalledAfter = max(1, stalledAfter)
        self.steadyAfter = max(0, steadyAfter)
        self.frozenAfter = max(0, frozenAfter)
        self.frozenPictures = max(2, frozenPictures)
        self.refusedWait = max(1, refusedWait ?? backoff.cap)
        self.backoff = backoff
    }
}

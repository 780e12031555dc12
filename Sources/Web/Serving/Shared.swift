/// Something costly that many ask for: read once, and given to all for a short while.
actor Shared<Value: Sendable> {
    private let life: Duration
    private let read: @Sendable () async throws -> Value
    private var kept: (value: Value, until: ContinuousClock.Instant)?
    private var running: Task<Value, any Error>?
    private var generation = 0

    /// - Parameters:
    ///   - life: How long a value is good for.
    ///   - read: Reads it; what it throws goes to all who wait, and is not kept.
    init(life: Duration, read: @escaping @Sendable () async throws -> Value) {
        self.life = life
        self.read = read
    }

    /// The value, at most `life` old.
    func value() async throws -> Value {
        if let kept, ContinuousClock.now < kept.until { return kept.value }
        if let running { return try await running.value }
        let own = generation
        // Not a part of the request that asked first: others wait for it too.
        let task = Task { [read] in try await read() }
        running = task
        let result = await task.result
        if own == generation {
            running = nil
            if case .success(let value) = result { kept = (value, ContinuousClock.now + life) }
        }
        return try result.get()
    }

    /// Forgets the value, also the one that is being read: something was changed.
    func forget() {
        generation += 1
        kept = nil
        running = nil
    }
}

import Ingest

/// Who hears of changes of streams, and of cameras that are blind or are seen again.
protocol StatusListener: Sendable {
    /// A camera's state has changed; any thread, in the order in which it happened. Must not wait.
    func changed(_ status: StreamStatus)
}

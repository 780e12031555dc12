/// Room for the pictures that a thread's cameras keep for bursts, in equal chunks that go from camera to camera.
///
/// Pictures come and go by the thousand a second, and an allocation for each, freed seconds later in another order, costs
/// more than copying it. Not thread-safe: each thread has its own.
public final class ChunkPool {
    /// Bytes of a chunk.
    public static let chunkBytes = 8 << 10
    /// Chunks that wait for use at most; what is beyond goes back to the system.
    private static let mostFree = 512

    private var free: [[UInt8]] = []

    /// Makes an empty pool.
    public init() {}

    /// An empty chunk with room for `chunkBytes`.
    func take() -> [UInt8] {
        if let chunk = free.popLast() { return chunk }
        var chunk: [UInt8] = []
        chunk.reserveCapacity(Self.chunkBytes)
        return chunk
    }

    /// Takes chunks back, out of the owner's array: a chunk that two hold would be copied instead of emptied.
    func take(back chunks: inout [[UInt8]]) {
        while free.count < Self.mostFree, var chunk = chunks.popLast() {
            chunk.removeAll(keepingCapacity: true)
            free.append(chunk)
        }
        chunks.removeAll()
    }
}

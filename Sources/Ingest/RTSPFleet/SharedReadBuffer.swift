import NIOCore

/// The one buffer that all connections of an event loop read into, one after the other.
///
/// A read takes the buffer out and the connection gives it back once the bytes are worked off: no read buffer per camera,
/// no allocation per read, and what a camera sent since the last visit comes in one system call.
///
/// Safety: used on one event loop only, by its channels and their last handler.
final class SharedReadBuffer: @unchecked Sendable {
    private let size: Int
    private var spare: ByteBuffer?

    /// Makes the buffer of an event loop.
    ///
    /// - Parameter size: Bytes that one read can take.
    init(size: Int) {
        self.size = size
    }

    /// Takes the buffer out, or makes one while the last one is still in use.
    func take(_ allocator: ByteBufferAllocator) -> ByteBuffer {
        guard var buffer = spare else { return allocator.buffer(capacity: size) }
        spare = nil
        buffer.clear()
        return buffer
    }

    /// Takes a buffer back; one of another size, as TLS hands them on, is let go.
    func giveBack(_ buffer: consuming ByteBuffer) {
        if spare == nil, buffer.storageCapacity >= size { spare = buffer }
    }
}

/// What has a channel read into a `SharedReadBuffer`.
///
/// Needs `maxMessagesPerRead` 1. NIO keeps the first buffer of a channel for good, so that one is small; all others
/// come from the shared one because no next size is told, which is how NIO sees that it may not reuse its own.
struct SharedReadAllocator: RecvByteBufferAllocator {
    /// Bytes of the buffer that each channel keeps without using it again.
    private static let firstSize = 512

    let shared: SharedReadBuffer
    private var hasRead = false

    init(_ shared: SharedReadBuffer) {
        self.shared = shared
    }

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        hasRead ? shared.take(allocator) : allocator.buffer(capacity: Self.firstSize)
    }

    mutating func record(actualReadBytes: Int) -> Bool {
        hasRead = true
        return true
    }
}

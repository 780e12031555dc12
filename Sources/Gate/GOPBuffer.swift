public import Flow

/// The units of one camera since its last keyframe, for a burst; bounded in bytes.
///
/// A group that outgrows the bound is given up whole until the next keyframe: without its beginning the rest cannot be
/// decoded.
public struct GOPBuffer {
    /// Why units are not there.
    public enum Loss: Sendable, Hashable {
        /// Nothing is missing.
        case none
        /// No keyframe has come yet, or the stream was interrupted.
        case noKeyframe
        /// The group is larger than the bound.
        case outgrown
        /// Bytes of a unit are missing, or were never wanted.
        case incomplete
    }

    /// What is kept of a unit beside its bytes; the coding is that of the group's keyframe.
    private struct Header {
        var time: MediaTime
        var decodeTime: MediaTime
        var size: Int32
        var count: Int32
        var isKeyframe: Bool
    }

    /// Bytes kept at most; 0 keeps nothing.
    public let limit: Int
    /// What is missing.
    public private(set) var loss = Loss.noKeyframe
    /// Units dropped so far because their group outgrew the bound.
    public private(set) var dropped = 0

    private let pool: ChunkPool
    private var headers: [Header] = []
    private var format: StreamFormat?
    private var chunks: [[UInt8]] = []
    private var bytes = 0

    /// Makes an empty buffer.
    ///
    /// - Parameters:
    ///   - limit: Bytes kept at most.
    ///   - pool: Where its memory comes from; that of the thread on which the buffer is used.
    public init(limit: Int, pool: ChunkPool = ChunkPool()) {
        self.limit = max(0, limit)
        self.pool = pool
    }

    /// Memory that the pictures take, bytes.
    public var heldBytes: Int { chunks.count * ChunkPool.chunkBytes }

    /// True when there is nothing to decode.
    public var isEmpty: Bool { headers.isEmpty }

    /// The units, keyframe first, in decode order, copied out; empty when there is a loss.
    public var units: [AccessUnit] {
        guard let format else { return [] }
        var position = 0
        return headers.map { header in
            let end = position + Int(header.count)
            defer { position = end }
            return AccessUnit(
                format: format,
                time: header.time,
                decodeTime: header.decodeTime,
                isKeyframe: header.isKeyframe,
                size: Int(header.size),
                bytes: copy(position..<end)
            )
        }
    }

    /// Adds the next unit; a keyframe drops the group before it.
    public mutating func add(_ unit: AccessUnit) {
        if unit.isKeyframe {
            clear()
            loss = .none
        }
        guard loss == .none else {
            if loss == .outgrown { dropped += 1 }
            return
        }
        guard !unit.isDamaged, !unit.bytes.isEmpty else {
            clear()
            loss = .incomplete
            return
        }
        guard bytes + unit.bytes.count <= limit else {
            dropped += headers.count + 1
            clear()
            loss = .outgrown
            return
        }
        keep(unit)
    }

    /// Forgets the group: the stream was interrupted, or what follows does not continue it.
    public mutating func interrupted() {
        clear()
        loss = .noKeyframe
    }

    private mutating func keep(_ unit: AccessUnit) {
        var rest = unit.bytes[...]
        while !rest.isEmpty {
            if chunks.last.map({ $0.count == ChunkPool.chunkBytes }) ?? true { chunks.append(pool.take()) }
            let last = chunks.count - 1
            let part = rest.prefix(ChunkPool.chunkBytes - chunks[last].count)
            chunks[last].append(contentsOf: part)
            rest = rest[part.endIndex...]
        }
        bytes += unit.bytes.count
        if unit.isKeyframe { format = unit.format }
        headers.append(
            Header(
                time: unit.time,
                decodeTime: unit.decodeTime,
                size: Int32(clamping: unit.size),
                count: Int32(clamping: unit.bytes.count),
                isKeyframe: unit.isKeyframe
            )
        )
    }

    private func copy(_ range: Range<Int>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(range.count)
        var position = range.lowerBound
        while position < range.upperBound {
            let (index, offset) = position.quotientAndRemainder(dividingBy: ChunkPool.chunkBytes)
            let end = min(ChunkPool.chunkBytes, offset + range.upperBound - position)
            result.append(contentsOf: chunks[index][offset..<end])
            position += end - offset
        }
        return result
    }

    private mutating func clear() {
        headers.removeAll(keepingCapacity: true)
        pool.take(back: &chunks)
        bytes = 0
    }
}

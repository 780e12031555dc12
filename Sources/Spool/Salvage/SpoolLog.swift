/// The write-ahead log of a spool's database: newer versions of pages, in the order in which they were written.
///
/// SQLite reads it up to the first frame that does not fit and takes the rest for leftovers of an earlier round. So a
/// single flipped bit hides everything behind it without a word; here frames count by the round that they belong to.
struct SpoolLog {
    private static let head = 32
    private static let frameHead = 24

    private let read: SpoolImage.Reader
    private let pageSize: Int
    /// Offsets of the committed versions of each page, the oldest first.
    private var frames: [Int: [Int]] = [:]
    private var leftOver: [Int] = []

    /// True when frames of the current round stand behind one that does not fit, and were committed.
    private(set) var isDamaged = false
    /// The largest page that it has a version of, as far as the size of the log allows.
    private(set) var largestPage = 0

    /// The size of a page that the log's header names; nil when it is damaged.
    static func pageSize(_ read: SpoolImage.Reader) -> Int? {
        guard let head = read(0, Self.head), head.count == Self.head,
            SpoolImage.number(head, 0, 4) | 1 == 0x377f_0683
        else { return nil }
        return SpoolImage.number(head, 8, 4)
    }

    init(_ read: @escaping SpoolImage.Reader, size: Int, pageSize: Int) {
        self.read = read
        self.pageSize = pageSize
        let length = Self.frameHead + pageSize
        let count = size > Self.head ? (size - Self.head) / length : 0
        guard count > 0, let head = read(0, Self.head), head.count == Self.head else { return }
        var chain = Chain(head)
        guard let first = read(Self.head, Self.frameHead), first.count == Self.frameHead else { return }
        // A round begins with the first frame: where header and frame disagree, one of them is damaged.
        let salts = chain.isWhole ? Array(head[16..<24]) : Array(first[8..<16])
        var pending: [(page: Int, offset: Int)] = []
        var fits = chain.isWhole
        for index in 0..<count {
            let offset = Self.head + index * length
            guard let frame = read(offset, Self.frameHead), frame.count == Self.frameHead else { continue }
            let isCurrent = Array(frame[8..<16]) == salts
            if fits { fits = isCurrent && chain.take(frame, read(offset + Self.frameHead, pageSize)) }
            guard isCurrent else { continue }
            let page = SpoolImage.number(frame, 0, 4)
            guard page > 0, page < 1 << 24 else { continue }
            pending.append((page, offset + Self.frameHead))
            guard SpoolImage.number(frame, 4, 4) > 0 else { continue }
            if !fits { isDamaged = true }
            for (page, offset) in pending { frames[page, default: []].append(offset) }
            largestPage = max(largestPage, fits ? pending.map(\.page).max() ?? 0 : 0)
            pending = []
        }
        leftOver = pending.map(\.offset)
    }

    /// The committed versions of a page, the newest first.
    func versions(of page: Int) -> [[UInt8]] {
        (frames[page] ?? []).reversed().compactMap { bytes(at: $0) }
    }

    /// Pages that were written and not committed, as far as can be told.
    var uncommitted: [[UInt8]] { leftOver.compactMap { bytes(at: $0) } }

    private func bytes(at offset: Int) -> [UInt8]? {
        guard let bytes = read(offset, pageSize), bytes.count == pageSize else { return nil }
        return bytes
    }

    /// The running checksum that ties each frame to those before it.
    private struct Chain {
        private var (one, two): (UInt32, UInt32) = (0, 0)
        private let isBigEndian: Bool
        /// True when the log's header has its own checksum.
        private(set) var isWhole = false

        init(_ head: [UInt8]) {
            isBigEndian = head[3] & 1 == 1
            guard SpoolImage.number(head, 0, 4) | 1 == 0x377f_0683 else { return }
            add(head[..<24])
            isWhole =
                SpoolImage.number(head, 24, 4) == Int(one) && SpoolImage.number(head, 28, 4) == Int(two)
        }

        /// Adds a frame; false when its checksum says that it does not belong here.
        mutating func take(_ frame: [UInt8], _ page: [UInt8]?) -> Bool {
            guard let page else { return false }
            add(frame[..<8])
            add(page[...])
            return SpoolImage.number(frame, 16, 4) == Int(one) && SpoolImage.number(frame, 20, 4) == Int(two)
        }

        private mutating func add(_ bytes: ArraySlice<UInt8>) {
            bytes.withUnsafeBytes { raw in
                for offset in stride(from: 0, to: raw.count - 7, by: 8) {
                    one = one &+ word(raw, offset) &+ two
                    two = two &+ word(raw, offset + 4) &+ one
                }
            }
        }

        private func word(_ raw: UnsafeRawBufferPointer, _ offset: Int) -> UInt32 {
            let value = raw.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
            return isBigEndian ? UInt32(bigEndian: value) : UInt32(littleEndian: value)
        }
    }
}

/// A row as it was found in the bytes of a file.
struct FoundRow: Hashable {
    let sequence: Int64
    let checksum: Int64
    let body: [UInt8]

    /// True when number, checksum and body belong together.
    var isIntact: Bool {
        (1...SpoolPage.largestSequence).contains(sequence)
            && checksum == Int64(CRC32C.ofRow(sequence: sequence, bytes: body))
    }
}

/// One page of a SQLite database, read without trusting it.
///
/// Rows of the table `alert` have a shape of their own (nothing, a number, bytes) and a checksum, so they can be told from
/// anything else wherever they stand. A page whose bytes all add up is read by its list of cells; any other page is also
/// searched byte by byte, so that damage to the list, or to the kind of the page, loses no row that is whole itself.
struct SpoolPage {
    /// What a page is, as far as can be told.
    enum Kind: Hashable {
        /// A leaf whose cells and gaps add up to the page.
        case leaf
        /// An inner page of a tree, whose cells and gaps add up too.
        case branch
        /// Anything else: damaged, or the rest of a row that is longer than a page.
        case unknown
    }

    /// Largest number that a row can have; a flipped bit makes larger ones.
    static let largestSequence: Int64 = 1 << 53
    /// Longest row that is believed, bytes.
    private static let longestRow = 1 << 24

    /// Its bytes.
    let bytes: [UInt8]
    /// Where the page's own header stands: 100 on the first page, behind that of the file, else 0.
    let start: Int

    init(bytes: [UInt8], isFirst: Bool) {
        self.bytes = bytes
        self.start = isFirst ? 100 : 0
    }

    /// A cell of a leaf: the row in it where it has the shape of one, and the bytes that it takes.
    private struct Cell {
        var row: FoundRow?
        var size: Int
    }

    /// What stands on the page.
    struct Content {
        var kind: Kind
        /// Rows of alerts, whole or not, each once.
        var rows: [FoundRow] = []
        /// Cells that the page's list names.
        var cells = 0
    }

    /// Reads the page; `overflow` gives the page on which a long row goes on, nil when there is none of that number.
    func read(overflow: (UInt32) -> [UInt8]?) -> Content {
        guard bytes.count >= 512 else { return Content(kind: .unknown) }
        // One flipped bit makes a leaf look like an inner page, so that has to add up as well.
        if isBranch { return Content(kind: .branch) }
        var content = listed(overflow)
        if content.kind == .leaf { return content }
        var known = Set(content.rows)
        // The head of a row is found first, because little else looks like it; its cell begins two to twelve bytes before.
        for head in start + 2..<bytes.count - 3 where RowShape.mayBegin(bytes, at: head) {
            for offset in max(start, head - 12)...head - 2 {
                guard let row = cell(at: offset, overflow)?.row, row.isIntact, known.insert(row).inserted else {
                    continue
                }
                content.rows.append(row)
            }
        }
        return content
    }

    /// Reads the page by its list of cells; of kind `leaf` only when everything adds up.
    private func listed(_ overflow: (UInt32) -> [UInt8]?) -> Content {
        var content = Content(kind: .unknown)
        guard bytes[start] == 0x0d else { return content }
        let adds = addsUp(headBytes: 8) { offset in
            content.cells += 1
            guard let cell = cell(at: offset, overflow) else { return nil }
            if let row = cell.row { content.rows.append(row) }
            return cell.size
        }
        if adds { content.kind = .leaf }
        return content
    }

    /// Whether this is an inner page of a tree: numbers of pages with keys between them.
    private var isBranch: Bool {
        guard bytes[start] == 0x05 else { return false }
        return addsUp(headBytes: 12) { offset in
            var reader = VarintReader(bytes: bytes, position: offset + 4)
            return reader.next() == nil ? nil : reader.position - offset
        }
    }

    /// Whether head, list, cells and free blocks account for every byte of the page.
    ///
    /// `cell`: looks at the cell at an offset and gives its size; nil when none can be there.
    private func addsUp(headBytes: Int, _ cell: (Int) -> Int?) -> Bool {
        let count = number(start + 3)
        let list = start + headBytes
        let top = number(start + 5) == 0 ? 65_536 : number(start + 5)
        guard list + 2 * count <= bytes.count, top >= list + 2 * count, top <= bytes.count else { return false }
        var parts: [Range<Int>] = []
        var isSound = true
        for index in 0..<count {
            let offset = number(list + 2 * index)
            guard offset >= top, let size = cell(offset), offset + max(4, size) <= bytes.count else {
                isSound = false
                continue
            }
            parts.append(offset..<offset + max(4, size))
        }
        guard isSound, let free = freeBlocks(from: top) else { return false }
        parts += free
        parts.sort { $0.lowerBound < $1.lowerBound }
        // A list that names one cell twice hides another.
        guard zip(parts, parts.dropFirst()).allSatisfy({ $0.upperBound <= $1.lowerBound }) else { return false }
        return parts.reduce(Int(bytes[start + 7])) { $0 + $1.count } == bytes.count - top
    }

    /// The free blocks; nil when their list cannot be.
    private func freeBlocks(from top: Int) -> [Range<Int>]? {
        var blocks: [Range<Int>] = []
        var block = number(start + 1)
        while block != 0 {
            guard block >= top, block + 4 <= bytes.count else { return nil }
            let (next, size) = (number(block), number(block + 2))
            guard size >= 4, block + size <= bytes.count, next == 0 || next >= block + size else { return nil }
            blocks.append(block..<block + size)
            block = next
        }
        return blocks
    }

    /// The cell of a leaf that begins at `offset`; nil when none can begin there.
    private func cell(at offset: Int, _ overflow: (UInt32) -> [UInt8]?) -> Cell? {
        var reader = VarintReader(bytes: bytes, position: offset)
        guard let payload = reader.next(), let number = reader.next(), payload > 0, payload <= Int64(Self.longestRow)
        else { return nil }
        let local = Self.localBytes(Int(payload), usable: bytes.count)
        let begin = reader.position
        let isLong = local < Int(payload)
        let end = begin + local + (isLong ? 4 : 0)
        guard end <= bytes.count else { return nil }
        var cell = Cell(row: nil, size: end - offset)
        guard let shape = RowShape(bytes, at: begin, payload: Int(payload)), begin + shape.header <= begin + local
        else {
            return cell
        }
        var content = Array(bytes[begin..<begin + local])
        if isLong {
            let next = UInt32(self.number(end - 4)) << 16 | UInt32(self.number(end - 2))
            guard Self.follow(next, &content, until: Int(payload), usable: bytes.count, overflow) else { return cell }
        }
        cell.row = shape.row(content, sequence: number)
        return cell
    }

    /// Bytes of a row that stand on the leaf itself; the rest is on pages of its own.
    private static func localBytes(_ payload: Int, usable: Int) -> Int {
        guard payload > usable - 35 else { return payload }
        let least = (usable - 12) * 32 / 255 - 23
        let fitting = least + (payload - least) % (usable - 4)
        return fitting <= usable - 35 ? fitting : least
    }

    private static func follow(
        _ first: UInt32,
        _ content: inout [UInt8],
        until payload: Int,
        usable: Int,
        _ overflow: (UInt32) -> [UInt8]?
    ) -> Bool {
        var next = first
        // Each page adds something, so this ends whatever the pages say.
        while content.count < payload {
            guard next != 0, let page = overflow(next), page.count == usable else { return false }
            next = page[0..<4].reduce(0) { $0 << 8 | UInt32($1) }
            content += page[4..<min(usable, 4 + payload - content.count)]
        }
        return true
    }

    /// Two bytes, big endian; 0 behind the end.
    private func number(_ offset: Int) -> Int {
        offset >= 0 && offset + 1 < bytes.count ? Int(bytes[offset]) << 8 | Int(bytes[offset + 1]) : 0
    }
}

/// The head of a row of `alert`: nothing for the number, which is the key, then a checksum and bytes.
private struct RowShape {
    /// Bytes of the head.
    let header: Int
    private let checksum: Int64
    private let body: Int

    /// Whether the first three bytes can be those of a head; cheap, and seldom true elsewhere.
    static func mayBegin(_ bytes: [UInt8], at begin: Int) -> Bool {
        bytes[begin + 1] == 0 && (4...12).contains(bytes[begin]) && (1...9).contains(bytes[begin + 2])
    }

    init?(_ bytes: [UInt8], at begin: Int, payload: Int) {
        var reader = VarintReader(bytes: bytes, position: begin)
        guard let size = reader.next(), reader.next() == 0, let number = reader.next(), let blob = reader.next(),
            Int64(reader.position - begin) == size, blob >= 12, blob.isMultiple(of: 2),
            number == 8 || number == 9
                || (1...6).contains(number)
        else { return nil }
        header = reader.position - begin
        checksum = number
        let length = (blob - 12) / 2
        guard length <= Int64(payload) else { return nil }
        body = Int(length)
        guard header + Self.width(number) + body == payload else { return nil }
    }

    private static func width(_ kind: Int64) -> Int {
        switch kind {
        case 1...4: Int(kind)
        case 5: 6
        case 6: 8
        default: 0
        }
    }

    func row(_ content: [UInt8], sequence: Int64) -> FoundRow? {
        let width = Self.width(checksum)
        guard content.count == header + width + body else { return nil }
        var value: Int64 = checksum == 9 ? 1 : 0
        if width > 0 {
            value = content[header] & 0x80 == 0 ? 0 : -1
            for byte in content[header..<header + width] { value = value << 8 | Int64(byte) }
        }
        return FoundRow(sequence: sequence, checksum: value, body: Array(content[(header + width)...]))
    }
}

/// Reads SQLite's numbers of variable length.
private struct VarintReader {
    let bytes: [UInt8]
    private(set) var position: Int

    init(bytes: [UInt8], position: Int) {
        self.bytes = bytes
        self.position = position
    }

    /// The next number; nil behind the end.
    mutating func next() -> Int64? {
        var value: UInt64 = 0
        for index in 0..<9 {
            guard position >= 0, position < bytes.count else { return nil }
            let byte = bytes[position]
            position += 1
            if index == 8 { return Int64(bitPattern: value << 8 | UInt64(byte)) }
            value = value << 7 | UInt64(byte & 0x7f)
            if byte & 0x80 == 0 { return Int64(bitPattern: value) }
        }
        return nil
    }
}

/// The bytes of a spool's database and of its write-ahead log, read page by page without SQLite.
///
/// Every page is looked at, whatever the tree says of it: the header, the tree's inner pages and the list of free pages
/// may all be damaged. A row is taken for its checksum alone. Pages that the list of free pages names are left out, and
/// of a page that the log has too the newest committed version counts, so that rows that were removed do not come back;
/// where damage makes that impossible they do come back, which is harmless, because the database folds repeats.
struct SpoolImage {
    /// Reads bytes at an offset; fewer at the end of the file, nil where the disk gives none.
    typealias Reader = (_ offset: Int, _ count: Int) -> [UInt8]?

    private static let sizes = [4096, 1024, 2048, 8192, 16_384, 32_768, 65_536, 512]
    private static let magic = Array("SQLite format 3\0".utf8)
    private static let application = 0x4757_5350
    /// Rows with a wrong checksum that are kept.
    static let brokenLimit = 10_000

    private let database: Reader
    private let size: Int
    private let log: SpoolLog?
    /// Bytes of a page.
    let pageSize: Int
    /// True when the file's own header is whole, as far as it matters here.
    let hasHeader: Bool
    /// True when that header says that the file is a spool of Gridwatch.
    let isNamedSpool: Bool
    /// True when there is nothing at all, not even in the log.
    let isEmpty: Bool

    /// Takes the files; nothing is read of them but what tells the size of a page.
    ///
    /// `log` and `logSize`: those of the write-ahead log; nil when there is none.
    init(database: @escaping Reader, size: Int, log: Reader?, logSize: Int = 0) {
        self.database = database
        self.size = size
        let head = database(0, 100) ?? []
        let named = head.count == 100 ? Self.number(head, 16, 2) : 0
        let stated = named == 1 ? 65_536 : named
        hasHeader = head.count == 100 && Array(head[..<16]) == Self.magic && Self.sizes.contains(stated)
        let logged = log.flatMap { SpoolLog.pageSize($0) }
        isNamedSpool = hasHeader && Self.number(head, 68, 4) == Self.application
        isEmpty = size == 0 && logSize == 0
        let pageSize: Int
        if hasHeader {
            pageSize = stated
        } else if let logged, Self.sizes.contains(logged) {
            pageSize = logged
        } else {
            pageSize = Self.guess(database, size)
        }
        self.pageSize = pageSize
        self.log = log.map { SpoolLog($0, size: logSize, pageSize: pageSize) }
    }

    /// The size with which the first row is found; that of SQLite when there is none.
    private static func guess(_ database: Reader, _ size: Int) -> Int {
        for candidate in sizes {
            for page in 0..<min(64, size / candidate) {
                guard let bytes = database(page * candidate, candidate), bytes.count == candidate else { continue }
                let rows = SpoolPage(bytes: bytes, isFirst: page == 0).read { _ in nil }.rows
                if rows.contains(where: \.isIntact) { return candidate }
            }
        }
        return sizes[0]
    }

    /// What a walk found.
    struct Findings {
        /// Pages that there are, or should be.
        var pages = 0
        /// Pages that are in no order any more, cut off, or cannot be read.
        var damagedPages = 0
        /// Numbers of the rows that are whole and count; ordered, each once.
        var intact: [ClosedRange<Int64>] = []
        /// Rows whose checksum does not match, by number; at most `brokenLimit`.
        var broken: [Int64: FoundRow] = [:]
        /// Rows that have lost their number or their shape: they are missing somewhere else.
        var strays = 0
        /// The number given last, where the file still says so.
        var lastGiven: Int64?
        /// Cells of the fullest whole leaf.
        var fullestLeaf = 0
        /// True when the write-ahead log is damaged before its end.
        var logIsDamaged = false
    }

    /// Looks at every page, and calls `take` for each row that is whole; the same row may come several times.
    ///
    /// - Throws: What `take` throws.
    func walk(_ take: (FoundRow) throws -> Void) rethrows -> Findings {
        var findings = Findings()
        var numbers = NumberSet()
        var late: [FoundRow] = []
        var unknown: [Int] = []
        var followed: Set<Int> = []
        func overflow(_ number: UInt32) -> [UInt8]? {
            followed.insert(Int(number))
            return versions(of: Int(number)).first
        }
        findings.logIsDamaged = log?.isDamaged ?? false
        findings.pages = max((size + pageSize - 1) / pageSize, statedPages, log?.largestPage ?? 0)
        let free = freePages(among: findings.pages)
        for number in 1...max(1, findings.pages) where !free.contains(number) {
            let versions = versions(of: number)
            guard let newest = versions.first else {
                unknown.append(number)
                continue
            }
            let content = page(newest, number).read(overflow: overflow)
            if content.kind == .unknown { unknown.append(number) }
            if content.kind == .leaf {
                findings.fullestLeaf = max(findings.fullestLeaf, content.cells)
                if !content.rows.isEmpty { findings.strays += content.cells - content.rows.count }
            }
            // That table has a row for each of two tables.
            if findings.lastGiven == nil, content.cells <= 2 || content.kind == .unknown {
                findings.lastGiven = lastGiven(newest)
            }
            for row in content.rows {
                if row.isIntact {
                    if content.kind == .leaf { numbers.insert(row.sequence) } else { late.append(row) }
                    try take(row)
                } else if findings.broken.count < Self.brokenLimit {
                    findings.broken[row.sequence] = row
                }
            }
            // What the newest version has lost an older one may still have.
            guard content.kind == .unknown || content.rows.contains(where: { !$0.isIntact }) else { continue }
            for older in versions.dropFirst() {
                for row in page(older, number).read(overflow: overflow).rows where row.isIntact {
                    late.append(row)
                    try take(row)
                }
            }
        }
        for bytes in log?.uncommitted ?? [] {
            for row in SpoolPage(bytes: bytes, isFirst: false).read(overflow: overflow).rows where row.isIntact {
                late.append(row)
                try take(row)
            }
        }
        // The rest of a long row has no order of its own.
        findings.damagedPages = unknown.count { !followed.contains($0) }
        settle(&findings, &numbers, late)
        return findings
    }

    /// Counts rows of damaged pages, apart from those that were removed long ago and only left their bytes behind.
    private func settle(_ findings: inout Findings, _ numbers: inout NumberSet, _ late: [FoundRow]) {
        let room = Int64(findings.damagedPages + 1) * Int64(max(findings.fullestLeaf, 16))
        let first = numbers.first ?? (late.map(\.sequence).max() ?? 0)
        for row in late where row.sequence >= first - room { numbers.insert(row.sequence) }
        findings.intact = numbers.ranges
        let last = max(findings.lastGiven ?? 0, numbers.ranges.last?.upperBound ?? 0)
        for sequence in findings.broken.keys
        where numbers.contains(sequence) || sequence < first - room || sequence > last {
            findings.broken[sequence] = nil
            findings.strays += 1
        }
    }

    private func page(_ bytes: [UInt8], _ number: Int) -> SpoolPage {
        SpoolPage(bytes: bytes, isFirst: number == 1)
    }

    /// The committed versions of a page, the newest first.
    private func versions(of number: Int) -> [[UInt8]] {
        var versions = log?.versions(of: number) ?? []
        if number * pageSize <= size, let bytes = database((number - 1) * pageSize, pageSize), bytes.count == pageSize {
            versions.append(bytes)
        } else if (number - 1) * pageSize < size, let rest = database((number - 1) * pageSize, pageSize), !rest.isEmpty
        {
            // The file was cut within the page: what is there may hold rows.
            versions.append(rest + [UInt8](repeating: 0, count: max(0, pageSize - rest.count)))
        }
        return versions
    }

    private var statedPages: Int {
        guard hasHeader, let head = versions(of: 1).first else { return 0 }
        let stated = Self.number(head, 28, 4)
        // A damaged number must not send the walk over billions of pages that never were.
        return stated <= (size / pageSize + 1) * 4 + 1024 ? stated : 0
    }

    /// Pages that hold nothing, as far as their list can be followed.
    private func freePages(among pages: Int) -> Set<Int> {
        guard hasHeader, let head = versions(of: 1).first else { return [] }
        var free: Set<Int> = []
        var trunk = Self.number(head, 32, 4)
        let expected = Self.number(head, 36, 4)
        while trunk > 1, trunk <= pages, !free.contains(trunk), let bytes = versions(of: trunk).first {
            let count = Self.number(bytes, 4, 4)
            guard count <= pageSize / 4 - 2 else { return [] }
            free.insert(trunk)
            for index in 0..<count {
                let leaf = Self.number(bytes, 8 + 4 * index, 4)
                guard leaf > 1, leaf <= pages else { return [] }
                free.insert(leaf)
            }
            trunk = Self.number(bytes, 0, 4)
        }
        return trunk == 0 && free.count == expected ? free : []
    }

    /// The row of SQLite's own table that says which number `alert` gave last; nil when it is not on this page.
    private func lastGiven(_ bytes: [UInt8]) -> Int64? {
        // Its head: three bytes of head, a text of five, a whole number; then the name of the table.
        let name = Array("alert".utf8)
        let widths = [0, 1, 2, 3, 4, 6, 8]
        for offset in 0..<max(0, bytes.count - 8) where bytes[offset] == 3 && bytes[offset + 1] == 23 {
            let kind = Int(bytes[offset + 2])
            guard (1...6).contains(kind), offset + 8 + widths[kind] <= bytes.count,
                Array(bytes[offset + 3..<offset + 8]) == name
            else { continue }
            return bytes[offset + 8..<offset + 8 + widths[kind]].reduce(0) { $0 << 8 | Int64($1) }
        }
        return nil
    }

    static func number(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> Int {
        guard offset + count <= bytes.count else { return 0 }
        return bytes[offset..<offset + count].reduce(0) { $0 << 8 | Int($1) }
    }
}

extension SpoolImage.Findings {
    /// Rows that are whole.
    var intactRows: Int { intact.reduce(0) { $0 + Int($1.upperBound - $1.lowerBound) + 1 } }

    /// Rows that are missing between those that are there, as far as damaged pages can explain it; about.
    var missingRows: Int {
        // A damaged row may have lost its number, and then it leaves a gap elsewhere.
        let most = damagedPages * max(fullestLeaf, 1) + strays + broken.count
        guard most > 0, let first = intact.first?.lowerBound, let last = intact.last?.upperBound else { return 0 }
        var missing = zip(intact, intact.dropFirst()).reduce(0) { sum, pair in
            sum + min(most, Int(pair.1.lowerBound - pair.0.upperBound) - 1)
        }
        if let lastGiven, lastGiven > last { missing += Int(min(Int64(most), lastGiven - last)) }
        missing -= broken.keys.count { first < $0 && $0 <= max(last, lastGiven ?? last) }
        return min(most, max(0, missing))
    }
}

/// Files of a spool: of any bytes nothing is made up, and of a damaged file no row is lost whose own bytes are whole.
@Sendable
func fuzzSalvage(_ input: inout Input) {
    if input.byte() & 1 == 0 {
        salvageDamaged(&input)
    } else {
        salvageAnything(&input)
    }
}

/// Any bytes as database and log.
private func salvageAnything(_ input: inout Input) {
    let log = input.bytes(Int(input.integer(UInt16.self) & 0xfff))
    let database = input.all()
    let image = SpoolImage(
        database: { slice(database, $0, $1) },
        size: database.count,
        log: log.isEmpty ? nil : { slice(log, $0, $1) },
        logSize: log.count
    )
    var taken: Set<Int64> = []
    let found = image.walk { row in
        precondition(row.isIntact, "a row that is not whole was taken")
        taken.insert(row.sequence)
    }
    for (range, next) in zip(found.intact, found.intact.dropFirst()) {
        precondition(range.upperBound + 1 < next.lowerBound, "ranges that touch or stand in no order")
    }
    precondition(found.intactRows <= taken.count, "rows were counted that nobody took")
    precondition(found.missingRows >= 0)
}

/// A sound file of two pages and a log that has newer versions of them, with bytes changed here and there.
private func salvageDamaged(_ input: inout Input) {
    let pageSize = 4096
    var file: [UInt8] = []
    var places: [(sequence: Int64, range: Range<Int>)] = []
    var sequence = Int64(input.integer(UInt32.self)) + 1
    for page in 0..<3 {
        var bytes = [UInt8](repeating: 0, count: pageSize)
        let start = page == 0 ? 100 : 0
        if page == 0 { bytes.replaceSubrange(0..<24, with: fileHead) }
        var cells: [Int] = []
        var top = pageSize
        for _ in 0..<Int(input.byte() & 15) {
            let cell = encode(sequence, body: [UInt8](repeating: input.byte(), count: Int(input.byte()) + 1))
            guard top - cell.count > start + 8 + 2 * (cells.count + 1) else { break }
            top -= cell.count
            bytes.replaceSubrange(top..<top + cell.count, with: cell)
            places.append((sequence, page * pageSize + top..<page * pageSize + top + cell.count))
            cells.append(top)
            sequence += 1 + Int64(input.byte() & 1)
        }
        let head: [UInt8] = [0x0d, 0, 0] + twoBytes(cells.count) + twoBytes(top) + [0]
        bytes.replaceSubrange(start..<start + 8, with: head)
        bytes.replaceSubrange(start + 8..<start + 8 + 2 * cells.count, with: cells.flatMap(twoBytes))
        file += bytes
    }
    var touched: Set<Int> = []
    while !input.isEmpty {
        let place = Int(input.integer(UInt16.self)) % file.count
        file[place] ^= input.byte()
        touched.insert(place)
    }
    let damaged = file
    let image = SpoolImage(database: { slice(damaged, $0, $1) }, size: damaged.count, log: nil)
    var taken: Set<Int64> = []
    let found = image.walk { taken.insert($0.sequence) }
    let whole = places.filter { place in !place.range.contains(where: touched.contains) }
    // A header that names free pages, or another size of page, is believed.
    guard !touched.contains(where: { $0 < 100 }) else { return }
    precondition(taken.isSuperset(of: whole.map(\.sequence)), "a row was lost whose own bytes are whole")
    if touched.isEmpty {
        precondition(found.intactRows == places.count && found.damagedPages == 0 && found.broken.isEmpty)
    }
}

/// As far as it is read: a name, a size of page of 4096 bytes, no free pages.
private let fileHead: [UInt8] = Array("SQLite format 3\0".utf8) + [0x10, 0, 2, 2, 0, 64, 32, 32]

private func encode(_ sequence: Int64, body: [UInt8]) -> [UInt8] {
    let checksum = UInt64(CRC32C.ofRow(sequence: sequence, bytes: body))
    let shape: [UInt8] = [0, 6] + varint(UInt64(12 + 2 * body.count))
    let number = (0..<8).reversed().map { UInt8(truncatingIfNeeded: checksum >> UInt64($0 * 8)) }
    let payload = [UInt8(shape.count + 1)] + shape + number + body
    return varint(UInt64(payload.count)) + varint(UInt64(bitPattern: sequence)) + payload
}

private func varint(_ value: UInt64) -> [UInt8] {
    var bytes = [UInt8(value & 0x7f)]
    var rest = value >> 7
    while rest > 0 {
        bytes.insert(UInt8(rest & 0x7f) | 0x80, at: 0)
        rest >>= 7
    }
    return bytes
}

private func twoBytes(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 0xff), UInt8(value & 0xff)] }

private func slice(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> [UInt8]? {
    guard offset >= 0, offset <= bytes.count else { return [] }
    return Array(bytes[offset..<min(bytes.count, offset + count)])
}

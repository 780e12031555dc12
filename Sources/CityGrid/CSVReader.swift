/// One row of a table.
public struct CSVRow: Sendable, Hashable {
    /// The line of the file on which the row begins, counted from 1.
    public let line: Int
    /// The fields as text without blanks around them, or why they cannot be read.
    public let fields: Result<[String], CityGridError>
}

/// Reads CSV (RFC 4180) piece by piece.
///
/// Takes quotes with commas and line breaks inside, blanks beside quotes, lines that end with CRLF, LF or CR, UTF-8 with
/// or without a byte order mark, and GB18030. What exports put around a text so that a spreadsheet does not make a number
/// of it is taken off (`plainText(ofField:)`).
///
/// The end of the first row decides how lines end: a CR without LF there makes each CR one. The first row that has any
/// decides what separates fields: commas, semicolons or tabs, whichever it has most of outside quotes.
/// The first row with other characters than ASCII decides the encoding of the file: valid UTF-8, else GB18030. After
/// that a row that does not fit is reported by itself. A row is at most `limit` bytes long, and a quote that is never
/// closed costs only the line it stands on. Memory is bounded by one row and one piece.
public struct CSVReader {
    /// Bytes that one row may have.
    public let limit: Int
    /// Bytes taken from the source so far.
    public private(set) var bytesRead = 0
    /// The encoding; nil until a byte order mark or the first character that is not ASCII has told.
    public private(set) var encoding: TextEncoding?

    private let source: () throws -> [UInt8]?
    private var buffer: [UInt8] = []
    private var position = 0
    private var line = 1
    private var atEnd = false
    /// Whether a CR alone ends a line; nil before the first row has told.
    private var endsAtReturn: Bool?
    /// What separates fields; nil before a row has told.
    private var separator: UInt8?

    /// Makes a reader.
    ///
    /// - Parameters:
    ///   - limit: bytes that one row may have.
    ///   - source: gives the next piece of the file, nil at its end.
    public init(limit: Int = 65_536, source: @escaping () throws -> [UInt8]?) {
        self.limit = limit
        self.source = source
    }

    /// Gives the next row that is not blank, or nil at the end.
    ///
    /// - Throws: what the source throws. A bad row is no error here, its `fields` tell.
    public mutating func next() throws -> CSVRow? {
        if bytesRead == 0 { try skipByteOrderMark() }
        while true {
            let start = line
            guard let record = try nextRecord() else { return nil }
            switch record {
            case .fields(let fields) where fields.allSatisfy(\.isEmpty) && fields.count == 1:
                continue
            case .fields(let fields):
                return CSVRow(line: start, fields: decode(fields))
            case .broken(let reason):
                return CSVRow(line: start, fields: .failure(CityGridError(.invalidRow, reason)))
            }
        }
    }

    private enum Record {
        case fields([[UInt8]])
        case broken(String)
    }

    /// Reads the bytes of one row, and moves past it.
    private mutating func nextRecord() throws -> Record? {
        if separator == nil { try findSeparator() }
        let scanner = CSVScanner(
            limit: limit,
            endsAtReturn: endsAtReturn ?? true,
            separator: separator ?? CSVScanner.separators[0]
        )
        while true {
            switch scanner.scan(buffer, from: position, atEnd: atEnd) {
            case .empty:
                return nil
            case .row(let fields, let end, let lines):
                if endsAtReturn == nil { endsAtReturn = buffer[end - 1] == CSVScanner.carriageReturn }
                position = end
                line += lines
                return .fields(fields)
            case .broken(let reason, let end, let isLineOpen):
                position = end
                line += 1
                if isLineOpen { try skipToLineEnd() }
                return .broken(reason)
            case .needsMore:
                try fill()
            }
        }
    }

    /// Looks through the first line that is left for what separates its fields.
    private mutating func findSeparator() throws {
        while true {
            var counts = [Int](repeating: 0, count: CSVScanner.separators.count)
            var isQuoted = false
            var isWhole = atEnd
            for byte in buffer[position...].prefix(limit) {
                if byte == CSVScanner.quote { isQuoted.toggle() }
                if isQuoted { continue }
                if byte == CSVScanner.lineFeed || byte == CSVScanner.carriageReturn {
                    isWhole = true
                    break
                }
                if let index = CSVScanner.separators.firstIndex(of: byte) { counts[index] += 1 }
            }
            if isWhole || buffer.count - position >= limit {
                let most = counts.max() ?? 0
                if most > 0, let index = counts.firstIndex(of: most) { separator = CSVScanner.separators[index] }
                return
            }
            try fill()
        }
    }

    private mutating func skipToLineEnd() throws {
        let scanner = CSVScanner(limit: limit, endsAtReturn: endsAtReturn ?? true, separator: CSVScanner.separators[0])
        while !atEnd {
            if let end = buffer[position...].firstIndex(where: scanner.isLineEnd) {
                position = end + 1
                return
            }
            position = buffer.count
            try fill()
        }
    }

    private mutating func fill() throws {
        buffer.removeSubrange(0..<position)
        position = 0
        guard let piece = try source() else {
            atEnd = true
            return
        }
        bytesRead += piece.count
        buffer += piece
    }

    private mutating func skipByteOrderMark() throws {
        while buffer.count < 3, !atEnd { try fill() }
        guard buffer.starts(with: [0xEF, 0xBB, 0xBF]) else { return }
        position = 3
        encoding = .utf8
    }

    private mutating func decode(_ fields: [[UInt8]]) -> Result<[String], CityGridError> {
        if encoding == nil, fields.contains(where: { $0.contains { $0 >= 0x80 } }) {
            encoding = TextEncoding.detect(fields)
        }
        let used = encoding ?? .utf8
        var texts: [String] = []
        texts.reserveCapacity(fields.count)
        for (index, field) in fields.enumerated() {
            guard let text = used.decode(field) else {
                let hint = used == .utf8 ? "; save the file as UTF-8 or all of it as GB18030" : ""
                return .failure(
                    CityGridError(.invalidText, "column \(index + 1) has bytes that are not \(used.rawValue)" + hint)
                )
            }
            if field.contains(0) {
                return .failure(
                    CityGridError(
                        .invalidText,
                        "column \(index + 1) has a zero byte; the file is damaged, export it anew"
                    )
                )
            }
            texts.append(plainText(ofField: text))
        }
        return .success(texts)
    }
}

/// Finds the end of one row in bytes; knows neither encodings nor files.
struct CSVScanner {
    enum Outcome {
        /// No byte is left, and none will come.
        case empty
        /// A row, the position after it, and the lines it took.
        case row(fields: [[UInt8]], end: Int, lines: Int)
        /// The line cannot be read; the position of the next line, or of what is still to come of this one.
        case broken(reason: String, end: Int, isLineOpen: Bool)
        /// The row does not end in these bytes.
        case needsMore
    }

    /// Bytes that one row may have.
    let limit: Int
    /// Whether a CR that no LF follows ends a line.
    let endsAtReturn: Bool
    /// The byte that separates fields in this file, one of `separators`.
    let separator: UInt8

    /// What may separate fields; the first of equals is taken.
    static let separators = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")]
    static let carriageReturn = UInt8(ascii: "\r")
    static let quote = UInt8(ascii: "\"")
    static let lineFeed = UInt8(ascii: "\n")

    func scan(_ bytes: [UInt8], from start: Int, atEnd: Bool) -> Outcome {
        if start == bytes.count { return atEnd ? .empty : .needsMore }
        return bytes.withUnsafeBufferPointer { scan($0, from: start, atEnd: atEnd) }
    }

    func isLineEnd(_ byte: UInt8) -> Bool {
        byte == Self.lineFeed || endsAtReturn && byte == Self.carriageReturn
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    private func scan(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int, atEnd: Bool) -> Outcome {
        var fields: [[UInt8]] = []
        var field: [UInt8] = []
        var quoted = false
        var wasQuoted = false
        var lines = 1
        var index = start
        while index < bytes.count {
            if index - start >= limit {
                if quoted { return unclosed(bytes, start) }
                return skipLine(bytes, start, "the row is longer than \(limit) bytes")
            }
            var byte = bytes[index]
            index += 1
            if quoted {
                if byte != Self.quote {
                    if byte == Self.lineFeed { lines += 1 }
                    field.append(byte)
                } else if index < bytes.count, bytes[index] == Self.quote {
                    field.append(Self.quote)
                    index += 1
                } else if index == bytes.count, !atEnd {
                    return .needsMore
                } else {
                    quoted = false
                }
                continue
            }
            if byte == Self.carriageReturn, endsAtReturn {
                if index == bytes.count, !atEnd { return .needsMore }
                if index < bytes.count, bytes[index] == Self.lineFeed { index += 1 }
                byte = Self.lineFeed
            }
            if byte == Self.quote, !wasQuoted, field.allSatisfy(Self.isBlank) {
                field.removeAll(keepingCapacity: true)
                quoted = true
                wasQuoted = true
            } else if byte == separator || byte == Self.lineFeed {
                if byte == Self.lineFeed, field.last == Self.carriageReturn { field.removeLast() }
                fields.append(field)
                if byte == Self.lineFeed { return .row(fields: fields, end: index, lines: lines) }
                field.removeAll(keepingCapacity: true)
                wasQuoted = false
            } else if wasQuoted, Self.isBlank(byte) {
                // Many exports write a blank behind each comma, and some before it.
                continue
            } else if wasQuoted, byte != Self.carriageReturn {
                return skipLine(bytes, start, "a field goes on after its closing quote; double quotes inside")
            } else {
                field.append(byte)
            }
        }
        guard atEnd else { return .needsMore }
        if quoted { return unclosed(bytes, start) }
        fields.append(field)
        return .row(fields: fields, end: index, lines: lines)
    }

    private func unclosed(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Outcome {
        skipLine(bytes, start, "a quote is opened and not closed within \(limit) bytes")
    }

    /// Gives up the line at `start` only, so that what follows it is still read.
    private func skipLine(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ reason: String) -> Outcome {
        guard let end = bytes[start...].firstIndex(where: isLineEnd) else {
            return .broken(reason: reason, end: bytes.count, isLineOpen: true)
        }
        return .broken(reason: reason, end: end + 1, isLineOpen: false)
    }
}

import CityGrid
import Foundation

/// A CSV file with a header, read row by row.
struct SheetFile {
    /// A row whose number of fields is right, or why it cannot be used.
    struct Row {
        let line: Int
        let fields: Result<[String], CityGridError>
    }

    let path: String
    let size: Int
    let header: [String]
    private(set) var rows = 0
    private var reader: CSVReader

    private static let pieceSize = 256 * 1024
    /// Rows above the header at most: a title, when it was printed, `sep=;`.
    private static let mostTitles = 5

    /// Opens a file and reads its header.
    ///
    /// - Throws: `StoreError` with `invalid` when it cannot be read or a required column is missing.
    init(path: String, required: [String]) throws {
        self.path = path
        let handle = try SheetFile.open(path)
        size = try SheetFile.size(of: path)
        var start: [UInt8]? = try SheetFile.readable(path) {
            Array(try handle.read(upToCount: SheetFile.pieceSize) ?? Data())
        }
        try SheetFile.refuse(path, start ?? [])
        var reader = CSVReader {
            if let piece = start {
                start = nil
                return piece.isEmpty ? nil : piece
            }
            return try handle.read(upToCount: SheetFile.pieceSize).flatMap { $0.isEmpty ? nil : Array($0) }
        }
        var tops: [CSVRow] = []
        var named: [String]?
        while named == nil, tops.count <= Self.mostTitles {
            guard let row = try SheetFile.readable(path, { try reader.next() }) else { break }
            tops.append(row)
            let names = (try? row.fields.get())?.map(Self.columnName) ?? []
            if required.allSatisfy(names.contains) { named = names }
        }
        guard let first = tops.first else {
            throw StoreError(.invalid, "\(path) is empty; its first row names the columns")
        }
        do {
            if let named {
                header = named
            } else {
                header = try first.fields.get().map(Self.columnName)
            }
        } catch {
            throw StoreError(.invalid, "\(path), row \(first.line): \(error.message)")
        }
        self.reader = reader
        try checkHeader(required)
    }

    /// Names that are written wrongly so often that they are known.
    private static let misspelt = ["维度": "纬度"]

    /// The name of a column without what a form adds to it: stars and words for what must be filled in, and blanks and
    /// line breaks that make a narrow word as wide as the others.
    private static func columnName(_ text: String) -> String {
        var name = text
        for word in ["（必填）", "(必填)", "（选填）", "(选填)"] where name.hasSuffix(word) { name.removeLast(word.count) }
        name = name.trimmingCharacters(in: CharacterSet(charactersIn: "*＊ \t\n\r\u{3000}"))
        guard !name.utf8.allSatisfy({ $0 < 0x80 }) else { return name }
        name.removeAll(where: \.isWhitespace)
        return misspelt[name] ?? name
    }

    var progress: ImportProgress {
        ImportProgress(file: path, rows: rows, bytes: reader.bytesRead, totalBytes: size)
    }

    /// Gives up to `count` rows; fewer only at the end of the file.
    ///
    /// - Throws: `StoreError` with `invalid` when the disk fails.
    mutating func next(_ count: Int) throws -> [Row] {
        var batch: [Row] = []
        while batch.count < count {
            guard let row = try SheetFile.readable(path, { try reader.next() }) else { break }
            // Deleted rows stay in exports as commas alone, and sheets put behind each other repeat the header.
            if let fields = try? row.fields.get(), fields.allSatisfy(\.isEmpty) || isHeader(fields) { continue }
            rows += 1
            batch.append(Row(line: row.line, fields: row.fields.flatMap(fitted)))
        }
        return batch
    }

    private func isHeader(_ fields: [String]) -> Bool {
        fields.count == header.count && fields[0].contains(header[0]) && fields.map(Self.columnName) == header
    }

    /// Makes a row as long as the header: spreadsheets add empty fields at the end.
    private func fitted(_ fields: [String]) -> Result<[String], CityGridError> {
        if fields.count == header.count { return .success(fields) }
        if fields.count > header.count, fields[header.count...].allSatisfy(\.isEmpty) {
            return .success(Array(fields[..<header.count]))
        }
        return .failure(
            CityGridError(
                .invalidRow,
                "the row has \(fields.count) columns, the header has \(header.count); is a comma missing or not quoted?"
            )
        )
    }

    private func checkHeader(_ required: [String]) throws(StoreError) {
        var seen = Set<String>()
        for name in header where !name.isEmpty && !seen.insert(name).inserted {
            throw StoreError(.invalid, "\(path): column \(name) is there twice")
        }
        let missing = required.filter { !seen.contains($0) }
        guard !missing.isEmpty else { return }
        let hint =
            header.count == 1 && header[0].contains { "，；|、".contains($0) }
            ? "; columns are separated by commas (,), save the file as CSV" : ""
        throw StoreError(
            .invalid,
            "\(path): column \(missing.joined(separator: ", ")) is missing, found are "
                + header.joined(separator: ", ") + hint
        )
    }

    private static func open(_ path: String) throws(StoreError) -> FileHandle {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw StoreError(
                .invalid,
                "\(path) cannot be opened (\(String(cString: strerror(errno)))); check the path and the rights"
            )
        }
        return handle
    }

    /// Loads a file that is read as a whole; at most 256 MB.
    ///
    /// - Throws: `StoreError` with `invalid`.
    static func whole(_ path: String) throws -> Data {
        let handle = try open(path)
        let size = try size(of: path)
        guard size <= 256 << 20 else {
            throw StoreError(.invalid, "\(path) has \(size) bytes; at most 256 MB are read")
        }
        return try readable(path) { try handle.readToEnd() ?? Data() }
    }

    /// Loads a file of JSON as UTF-8, whichever of both encodings it has; at most 256 MB.
    ///
    /// - Throws: `StoreError` with `invalid`, also when it is a file of another kind.
    static func json(_ path: String) throws -> Data {
        let data = try whole(path)
        try refuse(path, data.prefix(512))
        guard let text = TextEncoding.utf8(Array(data)) else {
            throw StoreError(.invalid, "\(path) is text in neither UTF-8 nor GB18030; save it as UTF-8")
        }
        return Data(text)
    }

    /// Refuses a file that is no text.
    private static func refuse(_ path: String, _ start: some Collection<UInt8>) throws(StoreError) {
        if let sentence = ForeignFile.sentence(start) { throw StoreError(.invalid, "\(path) \(sentence)") }
    }

    private static func size(of path: String) throws -> Int {
        try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
    }

    private static func readable<R>(_ path: String, _ body: () throws -> R) throws(StoreError) -> R {
        do {
            return try body()
        } catch {
            throw StoreError(.invalid, "\(path) cannot be read: \(error.localizedDescription)")
        }
    }
}

/// Orientation, time and place out of the Exif block of a photo.
///
/// Wrong offsets, counts and types are as good as no entry; nothing is followed twice.
struct PhotoTags {
    /// How the picture is turned, 1…8 as in Exif; 1 where nothing is said.
    private(set) var orientation = 1
    private(set) var captureTime: PhotoReencoder.CaptureTime?
    private(set) var position: PhotoReencoder.Position?

    private typealias Directory = [Int: Entry]

    private struct Entry {
        var type: Int
        var count: Int
        /// Offset of the values in the block.
        var at: Int
    }

    private static let typeBytes = [1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1]
    private let block: [UInt8]
    private let isBigEndian: Bool

    /// Reads a block that starts with the TIFF header, or with `Exif` before it.
    init(_ exif: ArraySlice<UInt8>) {
        block = Array(exif.starts(with: "Exif\0\0".utf8) ? exif.dropFirst(6) : exif)
        isBigEndian = block.starts(with: "MM\0*".utf8)
        guard isBigEndian || block.starts(with: "II*\0".utf8), block.count >= 8 else { return }
        let main = directory(at: number(4, 4))
        if let value = integer(main[0x0112]), (1...8).contains(value) { orientation = value }
        if let offset = integer(main[0x8769]) { captureTime = time(directory(at: offset)) }
        if let offset = integer(main[0x8825]) { position = place(directory(at: offset)) }
    }

    private func number(_ at: Int, _ count: Int) -> Int {
        isBigEndian ? block.bigEndian(at, count) : block.littleEndian(at, count)
    }

    private func directory(at offset: Int) -> Directory {
        guard offset >= 8, offset + 2 <= block.count else { return [:] }
        var found: Directory = [:]
        for index in 0..<number(offset, 2) {
            let at = offset + 2 + index * 12
            guard at + 12 <= block.count else { break }
            let type = number(at + 2, 2)
            let count = number(at + 4, 4)
            guard let unit = Self.typeBytes[type], count > 0, count <= block.count else { continue }
            let bytes = unit * count
            let values = bytes <= 4 ? at + 8 : number(at + 8, 4)
            guard values <= block.count - bytes else { continue }
            found[number(at, 2)] = Entry(type: type, count: count, at: values)
        }
        return found
    }

    private func integer(_ entry: Entry?) -> Int? {
        guard let entry, entry.count == 1, entry.type == 3 || entry.type == 4 else { return nil }
        return number(entry.at, entry.type == 3 ? 2 : 4)
    }

    private func text(_ entry: Entry?) -> String? {
        guard let entry, entry.type == 2, entry.count <= 64 else { return nil }
        return String(decoding: block[entry.at..<entry.at + entry.count].prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Degrees out of degrees, minutes and seconds, each a fraction.
    private func degrees(_ entry: Entry?) -> Double? {
        guard let entry, entry.type == 5, entry.count == 3 else { return nil }
        var degrees = 0.0
        for (index, unit) in [1.0, 60, 3600].enumerated() {
            let above = number(entry.at + index * 8, 4)
            let below = number(entry.at + index * 8 + 4, 4)
            // Cameras that have no seconds write 0/0.
            guard below != 0 || above == 0 else { return nil }
            if below != 0 { degrees += Double(above) / Double(below) / unit }
        }
        return degrees
    }

    private func place(_ entries: Directory) -> PhotoReencoder.Position? {
        guard let latitude = degrees(entries[2]), let longitude = degrees(entries[4]),
            let northOrSouth = text(entries[1]), ["N", "S"].contains(northOrSouth),
            let eastOrWest = text(entries[3]), ["E", "W"].contains(eastOrWest),
            latitude <= 90, longitude <= 180,
            // What a phone without a fix writes.
            latitude != 0 || longitude != 0
        else { return nil }
        return PhotoReencoder.Position(
            latitude: northOrSouth == "S" ? -latitude : latitude,
            longitude: eastOrWest == "W" ? -longitude : longitude
        )
    }

    private func time(_ entries: Directory) -> PhotoReencoder.CaptureTime? {
        let original = text(entries[0x9003]).flatMap { Self.numbers($0, [4, 2, 2, 2, 2, 2], ": ") }
        let digitised = text(entries[0x9004]).flatMap { Self.numbers($0, [4, 2, 2, 2, 2, 2], ": ") }
        guard let parts = original ?? digitised else { return nil }
        guard (1970...2100).contains(parts[0]), (1...12).contains(parts[1]),
            (1...Self.days(parts[0], parts[1])).contains(parts[2]), parts[3] < 24, parts[4] < 60, parts[5] < 60
        else { return nil }
        return PhotoReencoder.CaptureTime(
            year: parts[0],
            month: parts[1],
            day: parts[2],
            hour: parts[3],
            minute: parts[4],
            second: parts[5],
            offset: offset(text(entries[original != nil ? 0x9011 : 0x9012]))
        )
    }

    /// Seconds east of Greenwich of `+08:00`.
    private func offset(_ text: String?) -> Int? {
        guard let text, let sign = text.first, sign == "+" || sign == "-",
            let parts = Self.numbers(String(text.dropFirst()), [2, 2], ":"), parts[0] <= 14, parts[1] < 60
        else { return nil }
        let seconds = parts[0] * 3600 + parts[1] * 60
        return sign == "-" ? -seconds : seconds
    }

    /// Numbers of exactly these digits, with one of the separators between.
    private static func numbers(_ text: String, _ digits: [Int], _ separators: String) -> [Int]? {
        let parts = text.split(omittingEmptySubsequences: false) { separators.contains($0) }
        guard parts.map(\.utf8.count) == digits else { return nil }
        let numbers = parts.compactMap { part in
            part.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(part) : nil
        }
        return numbers.count == digits.count ? numbers : nil
    }

    private static func days(_ year: Int, _ month: Int) -> Int {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
    }
}

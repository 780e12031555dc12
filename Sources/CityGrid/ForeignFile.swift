/// Kinds of files that are often given the name of another kind.
public enum ForeignFile {
    /// Zero bytes from which on a text is judged by them.
    private static let fewestZeros = 3

    /// Whether each character has two bytes, without a byte order mark: one of both is zero for commas and line ends.
    private static func isWide(_ start: [UInt8]) -> Bool {
        let zeros = start.indices.filter { start[$0] == 0 }
        return zeros.count >= fewestZeros && Set(zeros.map { $0 % 2 }).count == 1
    }

    /// What a file is instead of text, judged from its first bytes.
    ///
    /// - Parameter start: the first bytes of the file, 16 or more if it has them.
    /// - Returns: the end of a sentence, with what to do; nil when it may be text.
    public static func sentence(_ start: some Collection<UInt8>) -> String? {
        let start = Array(start.prefix(512))
        let saveAsText = "open it there and save it as CSV UTF-8 (逗号分隔)"
        if start.starts(with: [0x50, 0x4B, 0x03, 0x04]) || start.starts(with: [0x50, 0x4B, 0x05, 0x06]) {
            return "is a workbook of Excel or WPS (.xlsx) or a zip file, whatever its name says; \(saveAsText)"
        }
        if start.starts(with: [0xD0, 0xCF, 0x11, 0xE0]) {
            return "is an old workbook of Excel or WPS (.xls, .et), whatever its name says; \(saveAsText)"
        }
        if start.starts(with: [0x25, 0x50, 0x44, 0x46]) { return "is a PDF document; export the table as CSV" }
        if start.starts(with: [0x1F, 0x8B]) || start.starts(with: [0x52, 0x61, 0x72, 0x21])
            || start.starts(with: [0x37, 0x7A, 0xBC, 0xAF])
        {
            return "is packed (gzip, rar or 7z); unpack it first"
        }
        if start.starts(with: [0xFF, 0xFE]) || start.starts(with: [0xFE, 0xFF]) || isWide(start) {
            return "is text in UTF-16 (\"Unicode text\"); save it as UTF-8, a table as CSV UTF-8"
        }
        let text = String(decoding: start.prefix(256), as: UTF8.self).withoutInvisibleMarks.trimmingBlanks.lowercased()
        if ["<!doctype html", "<html", "<table", "<?xml", "<head", "<meta"].contains(where: text.hasPrefix) {
            return "is a web page or XML, as some systems export it under the name of a table; \(saveAsText)"
        }
        return nil
    }
}

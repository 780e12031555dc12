import Foundation

/// How the text of a table is written.
public enum TextEncoding: String, Sendable, Hashable {
    /// UTF-8 with or without a byte order mark; the encoding that we write.
    case utf8 = "UTF-8"
    /// GB18030, which includes GBK and GB2312: what Chinese spreadsheets write.
    case gb18030 = "GB18030"

    /// CoreFoundation's number for GB18030, which Foundation has no name for.
    private static let foundationGB18030 = String.Encoding(rawValue: 0x8000_0632)

    /// Decodes bytes strictly.
    ///
    /// - Returns: nil when they are not valid in this encoding.
    public func decode(_ bytes: [UInt8]) -> String? {
        switch self {
        case .utf8:
            String(validating: bytes, as: UTF8.self)
        case .gb18030:
            bytes.allSatisfy { $0 < 0x80 }
                ? String(decoding: bytes, as: UTF8.self)
                : String(data: Data(bytes), encoding: TextEncoding.foundationGB18030)
        }
    }

    /// Encodes text.
    ///
    /// - Returns: nil when a character does not exist in this encoding.
    public func encode(_ text: String) -> [UInt8]? {
        switch self {
        case .utf8: Array(text.utf8)
        case .gb18030: text.data(using: TextEncoding.foundationGB18030).map { Array($0) }
        }
    }

    /// Guesses from the fields of one row: UTF-8 when all are valid, else GB18030 when all are, else UTF-8.
    static func detect(_ fields: [[UInt8]]) -> TextEncoding {
        if fields.allSatisfy({ TextEncoding.utf8.decode($0) != nil }) { return .utf8 }
        return fields.allSatisfy { TextEncoding.gb18030.decode($0) != nil } ? .gb18030 : .utf8
    }

    /// A whole text as UTF-8 without a byte order mark: as it is when it is valid, else read as GB18030.
    ///
    /// - Returns: nil when it is neither.
    public static func utf8(_ bytes: [UInt8]) -> [UInt8]? {
        let body = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
        if TextEncoding.utf8.decode(body) != nil { return body }
        return TextEncoding.gb18030.decode(body).map { Array($0.utf8) }
    }
}

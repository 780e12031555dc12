/// The path of an RTSP URL: what a server finds its streams by.
public enum RTSPPath {
    /// The path of an absolute URL or of a bare path, percent-decoded, without query and without slashes at its ends.
    ///
    /// - Returns: Nil for `*` and for text that is no URL; an empty string for the server itself.
    public static func of(_ uri: String) -> String? {
        var rest = Substring(uri)
        if let scheme = rest.firstRange(of: "://") {
            guard ["rtsp", "rtsps", "rtspu"].contains(rest[..<scheme.lowerBound].lowercased()) else { return nil }
            rest = rest[scheme.upperBound...]
            rest = rest.firstIndex(of: "/").map { rest[$0...] } ?? ""
        } else if !rest.hasPrefix("/") {
            return nil
        }
        if let end = rest.firstIndex(where: { $0 == "?" || $0 == "#" }) { rest = rest[..<end] }
        guard let decoded = decode(rest) else { return nil }
        let parts = decoded.split(separator: "/")
        return parts.joined(separator: "/")
    }

    /// Resolves `%` escapes; nil when one is broken, hides a control character or gives no UTF-8.
    static func decode(_ text: Substring) -> String? {
        guard text.contains("%") else { return String(text) }
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, digits.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }),
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16), value >= 0x20
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

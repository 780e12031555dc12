import Crypto

/// The hash of a Digest challenge (RFC 7616, 3.3).
public enum DigestAlgorithm: String, Hashable, Sendable, CaseIterable {
    /// What most cameras in the field know.
    case md5 = "MD5"
    /// What RFC 7616 asks for.
    case sha256 = "SHA-256"

    /// Reads the `algorithm` parameter without `-sess`, whatever its case; MD5 when the parameter is missing or empty.
    public init?(parameter: String?) {
        guard let parameter, !parameter.isEmpty else {
            self = .md5
            return
        }
        guard let known = Self.allCases.first(where: { $0.rawValue == parameter.uppercased() }) else { return nil }
        self = known
    }

    /// The hash of the bytes that `text` stands for, in lower-case hexadecimal digits.
    func hex(_ text: String) -> String {
        let bytes = RawText.bytes(text)
        switch self {
        case .md5: return Self.hex(Insecure.MD5.hash(data: bytes))
        case .sha256: return Self.hex(SHA256.hash(data: bytes))
        }
    }

    private static func hex(_ digest: some Sequence<UInt8>) -> String {
        digest.map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }.joined()
    }
}

import Crypto
import Foundation

/// The secret that a browser holds: 256 random bits; the database holds its SHA-256 only.
struct SessionToken: Sendable, Hashable {
    /// 43 characters of URL-safe base64.
    let text: String

    /// Makes a new one.
    init() {
        let key = SymmetricKey(size: .bits256)
        let text = key.withUnsafeBytes { Data($0).base64EncodedString() }
        self.text = text.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// Takes what a browser sent; nil when it cannot be a token.
    init?(cookie: String) {
        guard cookie.utf8.count == 43, cookie.utf8.allSatisfy(Self.isAllowed) else { return nil }
        self.text = cookie
    }

    /// What the database holds.
    var hash: [UInt8] { Array(SHA256.hash(data: Array(text.utf8))) }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

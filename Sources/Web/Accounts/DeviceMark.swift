import Crypto
import Foundation

/// What a browser keeps after a login, so that a stranger's guesses do not slow the owner of the account.
///
/// It opens nothing: it only lets its holder try a password beside the line in which strangers wait. It is a random
/// text and its authentication under the account's password hash, so nothing must be stored, nobody can make one, and
/// a new password ends all of them.
struct DeviceMark: Sendable, Hashable {
    /// `random.proof`, both URL-safe base64.
    let text: String

    /// Makes one for an account whose password was just given right.
    init(login: String, passwordHash: String) {
        let random = SymmetricKey(size: .bits128).withUnsafeBytes { Self.encode(Data($0)) }
        self.text = random + "." + Self.proof(random, login, passwordHash)
    }

    /// Takes what a browser sent; nil when it cannot be a mark.
    init?(cookie: String) {
        guard cookie.utf8.count == 66, cookie.split(separator: ".").map(\.utf8.count) == [22, 43] else { return nil }
        self.text = cookie
    }

    /// True when it was made for this account and its present password.
    func isOf(login: String, passwordHash: String) -> Bool {
        let parts = text.split(separator: ".").map(String.init)
        guard parts.count == 2 else { return false }
        let proof = Array(Self.proof(parts[0], login, passwordHash).utf8)
        let given = Array(parts[1].utf8)
        guard proof.count == given.count else { return false }
        return zip(proof, given).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// Names the device where failures are counted, without the proof.
    var peer: String { "device " + (text.split(separator: ".").first ?? "") }

    private static func proof(_ random: String, _ login: String, _ passwordHash: String) -> String {
        let key = SymmetricKey(data: SHA256.hash(data: Data("gridwatch device \(passwordHash)".utf8)))
        return encode(Data(HMAC<SHA256>.authenticationCode(for: Data("\(random) \(login)".utf8), using: key)))
    }

    private static func encode(_ data: Data) -> String {
        data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}

import Crypto
import CryptoExtras
import Foundation

/// A password as it is kept: scrypt with its parameters, in the PHC form `$scrypt$ln=15,r=8,p=3$salt$hash`.
struct PasswordHash: Sendable, Hashable {
    /// What one hash costs.
    struct Cost: Sendable, Hashable {
        /// Base-2 logarithm of N.
        var logRounds: Int
        /// r.
        var blockSize: Int
        /// p.
        var parallelism: Int

        /// 32 MiB and about 0.3 s: the OWASP figure that leaves memory to the cameras.
        static let standard = Cost(logRounds: 15, blockSize: 8, parallelism: 3)
    }

    let cost: Cost
    let salt: [UInt8]
    let key: [UInt8]

    /// Hashes a password with a salt of its own; blocks for the time that the cost takes.
    init(of password: String, cost: Cost) throws {
        var random = SystemRandomNumberGenerator()
        let salt = (0..<16).map { _ in UInt8.random(in: 0...255, using: &random) }
        self.init(cost: cost, salt: salt, key: try Self.derive(password, salt, cost))
    }

    private init(cost: Cost, salt: [UInt8], key: [UInt8]) {
        self.cost = cost
        self.salt = salt
        self.key = key
    }

    /// Reads the PHC form; nil for anything else, and for costs that no sane writer chose.
    init?(phc text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt" else { return nil }
        var numbers: [Substring: Int] = [:]
        for pair in parts[2].split(separator: ",") {
            let sides = pair.split(separator: "=")
            guard sides.count == 2, let number = Int(sides[1]) else { return nil }
            numbers[sides[0]] = number
        }
        guard let rounds = numbers["ln"], (1...18).contains(rounds), let block = numbers["r"],
            (1...16).contains(block), let parallelism = numbers["p"], (1...16).contains(parallelism),
            let salt = Self.decode(parts[3]), salt.count >= 8, let key = Self.decode(parts[4]), key.count == 32
        else { return nil }
        let cost = Cost(logRounds: rounds, blockSize: block, parallelism: parallelism)
        self.init(cost: cost, salt: salt, key: key)
    }

    /// The PHC form.
    var phc: String {
        "$scrypt$ln=\(cost.logRounds),r=\(cost.blockSize),p=\(cost.parallelism)"
            + "$\(Self.encode(salt))$\(Self.encode(key))"
    }

    /// True when `password` is the one; takes the same time whether it is or not, and blocks for it.
    func matches(_ password: String) -> Bool {
        guard let derived = try? Self.derive(password, salt, cost), derived.count == key.count else { return false }
        return zip(derived, key).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private static func derive(_ password: String, _ salt: [UInt8], _ cost: Cost) throws -> [UInt8] {
        // Two keyboards may write one character in two ways: one form, so that the person is not locked out.
        let normal = Array(password.precomposedStringWithCompatibilityMapping.utf8)
        let key = try KDF.Scrypt.deriveKey(
            from: normal,
            salt: salt,
            outputByteCount: 32,
            rounds: 1 << cost.logRounds,
            blockSize: cost.blockSize,
            parallelism: cost.parallelism
        )
        return key.withUnsafeBytes { Array($0) }
    }

    private static func encode(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("=", with: "")
    }

    private static func decode(_ text: Substring) -> [UInt8]? {
        let padding = String(repeating: "=", count: (4 - text.count % 4) % 4)
        return Data(base64Encoded: text + padding).map(Array.init)
    }
}

/// A hash that is the same in every process and on every machine (unlike `Hasher`, which is seeded per process).
///
/// FNV-1a, 64 bit, with a final mix: good enough to spread cameras over workers, not for security.
public enum StableHash {
    /// Hashes the UTF-8 bytes of `text`.
    public static func of(_ text: String, seed: UInt64 = 0) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325 ^ seed
        for byte in text.utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
        }
        hash ^= hash >> 33
        hash = hash &* 0xff51_afd7_ed55_8ccd
        return hash ^ (hash >> 33)
    }
}

/// Identity of an alert as a UUID version 7 (RFC 9562): time first, so that ids sort by start.
public enum AlertID {
    /// The id of the alert that `rule` of `camera` started at `start`.
    ///
    /// The random part of the UUID is a hash of camera, rule and start: after a crash the same alert gets the same
    /// id again, and the database folds both into one row.
    ///
    /// - Returns: 36 characters, lower case.
    public static func make(camera: String, rule: String, start: MediaTime) -> String {
        let milliseconds = UInt64(bitPattern: start.microseconds / 1000) & 0xffff_ffff_ffff
        let identity = "\(camera)\u{1f}\(rule)\u{1f}\(start.microseconds)"
        let first = StableHash.of(identity)
        let second = StableHash.of(identity, seed: 0x9e37_79b9_7f4a_7c15)
        let high = milliseconds << 16 | 0x7000 | first >> 52
        let low = 0x8000_0000_0000_0000 | second >> 2
        let digits = hex(high) + hex(low)
        var text = ""
        for (index, character) in digits.enumerated() {
            if [8, 12, 16, 20].contains(index) { text.append("-") }
            text.append(character)
        }
        return text
    }

    private static func hex(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// The name of an alert's picture: `yyyy/MM/dd/ALERT-MICROSECONDS.jpg`.
struct EvidenceName: Hashable {
    /// Id of the alert, a UUID.
    let alert: String
    /// When the statement was made that the picture came with, microseconds since the Unix epoch.
    let statedAt: Int64

    /// Reads a path relative to the evidence directory; nil when it names something else.
    init?(_ path: String) {
        guard let name = path.split(separator: "/").last, name.hasSuffix(".jpg"), name.utf8.count > 41 else {
            return nil
        }
        let alert = name.prefix(36)
        let rest = name.dropFirst(36).dropLast(4)
        guard rest.first == "-", let statedAt = Int64(rest.dropFirst()), statedAt >= 0, Self.isUUID(alert) else {
            return nil
        }
        self.alert = String(alert)
        self.statedAt = statedAt
    }

    private static func isUUID(_ text: Substring) -> Bool {
        text.utf8.count == 36
            && text.utf8.enumerated().allSatisfy { place, byte in
                if [8, 13, 18, 23].contains(place) { return byte == UInt8(ascii: "-") }
                return (48...57).contains(byte) || (97...102).contains(byte) || (65...70).contains(byte)
            }
    }
}

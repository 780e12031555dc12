/// When and where a worker's photo was taken, as his phone wrote it; kept only where he agreed to it.
public struct PhotoOrigin: Sendable, Hashable, Codable {
    /// 1970 to 2199: what a clock may say.
    private static let times: ClosedRange<Int64> = 0...7_258_118_400_000_000

    /// By the clock of the phone, microseconds since the Unix epoch; nil when the phone did not say.
    public var takenAt: Int64?
    /// Degrees east, WGS-84, −180…180; nil when the phone did not say where.
    public var longitude: Double?
    /// Degrees north, −90…90; present when the longitude is.
    public var latitude: Double?

    /// Makes an origin.
    public init(takenAt: Int64?, longitude: Double?, latitude: Double?) {
        self.takenAt = takenAt
        self.longitude = longitude
        self.latitude = latitude
    }

    /// Whether the columns can hold it.
    var isPlausible: Bool {
        guard takenAt.map(Self.times.contains) ?? true, (longitude == nil) == (latitude == nil) else { return false }
        return (-180...180).contains(longitude ?? 0) && (-90...90).contains(latitude ?? 0)
    }
}

/// A point on the earth in degrees; the datum is known from where it stands.
public struct GeoPoint: Sendable, Hashable {
    /// Degrees east of Greenwich; which datum they refer to is said where the point is used.
    public var longitude: Double
    /// Degrees north of the equator, in the same datum.
    public var latitude: Double

    /// Makes a point without checking it.
    public init(longitude: Double, latitude: Double) {
        self.longitude = longitude
        self.latitude = latitude
    }

    /// Longitudes between which China lies.
    static let chinaLongitudes = 73.66...135.05
    /// Latitudes between which China lies.
    static let chinaLatitudes = 3.86...53.55

    /// True inside the box around China, the only place where the Chinese datums differ from WGS-84.
    public var isInChina: Bool {
        GeoPoint.chinaLongitudes.contains(longitude) && GeoPoint.chinaLatitudes.contains(latitude)
    }

    /// Reads the two columns of a table.
    ///
    /// - Returns: nil when both are empty.
    /// - Throws: `CityGridError` with `invalidCoordinate` when one is missing, not a number, zero, swapped with the
    ///   other or outside China.
    public static func parse(longitude: String, latitude: String) throws(CityGridError) -> GeoPoint? {
        let texts = (longitude.trimmingBlanks, latitude.trimmingBlanks)
        if texts.0.isEmpty, texts.1.isEmpty { return nil }
        guard !texts.0.isEmpty, !texts.1.isEmpty else {
            throw invalid(texts, "only one of the two is there; write both or none")
        }
        guard let x = Double(texts.0), let y = Double(texts.1), x.isFinite, y.isFinite else {
            throw invalid(texts, "is not a pair of decimal degrees such as 110.631800, 26.726600")
        }
        if x == 0, y == 0 { throw invalid(texts, "means 'not known' in many systems; leave both columns empty") }
        let point = GeoPoint(longitude: x, latitude: y)
        if point.isInChina { return point }
        if GeoPoint(longitude: y, latitude: x).isInChina {
            throw invalid(texts, "longitude and latitude are swapped")
        }
        throw invalid(texts, "is outside China (73.66…135.05 east, 3.86…53.55 north)")
    }

    private static func invalid(_ texts: (String, String), _ problem: String) -> CityGridError {
        CityGridError(.invalidCoordinate, "point (\(texts.0), \(texts.1)): \(problem)")
    }
}

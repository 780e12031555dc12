import Foundation

/// What the degrees of a point refer to; the three differ by hundreds of metres.
public enum Datum: String, Sendable, Hashable, CaseIterable {
    /// GPS; CGCS2000 differs by centimetres and counts as the same.
    case wgs84 = "WGS84"
    /// The national datum for maps (火星坐标): Gaode and Tencent maps.
    case gcj02 = "GCJ02"
    /// Baidu's own on top of GCJ-02: Baidu maps.
    case bd09 = "BD09"

    /// Reads a name as found in tables.
    ///
    /// Known are `WGS84`, `CGCS2000`, `GPS`, `天地图`; `GCJ02`, `高德`, `腾讯`; `BD09`, `百度`, in any case, with or
    /// without `-`, `_` and blanks.
    ///
    /// - Throws: `CityGridError` with `unknownDatum`, with the names that are known.
    public init(name: String) throws(CityGridError) {
        let key = name.trimmingBlanks.uppercased().filter { $0 != "-" && $0 != "_" && $0 != " " }
        switch key {
        case "WGS84", "CGCS2000", "GPS", "EPSG:4326", "EPSG:4490", "天地图": self = .wgs84
        case "GCJ02", "GCJ", "高德", "腾讯", "火星": self = .gcj02
        case "BD09", "BD09LL", "BAIDU", "百度": self = .bd09
        default:
            throw CityGridError(
                .unknownDatum,
                "datum '\(name)' is not known; write WGS84 (also for CGCS2000), GCJ02 (Gaode, Tencent) or BD09 (Baidu)"
            )
        }
    }

    /// Converts a point of this datum to another one.
    ///
    /// Forward is exact; back is iterated three times: about 5 µm from GCJ-02, 4 to 12 cm from BD-09. A point outside
    /// China is returned unchanged, since the Chinese datums are only defined there.
    public func convert(_ point: GeoPoint, to target: Datum) -> GeoPoint {
        guard self != target, point.isInChina else { return point }
        let gcj =
            switch self {
            case .wgs84: Datum.gcj02(fromWGS84: point)
            case .gcj02: point
            case .bd09: Datum.gcj02(fromBD09: point)
            }
        return switch target {
        case .wgs84: Datum.wgs84(fromGCJ02: gcj)
        case .gcj02: gcj
        case .bd09: Datum.bd09(fromGCJ02: gcj)
        }
    }

    private static let semiMajorAxis = 6_378_245.0
    private static let eccentricitySquared = 0.006_693_421_622_965_943_23
    private static let bd09Pi = Double.pi * 3000 / 180

    private static func gcj02(fromWGS84 point: GeoPoint) -> GeoPoint {
        let x = point.longitude - 105
        let y = point.latitude - 35
        let common = (20 * sin(6 * x * .pi) + 20 * sin(2 * x * .pi)) * 2 / 3
        let north =
            -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * abs(x).squareRoot() + common
            + waves(y, 1, 3, 20, 40) + waves(y, 12, 30, 160, 320)
        let east =
            300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * abs(x).squareRoot() + common
            + waves(x, 1, 3, 20, 40) + waves(x, 12, 30, 150, 300)
        let radians = point.latitude * .pi / 180
        let sine = sin(radians)
        let m = 1 - eccentricitySquared * sine * sine
        let metresNorth = semiMajorAxis * (1 - eccentricitySquared) / (m * m.squareRoot())
        let metresEast = semiMajorAxis / m.squareRoot() * cos(radians)
        return GeoPoint(
            longitude: point.longitude + east * 180 / (metresEast * .pi),
            latitude: point.latitude + north * 180 / (metresNorth * .pi)
        )
    }

    /// One pair of the datum's sine terms.
    private static func waves(_ value: Double, _ first: Double, _ second: Double, _ a: Double, _ b: Double) -> Double {
        (a * sin(value / first * .pi) + b * sin(value / second * .pi)) * 2 / 3
    }

    private static func wgs84(fromGCJ02 point: GeoPoint) -> GeoPoint {
        var guess = point
        for _ in 0..<3 {
            let forward = gcj02(fromWGS84: guess)
            guess.longitude -= forward.longitude - point.longitude
            guess.latitude -= forward.latitude - point.latitude
        }
        return guess
    }

    private static func bd09(fromGCJ02 point: GeoPoint) -> GeoPoint {
        let (x, y) = (point.longitude, point.latitude)
        let radius = (x * x + y * y).squareRoot() + 0.000_02 * sin(y * bd09Pi)
        let angle = atan2(y, x) + 0.000_003 * cos(x * bd09Pi)
        return GeoPoint(longitude: radius * cos(angle) + 0.0065, latitude: radius * sin(angle) + 0.006)
    }

    private static func gcj02(fromBD09 point: GeoPoint) -> GeoPoint {
        let (x, y) = (point.longitude - 0.0065, point.latitude - 0.006)
        let radius = (x * x + y * y).squareRoot() - 0.000_02 * sin(y * bd09Pi)
        let angle = atan2(y, x) - 0.000_003 * cos(x * bd09Pi)
        return GeoPoint(longitude: radius * cos(angle), latitude: radius * sin(angle))
    }
}

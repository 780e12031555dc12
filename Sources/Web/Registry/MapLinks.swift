import CityGrid
import Foundation

/// Links that open a place in the map app of a phone, each in the datum that its maps are drawn in.
///
/// `geo:` means WGS-84 and is for Android. Apple's maps of China, AMap and Tencent are drawn in GCJ-02, Baidu's in BD-09: a
/// WGS-84 point shown there lies 300 to 600 m off.
enum MapLinks {
    /// One link.
    struct Link: Sendable, Hashable {
        /// `geo`, `apple`, `amap`, `tencent`, `baidu`: key of its label, and of the platform that it is for.
        let app: String
        let url: String
    }

    /// The links of a place.
    ///
    /// - Parameters:
    ///   - longitude: WGS-84 degrees.
    ///   - latitude: WGS-84 degrees.
    ///   - name: What the map writes beside it.
    /// - Returns: One for each app, in the order of a page.
    static func links(longitude: Double, latitude: Double, name: String) -> [Link] {
        let place = GeoPoint(longitude: longitude, latitude: latitude)
        let gcj = Datum.wgs84.convert(place, to: .gcj02)
        let baidu = Datum.wgs84.convert(place, to: .bd09)
        let label = escaped(name)
        return [
            Link(app: "geo", url: "geo:\(text(place))?q=\(text(place))(\(label))"),
            Link(app: "apple", url: "https://maps.apple.com/?daddr=\(text(gcj))&q=\(label)"),
            Link(
                app: "amap",
                url: "https://uri.amap.com/navigation?to=\(degrees(gcj.longitude)),\(degrees(gcj.latitude)),\(label)"
                    + "&mode=walk&coordinate=gaode&callnative=1&src=gridwatch"
            ),
            Link(
                app: "tencent",
                url: "https://apis.map.qq.com/uri/v1/routeplan?type=walk&to=\(label)&tocoord=\(text(gcj))"
                    + "&referer=gridwatch"
            ),
            Link(
                app: "baidu",
                url: "https://api.map.baidu.com/direction?destination=latlng:\(text(baidu))%7Cname:\(label)"
                    + "&coord_type=bd09ll&mode=walking&output=html&src=gridwatch"
            ),
        ]
    }

    private static func text(_ point: GeoPoint) -> String { "\(degrees(point.latitude)),\(degrees(point.longitude))" }

    private static func degrees(_ value: Double) -> String { String(format: "%.6f", value) }

    private static func escaped(_ name: String) -> String {
        name.addingPercentEncoding(withAllowedCharacters: .pathSegment) ?? ""
    }
}

import Foundation

/// One grid of a file.
public struct GridFeature: Sendable, Hashable {
    /// The code of the grid, whose length tells its level.
    public let code: GridCode
    /// The name of the grid, as people are shown it.
    public let name: String
    /// The code of its parent; nil for a large grid.
    public let parent: GridCode?
    /// The boundary of the grid, WGS-84.
    public let geometry: GridGeometry
}

/// Why one feature of a file was refused.
public struct GridFeatureProblem: Sendable, Hashable {
    /// Which feature, counted from 1.
    public let position: Int
    /// Its code as written; empty when it has none.
    public let code: String
    /// What of it is wrong: `code`, `name`, `level`, `parent`, `properties` or `geometry`.
    public let part: String
    /// What is wrong and what to do.
    public let reason: String
}

/// A GeoJSON FeatureCollection of grids (RFC 7946).
///
/// Properties are `code`, `name`, and as one likes `level` and `parent`; the geometry is a Polygon or MultiPolygon in
/// WGS-84. `code` and `parent` are text, or numbers of at most 15 digits, which every
/// program keeps exactly; `level` is 1 to 4, as number or text, or the name of a level.
///
/// A bad feature does not hide the others: both lists together have every feature of the file.
public struct GridFile: Sendable {
    /// The features that can be used, in the order of the file.
    public let features: [GridFeature]
    /// The features that cannot, with the reason.
    public let problems: [GridFeatureProblem]

    /// Reads a file that was loaded.
    ///
    /// - Parameter json: the whole file, UTF-8 or GB18030.
    /// - Throws: `CityGridError` with `invalidGeoJSON` when it is no FeatureCollection, `invalidText`.
    public init(json: [UInt8]) throws(CityGridError) {
        if let sentence = ForeignFile.sentence(json) { throw CityGridError(.invalidGeoJSON, "this \(sentence)") }
        guard let text = TextEncoding.utf8(json) else {
            throw CityGridError(.invalidText, "this is text in neither UTF-8 nor GB18030; save it as UTF-8")
        }
        let collection: RawCollection
        do {
            collection = try JSONDecoder().decode(RawCollection.self, from: Data(text))
        } catch {
            throw CityGridError(
                .invalidGeoJSON,
                "this is no GeoJSON: \(JSONProblem.sentence(error, in: Data(text)))"
            )
        }
        guard collection.type == "FeatureCollection" else {
            let found =
                collection.type.map { "GeoJSON of type '\($0)'" } ?? "JSON without a 'type', perhaps that of Esri"
            throw CityGridError(.invalidGeoJSON, "this is \(found); a FeatureCollection is needed")
        }
        guard let raw = collection.features else {
            throw CityGridError(.invalidGeoJSON, "this FeatureCollection has no list 'features', so no grid")
        }
        if let name = collection.foreignSystem {
            throw CityGridError(
                .invalidGeoJSON,
                "its coordinates are in '\(name)', as its 'crs' says; export it in WGS84 (EPSG:4326) or CGCS2000 (EPSG:4490)"
            )
        }
        guard !raw.isEmpty else { throw CityGridError(.invalidGeoJSON, "there is no feature in it, so no grid") }
        var features: [GridFeature] = []
        var problems: [GridFeatureProblem] = []
        for (index, feature) in raw.enumerated() {
            do {
                features.append(try feature.checked())
            } catch {
                let code = feature.properties["code"]?.text ?? ""
                problems.append(
                    GridFeatureProblem(position: index + 1, code: code, part: error.part, reason: error.reason)
                )
            }
        }
        self.features = features
        self.problems = problems
    }
}

private struct RawCollection: Decodable {
    let type: String?
    let features: [RawFeature]?
    /// The name in the member `crs`, which RFC 7946 has abolished; nil when there is none that can be read.
    let system: String?

    private struct System: Decodable {
        let properties: [String: RawProperty]
    }

    private enum CodingKeys: String, CodingKey {
        case type
        case features
        case crs
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        type = try values.decodeIfPresent(String.self, forKey: .type)
        features = try values.decodeIfPresent([RawFeature].self, forKey: .features)
        system = (try? values.decode(System.self, forKey: .crs))?.properties["name"]?.text
    }

    /// The coordinate system that the file names, when its coordinates are not the degrees of WGS-84; nil otherwise.
    var foreignSystem: String? {
        guard let system, !system.isEmpty else { return nil }
        let known = ["4326", "4490", "CRS84", "WGS84", "CGCS2000"]
        let plain = system.uppercased().filter { $0.isLetter || $0.isNumber }
        return known.contains { plain.contains($0) } ? nil : system
    }
}

/// What of a feature is wrong, and why.
private struct FeatureProblem: Error {
    let part: String
    let reason: String

    init(_ part: String, _ reason: String) {
        self.part = part
        self.reason = reason
    }
}

/// A feature whose parts are read one by one, so that one bad part leaves the others readable for the report.
private struct RawFeature: Decodable {
    let properties: [String: RawProperty]
    let geometry: Result<RawGeometry, any Error>
    /// True when it is no feature but a whole FeatureCollection, a file put into the file.
    let isCollection: Bool

    enum CodingKeys: String, CodingKey {
        case type
        case properties
        case geometry
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        properties = (try? values.decode([String: RawProperty].self, forKey: .properties)) ?? [:]
        isCollection = (try? values.decode(String.self, forKey: .type)) == "FeatureCollection"
        geometry = Result {
            guard values.contains(.geometry), try !values.decodeNil(forKey: .geometry) else {
                throw CityGridError(.invalidGeoJSON, "its geometry is null or missing; every grid needs a boundary")
            }
            return try values.decode(RawGeometry.self, forKey: .geometry)
        }
    }

    func checked() throws(FeatureProblem) -> GridFeature {
        if isCollection {
            throw FeatureProblem("properties", "it is a FeatureCollection itself; put all features into one list")
        }
        guard let code = try code("code") else {
            throw FeatureProblem("code", "there is no property 'code'; every grid needs one\(found)")
        }
        let name = properties["name"]?.text.map(plainText(ofField:)) ?? ""
        guard !name.isEmpty else {
            let what = properties["name"].map { "property 'name' is \($0.kind)" } ?? "there is no property 'name'"
            throw FeatureProblem("name", "grid \(code): \(what); every grid needs a name as text\(found)")
        }
        if let level = try level(of: code), level != code.level {
            throw FeatureProblem(
                "level",
                "grid \(code): level \(level.rawValue) does not go with a code of \(code.level.digits) digits"
            )
        }
        return GridFeature(code: code, name: name, parent: try parent(of: code), geometry: try checkedGeometry(code))
    }

    /// The names of the properties that are there, for who looks for a missing one.
    private var found: String {
        let names = properties.keys.sorted()
        if names.isEmpty { return "; the feature has no properties" }
        return "; found are " + names.prefix(8).map { "'\($0)'" }.joined(separator: ", ")
            + (names.count > 8 ? " and \(names.count - 8) more" : "")
    }

    /// A grid code; nil where there is none.
    private func code(_ name: String) throws(FeatureProblem) -> GridCode? {
        let text: String
        switch properties[name] {
        case nil, .null?: return nil
        case .text(let written)?:
            text = plainText(ofField: written)
            if text.isEmpty { return nil }
        case .whole(let number)? where number.magnitude < 1_000_000_000_000_000:
            text = String(number)
        case .whole(let number)?:
            throw FeatureProblem(
                name,
                "property '\(name)' is a number (\(number)) of more than 15 digits, which programs round; write it as "
                    + "text, in quotes, with the digits of the source"
            )
        case let other?:
            throw FeatureProblem(name, "property '\(name)' is \(other.kind); write the code as text, in quotes")
        }
        do throws(CityGridError) {
            return try GridCode(text)
        } catch {
            throw FeatureProblem(name, name == "code" ? error.message : "property '\(name)': \(error.message)")
        }
    }

    private func level(of code: GridCode) throws(FeatureProblem) -> GridLevel? {
        let level: GridLevel?
        switch properties["level"] {
        case nil, .null?: return nil
        case .whole(let number)?: level = GridLevel(rawValue: Int(clamping: number))
        case .text(let written)?:
            let text = plainText(ofField: written)
            if text.isEmpty { return nil }
            level = Int(text).flatMap(GridLevel.init(rawValue:)) ?? GridLevel.named[text]
        default: level = nil
        }
        guard let level else {
            let written = properties["level"]
            throw FeatureProblem(
                "level",
                "grid \(code): property 'level' is \(written?.text.map { "'\($0)'" } ?? written?.kind ?? ""); it is 1 "
                    + "(street, 街道), 2 (community, 社区), 3 (small grid, 小网格) or 4 (micro-grid, 微网格), or left out"
            )
        }
        return level
    }

    /// The parent that the file names, or the prefix of the code where it names none.
    private func parent(of code: GridCode) throws(FeatureProblem) -> GridCode? {
        let written: GridCode?
        do throws(FeatureProblem) {
            written = try self.code("parent")
        } catch {
            throw FeatureProblem("parent", "grid \(code): \(error.reason)")
        }
        guard let parent = written else { return code.prefixParent }
        guard parent.level.rawValue == code.level.rawValue - 1 else {
            throw FeatureProblem(
                "parent",
                "grid \(code): its parent \(parent) is of level \(parent.level.rawValue); a grid of level "
                    + "\(code.level.rawValue) has a parent one level up"
            )
        }
        return parent
    }

    private func checkedGeometry(_ code: GridCode) throws(FeatureProblem) -> GridGeometry {
        do {
            let raw = try geometry.get()
            for point in raw.polygons.joined().joined().map(\.point) where !point.isInChina { try Self.refuse(point) }
            let rings = try raw.polygons.map { try $0.map { try GridRing($0.map(\.point)) } }
            return try GridGeometry(polygons: rings)
        } catch let error as CityGridError {
            throw FeatureProblem("geometry", "grid \(code): \(error.message)")
        } catch {
            throw FeatureProblem(
                "geometry",
                "grid \(code): its boundary cannot be read: \(JSONProblem.sentence(error))"
            )
        }
    }

    /// Refuses a point outside China, and says what probably went wrong.
    ///
    /// A point with only one of its coordinates out of the range of degrees passes: the check of its ring reports it.
    private static func refuse(_ point: GeoPoint) throws(CityGridError) {
        let text = "point (\(point.longitude), \(point.latitude))"
        if GeoPoint(longitude: point.latitude, latitude: point.longitude).isInChina {
            throw CityGridError(
                .invalidGeometry,
                "\(text) has latitude and longitude swapped; GeoJSON has the longitude first"
            )
        }
        if abs(point.longitude) > 180, abs(point.latitude) > 90 {
            throw CityGridError(
                .invalidGeometry,
                "\(text) is not in degrees, probably in metres of a projection; export the boundary in WGS84 (EPSG:4326)"
            )
        }
        guard abs(point.longitude) <= 180, abs(point.latitude) <= 90 else { return }
        throw CityGridError(.invalidGeometry, "\(text) lies outside China (73.66…135.05 east, 3.86…53.55 north)")
    }
}

extension GridLevel {
    /// What offices call the levels.
    fileprivate static let named: [String: GridLevel] = [
        "大网格": .large, "街道": .large, "乡镇": .large, "乡": .large, "镇": .large,
        "中网格": .medium, "社区": .medium, "村": .medium, "行政村": .medium,
        "小网格": .small, "单元网格": .small,
        "微网格": .micro,
    ]
}

/// The value of a property, whatever it is.
private enum RawProperty: Decodable {
    case null
    case text(String)
    case whole(Int64)
    case fraction(Double)
    case truth(Bool)
    case compound

    init(from decoder: any Decoder) throws {
        guard let value = try? decoder.singleValueContainer() else {
            self = .compound
            return
        }
        if value.decodeNil() {
            self = .null
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let truth = try? value.decode(Bool.self) {
            self = .truth(truth)
        } else if let number = try? value.decode(Int64.self) {
            self = .whole(number)
        } else if let number = try? value.decode(Double.self) {
            self = .fraction(number)
        } else {
            self = .compound
        }
    }

    /// As text, where it is text or a number.
    var text: String? {
        switch self {
        case .text(let text): text
        case .whole(let number): String(number)
        case .fraction(let number): String(number)
        case .null, .truth, .compound: nil
        }
    }

    /// What it is, for a person.
    var kind: String {
        switch self {
        case .null: "null"
        case .text(let text): text.isEmpty ? "empty" : "text"
        case .whole, .fraction: "a number"
        case .truth: "true or false"
        case .compound: "a list or an object"
        }
    }
}

private struct RawGeometry: Decodable {
    let polygons: [[[Position]]]

    enum CodingKeys: String, CodingKey {
        case type
        case coordinates
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let type = try values.decode(String.self, forKey: .type)
        switch type {
        case "Polygon": polygons = [try values.decode([[Position]].self, forKey: .coordinates)]
        case "MultiPolygon": polygons = try values.decode([[[Position]]].self, forKey: .coordinates)
        default:
            throw CityGridError(.invalidGeoJSON, "a geometry of type \(type) has no area; draw a Polygon")
        }
    }
}

/// `[longitude, latitude]`, with an altitude that is left out.
private struct Position: Decodable {
    let point: GeoPoint

    init(from decoder: any Decoder) throws {
        var values = try decoder.unkeyedContainer()
        point = GeoPoint(longitude: try values.decode(Double.self), latitude: try values.decode(Double.self))
    }
}

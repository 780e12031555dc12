import Foundation

/// One grid of a file.
public struct GridFeature: Sendable, Hashable {
    /// Its code.
    public let code: GridCode
    /// Its name as shown.
    public let name: String
    /// The code of its parent; nil for a large grid.
    public let parent: GridCode?
    /// Its boundary.
    public let geometry: GridGeometry
}

/// Why one feature of a file was refused.
public struct GridFeatureProblem: Sendable, Hashable {
    /// Which feature, counted from 1.
    public let position: Int
    /// Its code as written; empty when it has none.
    public let code: String
    /// What is wrong and what to do.
    public let reason: String
}

/// A GeoJSON FeatureCollection of grids (RFC 7946): properties `code`, `name`, optional `level` and `parent`;
/// geometry Polygon or MultiPolygon in WGS-84.
///
/// A bad feature does not hide the others: both lists together have every feature of the file.
public struct GridFile: Sendable {
    /// The features that can be used, in the order of the file.
    public let features: [GridFeature]
    /// The features that cannot, with the reason.
    public let problems: [GridFeatureProblem]

    /// Reads a file that was loaded.
    ///
    /// - Parameter json: the whole file, UTF-8.
    /// - Throws: `CityGridError` with `invalidGeoJSON` when it is no FeatureCollection.
    public init(json: [UInt8]) throws(CityGridError) {
        let collection: RawCollection
        do {
            collection = try JSONDecoder().decode(RawCollection.self, from: Data(json))
        } catch {
            throw CityGridError(.invalidGeoJSON, "this is no GeoJSON: \(GridFile.reason(error))")
        }
        guard collection.type == "FeatureCollection", let raw = collection.features else {
            throw CityGridError(
                .invalidGeoJSON,
                "this is GeoJSON of type '\(collection.type ?? "")'; a FeatureCollection is needed"
            )
        }
        var features: [GridFeature] = []
        var problems: [GridFeatureProblem] = []
        for (index, feature) in raw.enumerated() {
            let code = feature.properties?.code ?? ""
            do {
                features.append(try feature.checked())
            } catch {
                let message = (error as? CityGridError)?.message ?? GridFile.reason(error)
                problems.append(GridFeatureProblem(position: index + 1, code: code, reason: message))
            }
        }
        self.features = features
        self.problems = problems
    }

    fileprivate static func reason(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        switch error {
        case .dataCorrupted(let context), .keyNotFound(_, let context), .typeMismatch(_, let context),
            .valueNotFound(_, let context):
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            return path.isEmpty ? context.debugDescription : "\(path): \(context.debugDescription)"
        @unknown default:
            return "it cannot be decoded"
        }
    }
}

private struct RawCollection: Decodable {
    let type: String?
    let features: [RawFeature]?
}

/// A feature whose parts are read one by one, so that a bad geometry leaves the code readable for the report.
private struct RawFeature: Decodable {
    let properties: RawProperties?
    let geometry: Result<RawGeometry, any Error>

    enum CodingKeys: String, CodingKey {
        case properties
        case geometry
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        properties = try? values.decode(RawProperties.self, forKey: .properties)
        geometry = Result { try values.decode(RawGeometry.self, forKey: .geometry) }
    }

    func checked() throws -> GridFeature {
        guard let properties, let written = properties.code else {
            throw CityGridError(.invalidGeoJSON, "there is no text property 'code'; every grid needs one")
        }
        let code = try GridCode(written)
        let name = (properties.name ?? "").trimmingBlanks
        guard !name.isEmpty else {
            throw CityGridError(.invalidGeoJSON, "grid \(code): there is no property 'name'; every grid needs one")
        }
        if let level = properties.level, level != code.level.rawValue {
            throw CityGridError(
                .invalidGridCode,
                "grid \(code): level \(level) does not go with a code of \(code.level.digits) digits"
            )
        }
        return GridFeature(
            code: code,
            name: name,
            parent: try parent(of: code, written: properties.parent),
            geometry: try checkedGeometry(code)
        )
    }

    /// The parent that the file names, or the prefix of the code where it names none.
    private func parent(of code: GridCode, written: String?) throws(CityGridError) -> GridCode? {
        guard let written, !written.isEmpty else { return code.prefixParent }
        let parent = try GridCode(written)
        guard parent.level.rawValue == code.level.rawValue - 1 else {
            throw CityGridError(
                .invalidGridCode,
                "grid \(code): its parent \(parent) is of level \(parent.level.rawValue); a grid of level "
                    + "\(code.level.rawValue) has a parent one level up"
            )
        }
        return parent
    }

    private func checkedGeometry(_ code: GridCode) throws(CityGridError) -> GridGeometry {
        do {
            let rings = try geometry.get().polygons.map { try $0.map { try GridRing($0.map(\.point)) } }
            return try GridGeometry(polygons: rings)
        } catch let error as CityGridError {
            throw CityGridError(error.code, "grid \(code): \(error.message)")
        } catch {
            throw CityGridError(.invalidGeoJSON, "grid \(code): \(GridFile.reason(error))")
        }
    }
}

private struct RawProperties: Decodable {
    let code: String?
    let name: String?
    let level: Int?
    let parent: String?
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

/// Why a code, a coordinate, a boundary or a table was refused.
public struct CityGridError: Error, CustomStringConvertible, Hashable, Sendable {
    /// What was refused, for code that has to tell refusals apart.
    public enum Code: String, Hashable, Sendable {
        /// A grid code has the wrong length or other characters than digits.
        case invalidGridCode
        /// A camera id is neither a 20-digit device code nor a slug.
        case invalidCameraID
        /// A spreadsheet turned a long code into a rounded number.
        case codeEatenBySpreadsheet
        /// A coordinate is missing, not a number or cannot be in China.
        case invalidCoordinate
        /// The name of a datum is not known.
        case unknownDatum
        /// A boundary is open, crosses itself or has unusable points.
        case invalidGeometry
        /// A file is not GeoJSON as we read it.
        case invalidGeoJSON
        /// A row cannot be read as CSV.
        case invalidRow
        /// Text is neither UTF-8 nor GB18030.
        case invalidText
    }

    /// What was refused, for code that has to tell refusals apart.
    public let code: Code
    /// What, why and what to do, for a person.
    public let message: String

    /// The message, so that a log or a terminal shows what to do and no type names.
    public var description: String { message }

    /// Makes an error from its kind and its message.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

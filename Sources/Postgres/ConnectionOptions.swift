import CPostgres

/// The options of a libpq connection string, with what the environment gives where the string says nothing.
public struct ConnectionOptions: Sendable {
    /// The value of an option, and who gave it.
    public struct Value: Sendable, Hashable {
        /// As written.
        public let text: String
        /// The environment variable that it came from; nil when it stands in the string.
        public let variable: String?
    }

    /// Why a string cannot be taken apart.
    public enum Fault: Error, Sendable, Hashable {
        /// It is not made of options, or a quote or a percent sign is wrong.
        case malformed
        /// libpq knows no option of that name. What follows a blank in a password looks like one: do not show it.
        case unknownOption(String)
    }

    private let values: [String: Value]

    /// Takes a string apart; nothing is connected or looked up.
    ///
    /// `environment`: of the process, in which libpq looks for options that the string leaves out (`PGPORT`, …).
    ///
    /// - Throws: `Fault`.
    public init(_ text: String, environment: [String: String] = [:]) throws(Fault) {
        var message: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(text, &message) else {
            let why = message.map { String(cString: $0) } ?? ""
            if let message { PQfreemem(message) }
            throw Self.fault(why)
        }
        defer { PQconninfoFree(options) }
        var values: [String: Value] = [:]
        Self.forEach(options) { keyword, option in
            if let value = option.val {
                values[keyword] = Value(text: String(cString: value), variable: nil)
            } else if let variable = option.envvar.map({ String(cString: $0) }), let value = environment[variable] {
                values[keyword] = Value(text: value, variable: variable)
            }
        }
        self.values = values
    }

    /// The value of an option; nil when neither the string nor the environment has it, or it is empty.
    public subscript(keyword: String) -> Value? {
        values[keyword].flatMap { $0.text.isEmpty ? nil : $0 }
    }

    /// The names of all options that libpq knows.
    public static let keywords: [String] = {
        guard let options = PQconninfoParse("", nil) else { return [] }
        defer { PQconninfoFree(options) }
        var keywords: [String] = []
        forEach(options) { keyword, _ in keywords.append(keyword) }
        return keywords
    }()

    private static func forEach(
        _ options: UnsafeMutablePointer<PQconninfoOption>,
        _ body: (String, PQconninfoOption) -> Void
    ) {
        var option = options
        while let keyword = option.pointee.keyword {
            body(String(cString: keyword), option.pointee)
            option += 1
        }
    }

    /// libpq names an unknown option in quotes at the end of its message.
    private static func fault(_ why: String) -> Fault {
        let parts = why.split(separator: "\"", omittingEmptySubsequences: false)
        guard parts.count == 3, why.contains("option") || why.contains("parameter"), why.contains("invalid") else {
            return .malformed
        }
        return .unknownOption(String(parts[1]))
    }
}

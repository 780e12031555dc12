import Foundation

/// Why breadcrumbs cannot be left or read.
public struct BreadcrumbsError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What failed.
    public enum Code: Sendable, Hashable {
        /// The file cannot be made.
        case cannotCreate
        /// The signals cannot be caught.
        case cannotCatch
        /// The file cannot be read.
        case cannotRead
        /// The file holds something else.
        case notBreadcrumbs
    }

    /// What failed.
    public let code: Code
    /// What failed, where, why, and what to do, for a person.
    public let message: String

    /// The message.
    public var description: String { message }

    static func creating(_ path: String, _ number: Int32) -> Self {
        Self(
            code: .cannotCreate,
            message:
                "cannot make the breadcrumbs file \(path): \(reason(number)); check the folder's permissions and room"
        )
    }

    static func catching(_ number: Int32) -> Self {
        Self(code: .cannotCatch, message: "cannot catch the signals of a crash: \(reason(number))")
    }

    static func reading(_ path: String, _ reason: String) -> Self {
        Self(
            code: .cannotRead,
            message: "cannot read the breadcrumbs file \(path): \(reason); whom the worker died on stays unknown"
        )
    }

    static func foreign(_ why: String) -> Self {
        Self(
            code: .notBreadcrumbs,
            message: "the breadcrumbs are not readable: \(why); whom the worker died on stays unknown"
        )
    }

    private static func reason(_ number: Int32) -> String {
        String(cString: strerror(number))
    }
}

/// Why the store did not do what was asked; failures of the database itself stay `PostgresError`.
public struct StoreError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of refusal.
    public enum Code: String, Sendable, Hashable {
        /// There is no such case, task or post.
        case notFound
        /// The person may not do this.
        case forbidden
        /// It does not fit how things stand now; look again.
        case conflict
        /// A value cannot be accepted.
        case invalid
        /// The database and this program do not fit together.
        case incompatible
    }

    /// The kind of refusal.
    public let code: Code
    /// What was refused, why, and what to do.
    public let message: String

    /// Makes an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { message }
}

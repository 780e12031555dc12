/// Why the simulator cannot do what it was asked.
public struct SimulatorError: Error, CustomStringConvertible, Hashable, Sendable {
    /// What kind of failure it is, for code that has to tell them apart.
    public enum Code: String, Hashable, Sendable {
        /// An option is out of its range.
        case badOption
        /// A clip or folder cannot be read, or its video cannot be served.
        case badClip
        /// There is no clip that could be served.
        case noClip
        /// The clips are larger than the memory that they may take.
        case tooLarge
        /// The address cannot be listened on.
        case cannotListen
        /// The server socket was closed by something else than the caller.
        case stopped
        /// A process of a farm in several processes has ended by itself.
        case processFailed
    }

    /// What kind of failure it is; the message says what and where.
    public let code: Code
    /// One sentence for the operator.
    public let message: String

    /// Makes an error; the message says what to do, too.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message, so that a terminal shows what to do and no type names.
    public var description: String { message }
}

/// What went wrong while reading or writing RTSP, SDP or RTP.
///
/// The message says what was found and what the standard allows. It never holds credentials.
public struct RTSPError: Error, CustomStringConvertible, Hashable, Sendable {
    /// The kind of failure, for code that decides what to do next.
    public enum Code: String, Hashable, Sendable {
        /// The bytes are not what the standard describes.
        case malformed
        /// A line, header block, body or packet is longer than its limit.
        case tooLarge
        /// The coding, transport or algorithm is not one that Gridwatch speaks.
        case unsupported
        /// The stream lacks parameter sets, so nobody could decode it.
        case missingParameterSets
    }

    /// The kind of failure.
    public let code: Code
    /// One sentence for the operator.
    public let message: String

    /// Makes an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { message }
}

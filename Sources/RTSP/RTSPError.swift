/// What went wrong while reading or writing RTSP, SDP or RTP, or while talking to a camera.
///
/// The message says what was found and what the standard allows or a person can do. It never holds credentials.
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
        /// The camera does not take the user name and password, or there are none.
        case unauthorized
        /// The camera has no such stream.
        case notFound
        /// The camera refuses with another status, which `status` holds.
        case refused
        /// The camera does not answer.
        case timedOut
        /// The camera could not be reached or has closed the connection.
        case disconnected
        /// The stream has no video that can be watched.
        case noVideo
        /// The camera sends its clients from address to address.
        case redirectLoop
        /// The camera does not send over TCP.
        case otherTransport
    }

    /// When another try makes sense.
    public enum Retry: Hashable, Sendable {
        /// By the usual back-off: the failure may pass by itself.
        case soon
        /// Minutes later: a person has to change something, and trying may lock the account.
        case slowly
        /// Not in this way.
        case never
    }

    /// The kind of failure.
    public let code: Code
    /// One sentence for the operator.
    public let message: String
    /// The status of the response that told of the failure; nil when there was none.
    public let status: Int?

    /// Makes an error.
    public init(_ code: Code, _ message: String, status: Int? = nil) {
        self.code = code
        self.message = message
        self.status = status
    }

    /// The message.
    public var description: String { message }

    /// When another try makes sense.
    public var retry: Retry {
        switch code {
        case .unsupported, .otherTransport: return .never
        case .unauthorized, .notFound, .noVideo, .redirectLoop: return .slowly
        case .malformed, .tooLarge, .missingParameterSets, .timedOut, .disconnected: return .soon
        case .refused:
            // Too little bandwidth, a lost session and the server's own trouble pass; the other refusals are meant.
            guard let status, (400...499).contains(status) else { return .soon }
            return status == 408 || status == 453 || status == 454 ? .soon : .slowly
        }
    }

    /// False when trying the same again is useless.
    public var isRetriable: Bool { retry != .never }
}

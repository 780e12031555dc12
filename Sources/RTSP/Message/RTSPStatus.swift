/// The three digits of a response, with the standard's words for them (RFC 2326, 7.1.1).
public struct RTSPStatus: Hashable, Sendable, ExpressibleByIntegerLiteral {
    /// 100…999.
    public let code: Int

    /// Makes a status of that number.
    public init(_ code: Int) {
        self.code = code
    }

    /// Makes a status of that number.
    public init(integerLiteral code: Int) {
        self.code = code
    }

    /// Done.
    public static let ok: RTSPStatus = 200
    /// The request cannot be understood.
    public static let badRequest: RTSPStatus = 400
    /// Credentials are missing or wrong.
    public static let unauthorized: RTSPStatus = 401
    /// There is no such stream.
    public static let notFound: RTSPStatus = 404
    /// This server never does that.
    public static let methodNotAllowed: RTSPStatus = 405
    /// The client takes no description in SDP.
    public static let notAcceptable: RTSPStatus = 406
    /// The parameter that was asked for is unknown.
    public static let parameterNotUnderstood: RTSPStatus = 451
    /// The session does not exist on this connection.
    public static let sessionNotFound: RTSPStatus = 454
    /// The method makes no sense now, for example PLAY before SETUP.
    public static let methodNotValidInState: RTSPStatus = 455
    /// The range cannot be read.
    public static let invalidRange: RTSPStatus = 457
    /// No transport of the client's list is spoken here.
    public static let unsupportedTransport: RTSPStatus = 461
    /// The method is unknown.
    public static let notImplemented: RTSPStatus = 501
    /// The client speaks another version of the protocol.
    public static let versionNotSupported: RTSPStatus = 505
    /// The client requires a feature that is unknown here.
    public static let optionNotSupported: RTSPStatus = 551

    /// The standard's words; "Status" for a number that it does not name.
    public var reason: String { Self.reasons[code] ?? "Status" }

    private static let reasons: [Int: String] = [
        200: "OK",
        400: "Bad Request",
        401: "Unauthorized",
        404: "Not Found",
        405: "Method Not Allowed",
        406: "Not Acceptable",
        451: "Parameter Not Understood",
        454: "Session Not Found",
        455: "Method Not Valid in This State",
        457: "Invalid Range",
        461: "Unsupported Transport",
        501: "Not Implemented",
        505: "RTSP Version Not Supported",
        551: "Option Not Supported",
    ]
}

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
    /// The stream is elsewhere for now.
    public static let movedTemporarily: RTSPStatus = 302
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
    /// The server serves as many clients as it can.
    public static let notEnoughBandwidth: RTSPStatus = 453
    /// The session does not exist on this connection.
    public static let sessionNotFound: RTSPStatus = 454
    /// The method makes no sense now, for example PLAY before SETUP.
    public static let methodNotValidInState: RTSPStatus = 455
    /// The range cannot be read.
    public static let invalidRange: RTSPStatus = 457
    /// The method is for one track only, not for the whole stream.
    public static let aggregateNotAllowed: RTSPStatus = 459
    /// No transport of the client's list is spoken here.
    public static let unsupportedTransport: RTSPStatus = 461
    /// The method is unknown.
    public static let notImplemented: RTSPStatus = 501
    /// The server is overloaded or not ready.
    public static let serviceUnavailable: RTSPStatus = 503
    /// The client speaks another version of the protocol.
    public static let versionNotSupported: RTSPStatus = 505
    /// The client requires a feature that is unknown here.
    public static let optionNotSupported: RTSPStatus = 551

    /// The standard's words; "Status" for a number that it does not name.
    public var reason: String { Self.reasons[code] ?? "Status" }

    private static let reasons: [Int: String] = [
        200: "OK",
        301: "Moved Permanently",
        302: "Moved Temporarily",
        400: "Bad Request",
        401: "Unauthorized",
        403: "Forbidden",
        404: "Not Found",
        405: "Method Not Allowed",
        406: "Not Acceptable",
        451: "Parameter Not Understood",
        453: "Not Enough Bandwidth",
        454: "Session Not Found",
        455: "Method Not Valid in This State",
        457: "Invalid Range",
        459: "Aggregate Operation Not Allowed",
        460: "Only Aggregate Operation Allowed",
        461: "Unsupported Transport",
        500: "Internal Server Error",
        501: "Not Implemented",
        503: "Service Unavailable",
        505: "RTSP Version Not Supported",
        551: "Option Not Supported",
    ]
}

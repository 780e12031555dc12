public import Flow
import NIOCore

/// What cameras and media servers ask their clients.
extension ClientSession {
    private static let answeredMethods = "OPTIONS, ANNOUNCE, GET_PARAMETER, SET_PARAMETER, REDIRECT, TEARDOWN"

    /// A request of the server has arrived.
    public mutating func receive(_ request: RTSPRequest, at now: MediaTime) -> [ClientAction] {
        guard state != .closed, state != .connecting else { return [] }
        lastSign = max(lastSign, now)
        let isStopping = state == .stopping
        switch request.method {
        case "OPTIONS":
            return [answer(request, .ok, ["Public": Self.answeredMethods])]
        case "ANNOUNCE":
            // A new description of the same stream: what matters of it comes in band.
            return [answer(request, .ok)]
        case "GET_PARAMETER", "SET_PARAMETER":
            return [answer(request, request.body.readableBytes == 0 ? .ok : .parameterNotUnderstood)]
        case "REDIRECT":
            guard let location = request.headers["Location"] else { return [answer(request, .badRequest)] }
            return [answer(request, .ok)] + (isStopping ? [] : redirect(to: location))
        case "TEARDOWN":
            if !isStopping { learnFromHangingUp() }
            return [answer(request, .ok)] + (isStopping ? end() : fail(.disconnected, "has ended the session"))
        default:
            return [answer(request, .notImplemented, ["Public": Self.answeredMethods])]
        }
    }

    private func answer(_ request: RTSPRequest, _ status: RTSPStatus, _ headers: RTSPHeaders = [:]) -> ClientAction {
        var response = RTSPResponse(status, headers: headers)
        if let number = request.headers["CSeq"] { response.headers.add("CSeq", number) }
        if let session = request.headers["Session"] { response.headers.add("Session", session) }
        return .respond(response)
    }
}

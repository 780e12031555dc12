import Flow

/// What a camera teaches by what it does not answer.
extension ClientSession {
    /// Times a session's time-out after which it has been kept alive.
    private static let outlived = 2.0
    /// Share of the time-out from which on a closed session may have run out.
    private static let runOut = 0.8

    /// The other side has closed the connection.
    mutating func learnFromHangingUp() {
        guard state == .playing else {
            if let pending { learnFromSilence(pending.method) }
            return
        }
        // On the sign itself, or when a session without one would have ended: whichever, it is not the right one.
        let lived = lastSign.seconds(since: startedAt)
        let hasRunOut = lived >= Self.runOut * Double(timeout) && lived < Self.outlived * Double(timeout)
        guard pending != nil || hasRunOut, !lessons.isSignProven else { return }
        lessons.signOfLife = lessons.signOfLife.next
    }

    /// A request was not answered.
    mutating func learnFromSilence(_ method: Method) {
        switch method {
        case .describe: lessons.asksOptionsFirst = !hasAskedOptions
        case .options where state == .describing: lessons.asksOptionsFirst = false
        default: break
        }
    }

    /// True when the session would have ended without signs of life.
    func hasOutlivedTimeout(at now: MediaTime) -> Bool {
        now.seconds(since: startedAt) >= Self.outlived * Double(timeout)
    }
}

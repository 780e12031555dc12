import Flow

/// What a camera teaches by what it does not answer.
extension ClientSession {
    /// Times a session's time-out after which it has been kept alive.
    private static let outlived = 2.0
    /// Share of the time-out from which on a closed session may have run out.
    private static let runOut = 0.8
    /// Seconds of the shortest session that can have ended for want of a sign of life, and seconds within which two such
    /// ends are alike.
    private static let impatience = (shortest: 10.0, alike: 3.0)

    /// The other side has closed the connection.
    mutating func learnFromHangingUp() {
        guard state == .playing else {
            guard let pending else { return }
            // Some cameras close the connection on which they have asked for the password.
            lessons.challenge = pending.proofs > 0 ? authentication.again : nil
            if pending.proofs == 0 { learnFromSilence(pending.method) }
            return
        }
        // On the sign itself, or when a session without one would have ended: whichever, it is not the right one.
        let lived = lastSign.seconds(since: startedAt)
        learnPatience(lived)
        let hasRunOut = lived >= Self.runOut * Double(timeout) && lived < Self.outlived * Double(timeout)
        guard pending != nil || hasRunOut, !lessons.isSignProven else { return }
        lessons.signOfLife = lessons.signOfLife.next
    }

    /// Two sessions in a row that the camera has ended at the same age, before the first sign of life was due: it wants
    /// one sooner than it says.
    private mutating func learnPatience(_ lived: Double) {
        guard pending == nil, !lessons.isSignProven, lived >= Self.impatience.shortest,
            lived < Self.keepAliveShare * Double(timeout)
        else { return lessons.lastLife = nil }
        if let last = lessons.lastLife, abs(last - lived) <= Self.impatience.alike {
            lessons.patience = Int(min(last, lived))
        }
        lessons.lastLife = lived
    }

    /// A request was not answered.
    mutating func learnFromSilence(_ method: Method) {
        switch method {
        // Some cameras hang up on an address that they do not know.
        case .setUp: lessons.setUpWay += 1
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

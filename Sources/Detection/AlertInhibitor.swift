import Flow

/// Lets the alerts of a rule through only while what it says about other rules holds.
///
/// The rule's evaluator goes on meanwhile and forgets nothing: when what the rule asks of others comes true while its
/// own condition holds, the alert starts at that moment.
struct AlertInhibitor: Sendable {
    /// What the evaluator said last of the alert that runs.
    private var running: AlertChange?
    /// Since when the alert is told; nil while it is kept back.
    private var toldSince: MediaTime?

    /// True while an alert runs that nobody was told of.
    var isKeepingBack: Bool { running != nil && toldSince == nil }

    /// Takes what the evaluator says of a frame, and gives what others are told.
    mutating func pass(_ change: AlertChange?, isOpen: Bool, at time: MediaTime) -> AlertChange? {
        if change?.phase == .end {
            defer { (running, toldSince) = (nil, nil) }
            return retold(change)
        }
        running = change ?? running
        guard var told = running else { return nil }
        told.at = time
        switch (isOpen, toldSince) {
        case (true, nil):
            toldSince = change?.phase == .start ? told.start : time
            told.phase = .start
            return retold(told)
        case (true, _?): return retold(change)
        case (false, _?):
            defer { toldSince = nil }
            told.phase = .end
            told.end = time
            return retold(told)
        case (false, nil): return nil
        }
    }

    /// A change as others know its alert; nil when they know of none.
    private func retold(_ change: AlertChange?) -> AlertChange? {
        guard var change, let toldSince else { return nil }
        change.start = toldSince
        return change
    }
}

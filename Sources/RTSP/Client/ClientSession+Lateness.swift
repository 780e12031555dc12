import Flow

extension ClientSession {
    /// Moves the deadlines of what is awaited from the camera, because its owner was late to read.
    ///
    /// An answer that lies unread in a socket is no silence. Signs of life are sent by the clock all the same: the
    /// camera's patience does not depend on ours.
    ///
    /// - Parameter seconds: By how much; nothing happens unless it is positive.
    public mutating func excuse(_ seconds: Double) {
        guard seconds > 0 else { return }
        lastSign = lastSign.advanced(bySeconds: seconds)
        lastFrame = lastFrame.advanced(bySeconds: seconds)
        if let sentAt = pending?.sentAt { pending?.sentAt = sentAt.advanced(bySeconds: seconds) }
    }
}

internal import Flow

/// How long a source has been read without a picture that can be used.
///
/// Its own steps are bounded: a process that was stopped for a while has not waited for the camera.
struct KeyframeWait {
    /// Longest time between two packets that counts, seconds.
    private static let longestStep = 10.0

    private var clock = PatientClock(longestStep: Self.longestStep)
    private var toldAt = 0.0

    /// Seconds so far.
    var seconds: Double { clock.now }

    /// Takes that a packet has come; true each time that `limit` more seconds have passed.
    mutating func isOver(after limit: Double, now: Double) -> Bool {
        let waited = clock.look(now)
        guard waited - toldAt >= limit else { return false }
        toldAt = waited
        return true
    }

    /// Takes that a picture came that can be used.
    mutating func ended() {
        self = KeyframeWait()
    }
}

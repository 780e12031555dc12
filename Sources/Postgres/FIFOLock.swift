/// Who may use a connection now: one operation at a time, first come, first served.
struct FIFOLock {
    private var isTaken = false
    private var nextTicket = 0
    private var waiting: [(ticket: Int, continuation: CheckedContinuation<Void, any Error>)] = []

    /// Takes the turn when nobody has it.
    mutating func takeIfFree() -> Bool {
        guard !isTaken else { return false }
        isTaken = true
        return true
    }

    /// A number to leave the queue by.
    mutating func ticket() -> Int {
        nextTicket += 1
        return nextTicket
    }

    mutating func wait(_ ticket: Int, _ continuation: CheckedContinuation<Void, any Error>) {
        waiting.append((ticket, continuation))
    }

    /// Leaves the queue; nothing happens when the turn came already.
    mutating func leave(_ ticket: Int) {
        guard let index = waiting.firstIndex(where: { $0.ticket == ticket }) else { return }
        waiting.remove(at: index).continuation.resume(throwing: CancellationError())
    }

    /// Gives the turn to the next one.
    mutating func pass() {
        guard !waiting.isEmpty else {
            isTaken = false
            return
        }
        waiting.removeFirst().continuation.resume()
    }
}

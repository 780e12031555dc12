import Synchronization

/// Wakes a loop that otherwise sleeps for a while; a ring while nobody waits is kept, several are one.
final class Bell: Sendable {
    private struct State {
        var isRung = false
        var sleeper: Task<Void, Never>?
    }

    private let state = Mutex(State())

    /// Ends the wait; any thread.
    func ring() {
        state.withLock { state in
            state.isRung = true
            state.sleeper?.cancel()
        }
    }

    /// Waits for a ring, at most so many seconds, or until the task is cancelled; for one task at a time.
    func wait(atMost seconds: Double) async {
        let sleeper = Task { () -> Void in try? await Task.sleep(for: .seconds(seconds)) }
        let isRung = state.withLock { state in
            if !state.isRung { state.sleeper = sleeper }
            return state.isRung
        }
        if !isRung {
            await withTaskCancellationHandler {
                await sleeper.value
            } onCancel: {
                sleeper.cancel()
            }
        }
        sleeper.cancel()
        state.withLock { $0 = State() }
    }
}

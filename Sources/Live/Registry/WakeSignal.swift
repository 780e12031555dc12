import Synchronization

/// Wakes a loop that otherwise sleeps for a while; a call while nobody waits is kept, several are one.
final class WakeSignal: Sendable {
    private struct State {
        var isAwake = false
        var sleeper: Task<Void, Never>?
    }

    private let state = Mutex(State())

    /// Ends the wait; any thread.
    func wake() {
        state.withLock { state in
            state.isAwake = true
            state.sleeper?.cancel()
        }
    }

    /// Waits for a call, at most so many seconds, or until the task is cancelled; for one task at a time.
    func wait(atMost seconds: Double) async {
        let sleeper = Task { () -> Void in try? await Task.sleep(for: .seconds(seconds)) }
        let isAwake = state.withLock { state in
            if !state.isAwake { state.sleeper = sleeper }
            return state.isAwake
        }
        if !isAwake {
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

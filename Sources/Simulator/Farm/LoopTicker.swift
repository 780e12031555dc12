import Flow
import NIOCore

/// The one timer of an event loop: it asks all connections of the loop for what is due.
///
/// A timer per camera would cost the loop a heap of thousands of timers; a picture may wait for one interval instead.
final class LoopTicker: Sendable {
    private let farm: FarmContext
    private let eventLoop: any EventLoop
    private let connections: NIOLoopBoundBox<[ObjectIdentifier: FarmConnection]>
    private let ticks: NIOLoopBoundBox<Int>

    private static let interval = TimeAmount.milliseconds(20)
    private static let ticksPerSecond = 50

    init(farm: FarmContext, eventLoop: any EventLoop) {
        self.farm = farm
        self.eventLoop = eventLoop
        self.connections = .makeBoxSendingValue([:], eventLoop: eventLoop)
        self.ticks = .makeBoxSendingValue(0, eventLoop: eventLoop)
    }

    /// Starts the timer; it ends with the event loop.
    func start() {
        eventLoop.scheduleRepeatedTask(initialDelay: Self.interval, delay: Self.interval) { _ in self.tick() }
    }

    /// Takes a connection of this loop; on the loop.
    func add(_ connection: FarmConnection) {
        connections.value[ObjectIdentifier(connection)] = connection
    }

    /// Forgets a connection; on the loop.
    func remove(_ connection: FarmConnection) {
        connections.value[ObjectIdentifier(connection)] = nil
    }

    private func tick() {
        let now = farm.elapsed()
        ticks.value += 1
        let isSecond = ticks.value % Self.ticksPerSecond == 0
        for connection in connections.value.values {
            connection.tick(now.microseconds)
            if isSecond { connection.checkTimeouts(now) }
        }
    }
}

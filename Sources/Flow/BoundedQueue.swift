import Foundation

/// A first-in, first-out queue between threads that never grows past its bound.
///
/// `offer` never waits: a full queue refuses, the caller says what that means and counts it. `take` blocks the calling
/// thread, so it belongs on a worker thread, never on an event loop or in a Swift task.
public final class BoundedQueue<Element: Sendable>: @unchecked Sendable {
    // Safety: `items`, `head` and `closed` are only touched while `condition` is locked.
    private let condition = NSCondition()
    private var items: [Element] = []
    private var head = 0
    private var closed = false

    /// Most elements that can wait at once.
    public let capacity: Int

    /// Makes an empty queue.
    ///
    /// - Precondition: `capacity` is at least 1.
    public init(capacity: Int) {
        precondition(capacity > 0, "a queue holds at least one element")
        self.capacity = capacity
    }

    /// Elements waiting now.
    public var count: Int {
        condition.lock()
        defer { condition.unlock() }
        return items.count - head
    }

    /// Puts `element` at the end.
    ///
    /// - Returns: False when the queue is full or closed; the element was not taken.
    public func offer(_ element: Element) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        guard !closed, items.count - head < capacity else { return false }
        items.append(element)
        condition.signal()
        return true
    }

    /// Puts `element` at the end, waiting for room: only for sources that may wait, such as replay.
    ///
    /// - Returns: False when the queue was closed.
    public func put(_ element: Element) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while !closed, items.count - head >= capacity { condition.wait() }
        guard !closed else { return false }
        items.append(element)
        condition.broadcast()
        return true
    }

    /// Takes the first element, waiting for one.
    ///
    /// - Returns: Nil when the queue is closed and empty.
    public func take() -> Element? {
        condition.lock()
        defer { condition.unlock() }
        while items.count == head, !closed { condition.wait() }
        guard items.count > head else { return nil }
        let element = items[head]
        advance(1)
        return element
    }

    /// Takes the first elements, at most `limit`, waiting for at least one.
    ///
    /// - Returns: Empty only when the queue is closed and empty.
    public func takeBatch(limit: Int) -> [Element] {
        condition.lock()
        defer { condition.unlock() }
        while items.count == head, !closed { condition.wait() }
        let batch = Array(items[head...].prefix(limit))
        advance(batch.count)
        return batch
    }

    /// Forgets the first `count` elements; the condition is locked.
    private func advance(_ count: Int) {
        head += count
        if head == items.count {
            items.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 64, head * 2 >= items.count {
            items.removeFirst(head)
            head = 0
        }
        condition.broadcast()
    }

    /// Refuses further elements; those that wait can still be taken.
    public func close() {
        condition.lock()
        defer { condition.unlock() }
        closed = true
        condition.broadcast()
    }
}

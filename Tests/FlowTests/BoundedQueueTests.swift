import Flow
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite(.ownThread) struct BoundedQueueTests {
    @Test("a full queue refuses and keeps what it has in order")
    func bound() {
        let queue = BoundedQueue<Int>(capacity: 3)
        #expect((1...5).map { queue.offer($0) } == [true, true, true, false, false])
        #expect(queue.count == 3)
        #expect([queue.take(), queue.take(), queue.take()] == [1, 2, 3])
    }

    @Test("a closed queue gives out what waits, then nothing")
    func close() {
        let queue = BoundedQueue<Int>(capacity: 3)
        _ = queue.offer(1)
        queue.close()
        #expect(!queue.offer(2))
        #expect(!queue.put(2))
        #expect(queue.take() == 1)
        #expect(queue.take() == nil)
    }

    @Test("a batch takes what is there, up to its limit, and is empty only at the end")
    func batch() {
        let queue = BoundedQueue<Int>(capacity: 9)
        for item in 1...5 { _ = queue.offer(item) }
        #expect(queue.takeBatch(limit: 3) == [1, 2, 3])
        #expect(queue.takeBatch(limit: 3) == [4, 5])
        queue.close()
        #expect(queue.takeBatch(limit: 3).isEmpty)
    }

    @Test("many producers and consumers lose and double nothing")
    func manyThreads() {
        let queue = BoundedQueue<Int>(capacity: 7)
        let seen = Mutex<[Int]>([])
        let producers = DispatchGroup()
        let consumers = DispatchGroup()
        for producer in 0..<4 {
            DispatchQueue.global().async(group: producers) {
                for item in 0..<500 { _ = queue.put(producer * 500 + item) }
            }
        }
        for _ in 0..<3 {
            DispatchQueue.global().async(group: consumers) {
                while let item = queue.take() { seen.withLock { $0.append(item) } }
            }
        }
        producers.wait()
        queue.close()
        consumers.wait()
        #expect(seen.withLock { $0 }.sorted() == Array(0..<2000))
    }
}

@Suite(.ownThread) struct WorkerPoolTests {
    @Test("work with one key runs on one thread, in order")
    func keyed() {
        let pool = WorkerPool(name: "test", threads: 3, queueCapacity: 4)
        let order = Mutex<[String: [Int]]>([:])
        for item in 0..<90 {
            let key = "camera-\(item % 9)"
            _ = pool.submitWaiting(to: pool.index(for: key)) {
                order.withLock { $0[key, default: []].append(item) }
            }
        }
        pool.drain()
        for (key, items) in order.withLock({ $0 }) {
            #expect(items == items.sorted(), "\(key) out of order")
            #expect(items.count == 10)
        }
    }

    @Test("a full queue refuses; a drained pool takes nothing more")
    func refuses() {
        let pool = WorkerPool(name: "test", threads: 1, queueCapacity: 1)
        let gate = DispatchSemaphore(value: 0)
        let started = DispatchSemaphore(value: 0)
        #expect(
            pool.submit(to: 0) {
                started.signal()
                gate.wait()
            }
        )
        started.wait()
        #expect(pool.submit(to: 0) {})
        #expect(!pool.submit(to: 0) {})
        gate.signal()
        pool.drain()
        #expect(!pool.submit(to: 0) {})
    }
}

/// Timers for tens of thousands of connections: adding one costs the same however many wait.
///
/// Time is cut into slots; what is due in a slot is handed out once the slot has passed, so never early and at most one
/// slot late. Times are microseconds on a clock that only grows. Nothing is taken back: the owner puts a number into the
/// token that tells him whether an entry still counts.
struct TimerWheel {
    private struct Entry {
        var token: UInt64
        var due: Int64
    }

    private let granularity: Int64
    private var slots: [[Entry]]
    /// The first slot that has not been handed out, counted from time 0.
    private var next: Int64 = 0

    /// Entries that wait and have not been handed out.
    private(set) var count = 0

    /// Makes an empty wheel.
    ///
    /// - Parameters:
    ///   - granularity: Microseconds of a slot.
    ///   - slots: Their number; what is due later than all of them is looked at again each round.
    init(granularity: Int64, slots: Int) {
        self.granularity = granularity
        self.slots = Array(repeating: [], count: slots)
    }

    /// Remembers `token` until `due`; what is due already comes with the next slot.
    mutating func add(_ token: UInt64, due: Int64) {
        count += 1
        put(Entry(token: token, due: due))
    }

    private mutating func put(_ entry: Entry) {
        let slot = (entry.due + granularity - 1) / granularity
        let within = min(max(slot, next), next + Int64(slots.count) - 1)
        slots[Int(within % Int64(slots.count))].append(entry)
    }

    /// Appends to `tokens` all that are due at `now`, slot by slot.
    mutating func take(upTo now: Int64, into tokens: inout [UInt64]) {
        let last = now / granularity
        // After a long sleep each slot is looked at once: later rounds would find the same slots empty.
        if last - next >= Int64(slots.count) { next = last - Int64(slots.count) + 1 }
        while next <= last {
            let index = Int(next % Int64(slots.count))
            next += 1
            guard !slots[index].isEmpty else { continue }
            var entries: [Entry] = []
            swap(&entries, &slots[index])
            for entry in entries {
                if entry.due <= now {
                    tokens.append(entry.token)
                    count -= 1
                } else {
                    put(entry)
                }
            }
            entries.removeAll(keepingCapacity: true)
            if slots[index].isEmpty { swap(&entries, &slots[index]) }
        }
    }

    /// When the next entry may be due, but at most `horizon` later than `now`.
    func wake(after now: Int64, horizon: Int64) -> Int64 {
        let end = now + horizon
        var slot = next
        while slot * granularity < end {
            if !slots[Int(slot % Int64(slots.count))].isEmpty { return max(slot * granularity, now) }
            slot += 1
        }
        return end
    }
}

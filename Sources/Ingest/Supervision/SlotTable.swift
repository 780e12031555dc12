/// Gives each key a small number, so that everything else about a camera lies in plain arrays.
///
/// Numbers are reused; the arrays beside the table never grow beyond the most keys that there were at once.
struct SlotTable<Key: Hashable & Sendable>: Sendable {
    private var slots: [Key: Int32] = [:]
    private var keys: [Key?] = []
    private var free: [Int32] = []

    /// Keys in the table.
    var count: Int { slots.count }
    /// Numbers ever given; every slot is below.
    var capacity: Int { keys.count }

    /// The number of a key.
    func slot(of key: Key) -> Int? {
        slots[key].map(Int.init)
    }

    /// The key of a number.
    func key(at slot: Int) -> Key? {
        keys[slot]
    }

    /// The number of a key, given now if it has none.
    mutating func insert(_ key: Key) -> (slot: Int, isNew: Bool) {
        if let slot = slots[key] { return (Int(slot), false) }
        let slot: Int
        if let reused = free.popLast() {
            slot = Int(reused)
            keys[slot] = key
        } else {
            slot = keys.count
            keys.append(key)
        }
        slots[key] = Int32(slot)
        return (slot, true)
    }

    /// Takes the number back.
    mutating func remove(_ key: Key) -> Int? {
        guard let slot = slots.removeValue(forKey: key) else { return nil }
        keys[Int(slot)] = nil
        free.append(slot)
        return Int(slot)
    }
}

/// The smallest of many ranks, each of which can be changed or removed by its slot; O(log n) per operation.
///
/// A binary heap that knows where each slot lies. Costs 20 bytes per slot.
struct SlotHeap: Sendable {
    private struct Item {
        var rank: Double
        var slot: Int32
    }

    private static let absent: Int32 = -1

    private var items: [Item] = []
    private var places: [Int32] = []

    /// Slots in the heap.
    var count: Int { items.count }
    /// Whether no slot is in the heap.
    var isEmpty: Bool { items.isEmpty }

    /// The slot with the smallest rank.
    var first: (slot: Int, rank: Double)? {
        items.first.map { (Int($0.slot), $0.rank) }
    }

    /// The rank of a slot; nil when it is not in the heap.
    func rank(of slot: Int) -> Double? {
        guard slot < places.count, places[slot] != Self.absent else { return nil }
        return items[Int(places[slot])].rank
    }

    /// Puts a slot in, or changes its rank.
    mutating func set(_ slot: Int, rank: Double) {
        while places.count <= slot { places.append(Self.absent) }
        let place = Int(places[slot])
        if place < 0 {
            items.append(Item(rank: rank, slot: Int32(slot)))
            rise(from: items.count - 1)
        } else {
            let old = items[place].rank
            items[place].rank = rank
            if rank < old { rise(from: place) } else { sink(from: place) }
        }
    }

    /// Takes a slot out, if it is in.
    mutating func remove(_ slot: Int) {
        guard slot < places.count, places[slot] != Self.absent else { return }
        let place = Int(places[slot])
        places[slot] = Self.absent
        let last = items.removeLast()
        guard place < items.count else { return }
        let old = items[place].rank
        items[place] = last
        places[Int(last.slot)] = Int32(place)
        if last.rank < old { rise(from: place) } else { sink(from: place) }
    }

    private mutating func rise(from start: Int) {
        var place = start
        let item = items[place]
        while place > 0 {
            let parent = (place - 1) / 2
            guard item.rank < items[parent].rank else { break }
            move(items[parent], to: place)
            place = parent
        }
        move(item, to: place)
    }

    private mutating func sink(from start: Int) {
        var place = start
        let item = items[place]
        while true {
            var child = 2 * place + 1
            guard child < items.count else { break }
            if child + 1 < items.count, items[child + 1].rank < items[child].rank { child += 1 }
            guard items[child].rank < item.rank else { break }
            move(items[child], to: place)
            place = child
        }
        move(item, to: place)
    }

    private mutating func move(_ item: Item, to place: Int) {
        items[place] = item
        places[Int(item.slot)] = Int32(place)
    }
}

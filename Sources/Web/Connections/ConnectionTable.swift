/// What a connection is about.
enum ConnectionPhase: Sendable, Hashable {
    /// No request is under way.
    case waiting
    /// A request's body is coming.
    case reading
    /// A request is being answered.
    case answering
}

/// Who is connected and what each is about; decides who must go when there is no room.
///
/// Pure: no sockets, no time. Somebody who opens thousands of connections and sends nothing loses his own oldest ones
/// to his newer ones, and when all places are taken to anybody's. Who waits for an answer keeps his place.
struct ConnectionTable<ID: Hashable & Sendable>: Sendable {
    /// What becomes of a new connection.
    enum Admission: Sendable, Hashable {
        /// It has its place; `evicting` must be closed for it.
        case taken(evicting: ID?)
        /// There is no place.
        case refused
    }

    private struct Entry {
        /// Nil when the address has no limit.
        let address: String?
        var phase = ConnectionPhase.waiting
        var isKnown = false
        var order: Int
    }

    private let total: Int
    private let perAddress: Int
    private var entries: [ID: Entry] = [:]
    private var byAddress: [String: Set<ID>] = [:]
    private var clock = 0

    /// Makes an empty table.
    init(total: Int, perAddress: Int) {
        self.total = max(1, total)
        self.perAddress = max(1, perAddress)
    }

    /// Connections that have a place.
    var count: Int { entries.count }

    /// Gives a new connection its place.
    ///
    /// `address`: nil when it has no limit of its own.
    mutating func admit(_ id: ID, address: String?) -> Admission {
        var evicted: ID?
        if let address, let own = byAddress[address], own.count >= perAddress {
            guard let oldest = weakest(of: own) else { return .refused }
            evicted = oldest
        } else if entries.count >= total {
            guard let oldest = weakest(of: entries.keys) else { return .refused }
            evicted = oldest
        }
        if let evicted { remove(evicted) }
        clock += 1
        entries[id] = Entry(address: address, order: clock)
        if let address { byAddress[address, default: []].insert(id) }
        return .taken(evicting: evicted)
    }

    /// Notes what a connection is about now.
    mutating func set(_ phase: ConnectionPhase, of id: ID) {
        guard var entry = entries[id], entry.phase != phase else { return }
        clock += 1
        entry.phase = phase
        entry.order = clock
        entries[id] = entry
    }

    /// Notes that somebody who is logged in uses the connection.
    mutating func know(_ id: ID) {
        entries[id]?.isKnown = true
    }

    /// Forgets a connection that is closed.
    mutating func remove(_ id: ID) {
        guard let entry = entries.removeValue(forKey: id), let address = entry.address else { return }
        byAddress[address]?.remove(id)
        if byAddress[address]?.isEmpty ?? false { byAddress[address] = nil }
    }

    /// Which of them goes first: strangers before people, those that wait before those that send; then the oldest.
    private func weakest(of ids: some Sequence<ID>) -> ID? {
        var best: (rank: Int, order: Int, id: ID)?
        for id in ids {
            guard let entry = entries[id] else { continue }
            let rank: Int
            switch (entry.phase, entry.isKnown) {
            case (.waiting, false): rank = 0
            case (.reading, false): rank = 1
            case (.waiting, true): rank = 2
            case (.reading, true), (.answering, _): continue
            }
            if let found = best, (found.rank, found.order) < (rank, entry.order) { continue }
            best = (rank, entry.order, id)
        }
        return best?.id
    }
}

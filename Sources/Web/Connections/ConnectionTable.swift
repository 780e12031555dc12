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
/// to his newer ones, and when all places are taken to anybody's. Who waits for an answer keeps his place. People who are
/// logged in are counted by account, strangers by address.
struct ConnectionTable<ID: Hashable & Sendable>: Sendable {
    /// What becomes of a new connection.
    enum Admission: Sendable, Hashable {
        /// It has its place; `evicting` must be closed for it.
        case taken(evicting: ID?)
        /// There is no place.
        case refused
    }

    private struct Entry {
        /// Whose limit it counts against: an address, or the account of a person; nil when there is no limit.
        var holder: String?
        var phase = ConnectionPhase.waiting
        var isKnown = false
        var order: Int
    }

    private let total: Int
    private let perAddress: Int
    private let perAccount: Int
    private var entries: [ID: Entry] = [:]
    private var byHolder: [String: Set<ID>] = [:]
    private var clock = 0

    /// Makes an empty table.
    init(total: Int, perAddress: Int, perAccount: Int = 64) {
        self.total = max(1, total)
        self.perAddress = max(1, perAddress)
        self.perAccount = max(1, perAccount)
    }

    /// Connections that have a place.
    var count: Int { entries.count }

    /// Gives a new connection its place.
    ///
    /// `address`: nil when it has no limit of its own.
    mutating func admit(_ id: ID, address: String?) -> Admission {
        var evicted: ID?
        if let address, let own = byHolder[address], own.count >= perAddress {
            guard let oldest = weakest(of: own) else { return .refused }
            evicted = oldest
        } else if entries.count >= total {
            guard let oldest = weakest(of: entries.keys) else { return .refused }
            evicted = oldest
        }
        if let evicted { remove(evicted) }
        clock += 1
        entries[id] = Entry(holder: address, order: clock)
        if let address { byHolder[address, default: []].insert(id) }
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
    ///
    /// It counts against his account from then on, and makes room at his address: a whole county may come from behind one.
    /// What is more than an account may hold goes on counting against the address.
    mutating func know(_ id: ID, account: Int) {
        guard var entry = entries[id] else { return }
        entry.isKnown = true
        let own = "account \(account)"
        if let holder = entry.holder, holder != own, byHolder[own]?.count ?? 0 < perAccount {
            leave(holder, id)
            byHolder[own, default: []].insert(id)
            entry.holder = own
        }
        entries[id] = entry
    }

    /// Forgets a connection that is closed.
    mutating func remove(_ id: ID) {
        guard let entry = entries.removeValue(forKey: id), let holder = entry.holder else { return }
        leave(holder, id)
    }

    private mutating func leave(_ holder: String, _ id: ID) {
        byHolder[holder]?.remove(id)
        if byHolder[holder]?.isEmpty ?? false { byHolder[holder] = nil }
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

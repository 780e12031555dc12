/// Who is in service in which scope, and who went out lately: the counting under an `OutageJudge`.
///
/// Scopes form a tree: all, platforms in it, hosts in these. Each change of a camera costs its (at most three) scopes.
struct OutageBoard<Key: Hashable & Sendable>: Sendable {
    struct Camera {
        var outAt = 0.0
        /// End of the last incident that explains it; only of meaning while it is out.
        var explainedUntil = -Double.infinity
        var scope: Int32
        var previous: Int32 = -1
        var next: Int32 = -1
        /// Open incident that it belongs to; 0 for none.
        var incident: Int32 = 0
        var isOnline = false
        var isRecent = false
    }

    struct Scope {
        var parent: Int32
        var depth: Int32
        var members: Int32 = 0
        var online: Int32 = 0
        /// Members that went out lately and are out.
        var recent: Int32 = 0
        /// Open incident of this scope; 0 for none.
        var incident: Int32 = 0
        /// Since when it looks like an outage.
        var suspectSince: Double?
    }

    /// Depth of hosts; all is 0, platforms are 1.
    static var deepest: Int32 { 2 }

    private(set) var keys = SlotTable<Key>()
    private(set) var names = SlotTable<OutageScope>()
    var cameras: [Camera] = []
    var scopes: [Scope] = []
    private var firstRecent: Int32 = -1
    private var lastRecent: Int32 = -1

    init() {
        _ = scope(.all, parent: -1, depth: 0)
        scopes[0].members = 1
    }

    mutating func add(_ key: Key, platform: String?, host: String?, isOnline: Bool) {
        var scope = 0
        if let platform { scope = self.scope(.platform(platform), parent: Int32(scope), depth: 1) }
        if let host { scope = self.scope(.host(host), parent: Int32(scope), depth: 2) }
        let camera = Camera(scope: Int32(scope), isOnline: isOnline)
        let (slot, isNew) = keys.insert(key)
        if isNew, slot >= cameras.count { cameras.append(camera) } else { cameras[slot] = camera }
        climb(from: slot) {
            $0.members += 1
            if isOnline { $0.online += 1 }
        }
    }

    /// Takes a camera out of all counts.
    mutating func remove(_ slot: Int, key: Key) {
        forgetRecent(slot)
        let wasOnline = cameras[slot].isOnline
        climb(from: slot) {
            $0.members -= 1
            if wasOnline { $0.online -= 1 }
        }
        for scope in chain(of: slot) where scopes[scope].members == 0 && scopes[scope].incident == 0 {
            if let name = names.key(at: scope) { _ = names.remove(name) }
        }
        _ = keys.remove(key)
    }

    mutating func wentOut(_ slot: Int, now: Double) {
        cameras[slot].isOnline = false
        cameras[slot].outAt = now
        cameras[slot].isRecent = true
        cameras[slot].previous = lastRecent
        cameras[slot].next = -1
        if lastRecent >= 0 { cameras[Int(lastRecent)].next = Int32(slot) } else { firstRecent = Int32(slot) }
        lastRecent = Int32(slot)
        climb(from: slot) {
            $0.online -= 1
            $0.recent += 1
        }
    }

    mutating func cameIn(_ slot: Int) {
        forgetRecent(slot)
        cameras[slot].isOnline = true
        climb(from: slot) { $0.online += 1 }
    }

    /// Lets go of who went out before that time.
    mutating func expire(before limit: Double) {
        while firstRecent >= 0, cameras[Int(firstRecent)].outAt < limit { forgetRecent(Int(firstRecent)) }
    }

    /// The scopes of a camera, narrow to wide.
    func chain(of slot: Int) -> [Int] {
        var chain: [Int] = []
        var scope = cameras[slot].scope
        while scope >= 0 {
            chain.append(Int(scope))
            scope = scopes[Int(scope)].parent
        }
        return chain
    }

    /// Whether a scope is that one, or lies in it.
    func isWithin(_ scope: Int, _ outer: Int) -> Bool {
        var current = Int32(scope)
        while current >= 0 {
            if current == outer { return true }
            current = scopes[Int(current)].parent
        }
        return false
    }

    /// Whether so many members of a scope went out lately that it looks like an outage.
    func looksOut(_ scope: Int, _ settings: OutageSettings) -> Bool {
        let out = Int(scopes[scope].recent)
        return out >= settings.cameras
            && Double(out) >= settings.share * Double(out + Int(scopes[scope].online))
    }

    /// Whether a scope in this one has so large a part of those that went out lately that it is the cause.
    func hasNarrowerCause(_ scope: Int, part: Double, _ settings: OutageSettings) -> Bool {
        let enough = Double(scopes[scope].recent) * part
        return scopes.indices.contains {
            $0 != scope && Double(scopes[$0].recent) >= enough && names.key(at: $0) != nil
                && looksOut($0, settings) && isWithin($0, scope)
        }
    }

    /// Takes a scope's name back once nobody and no incident needs it.
    mutating func release(_ scope: Int) {
        guard scopes[scope].members == 0, let name = names.key(at: scope) else { return }
        _ = names.remove(name)
    }

    private mutating func scope(_ name: OutageScope, parent: Int32, depth: Int32) -> Int {
        let (slot, isNew) = names.insert(name)
        if isNew {
            let scope = Scope(parent: parent, depth: depth)
            if slot < scopes.count { scopes[slot] = scope } else { scopes.append(scope) }
        }
        return slot
    }

    private mutating func forgetRecent(_ slot: Int) {
        let camera = cameras[slot]
        guard camera.isRecent else { return }
        if camera.previous >= 0 {
            cameras[Int(camera.previous)].next = camera.next
        } else {
            firstRecent = camera.next
        }
        if camera.next >= 0 {
            cameras[Int(camera.next)].previous = camera.previous
        } else {
            lastRecent = camera.previous
        }
        cameras[slot].isRecent = false
        climb(from: slot) { $0.recent -= 1 }
    }

    private mutating func climb(from slot: Int, _ change: (inout Scope) -> Void) {
        var scope = cameras[slot].scope
        while scope >= 0 {
            change(&scopes[Int(scope)])
            scope = scopes[Int(scope)].parent
        }
    }
}

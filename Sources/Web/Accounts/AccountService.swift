import Flow
public import Postgres
import Store

/// Logins, sessions and accounts: everything about who somebody is.
public struct AccountService: Sendable {
    /// The first administrator, as the daemon prints it once.
    public struct FirstAdministrator: Sendable, Hashable {
        /// Login name.
        public let login: String
        /// Password, good for choosing an own one.
        public let password: String
    }

    /// Somebody who is logged in.
    struct Visitor: Sendable, Hashable {
        let account: Account
        let tokenHash: [UInt8]
    }

    let store: AccountStore
    /// Who hears at once that sessions have ended.
    let endings = SessionEndings()
    private let gate: HashGate
    private let settings: WebSettings
    private let cost: PasswordHash.Cost
    private let decoy: String

    /// Makes the desk over a pool.
    public init(pool: PostgresPool, settings: WebSettings = WebSettings()) {
        self.init(pool: pool, settings: settings, cost: .standard)
    }

    init(pool: PostgresPool, settings: WebSettings, cost: PasswordHash.Cost) {
        self.store = AccountStore(pool: pool)
        self.gate = HashGate()
        self.settings = settings
        self.cost = cost
        // Nobody has this hash: a login with an unknown name is compared with it and takes as long as any other.
        self.decoy =
            "$scrypt$ln=\(cost.logRounds),r=\(cost.blockSize),p=\(cost.parallelism)"
            + "$Z3JpZHdhdGNoLWRlY295$" + String(repeating: "A", count: 43)
    }

    /// Makes the administrator `admin` when there is none yet.
    ///
    /// - Returns: Login name and random password, to be shown once; nil when an administrator exists.
    /// - Throws: `PostgresError`.
    public func ensureAdministrator() async throws -> FirstAdministrator? {
        guard try await !store.hasAdministrator() else { return nil }
        let password = PasswordRule.random()
        let hash = try await hash(password)
        let made = try await store.ensureAdministrator(login: "admin", displayName: "系统管理员", passwordHash: hash)
        return made ? FirstAdministrator(login: "admin", password: password) : nil
    }

    /// A login that was right.
    struct LogIn: Sendable {
        let token: SessionToken
        let account: Account
        /// For the browser to keep.
        let device: DeviceMark
    }

    /// Checks a login and opens a session.
    ///
    /// `peer`: address that the login comes from. `device`: what the browser shows of an earlier login.
    /// - Throws: `WebError`: `unauthenticated` (the same for unknown names, wrong passwords and disabled accounts),
    ///   `tooMany` after too many failures, `unavailable` when too many log in; `PostgresError`.
    func logIn(login: String, password: String, peer: String, device: DeviceMark?) async throws -> LogIn {
        // Scalars, not characters: one character may be made of thousands of marks, more than an index of the database takes.
        let login = String(String.UnicodeScalarView(login.lowercased().unicodeScalars.prefix(64)))
        let peer = AddressRange.holder(of: peer)
        return try await gate.entering(from: peer, seemsKnown: device != nil) { isReserved in
            let known = try await store.credentials(login: login)
            let owner = device.flatMap { mark in
                known.map { mark.isOf(login: login, passwordHash: $0.passwordHash) } ?? false ? mark : nil
            }
            guard !isReserved || owner != nil else { throw WebError(.unavailable, .loginBusy, retryAfter: 5) }
            let source = owner?.peer ?? peer
            try await admit(login, source, isDevice: owner != nil)
            let matches = try await verify(password, against: known?.passwordHash)
            guard matches, let known, !known.account.disabled else { throw WebError(.unauthenticated, .wrongLogin) }
            try await store.forgetFailures(login: login, peer: source)
            let token = SessionToken()
            try await store.openSession(
                tokenHash: token.hash,
                account: known.account.id,
                lifeSeconds: life(of: known.account.role).absoluteSeconds
            )
            let mark = DeviceMark(login: login, passwordHash: known.passwordHash)
            return LogIn(token: token, account: known.account, device: mark)
        }
    }

    /// Counts a try before it is made.
    ///
    /// - Throws: `WebError` with `tooMany` and the seconds to wait.
    private func admit(_ login: String, _ source: String, isDevice: Bool) async throws {
        let wait = try await store.admitLogin(login: login, peer: source, isDevice: isDevice)
        guard wait == 0 else { throw WebError(.tooMany, .loginLocked, retryAfter: wait) }
    }

    /// Who holds a token; nil when the session is over.
    ///
    /// `counts`: true when the request shows that the person is there: it keeps the session alive.
    func visitor(_ token: SessionToken, counts: Bool) async throws -> Visitor? {
        let hash = token.hash
        guard let session = try await store.session(tokenHash: hash) else { return nil }
        do {
            guard session.idleSeconds <= Double(life(of: session.account.role).idleSeconds) else {
                try await store.endSession(tokenHash: hash)
                return nil
            }
            // Once a minute is exact enough and spares a write for every picture of a page.
            if counts, session.idleSeconds > 60 { try await store.touchSession(tokenHash: hash) }
        } catch let error as PostgresError where error.isReadOnly {
            // Who may read goes on reading while nothing can be written.
            guard session.idleSeconds <= Double(life(of: session.account.role).idleSeconds) else { return nil }
        }
        return Visitor(account: session.account, tokenHash: hash)
    }

    /// Ends a session.
    func logOut(_ visitor: Visitor) async throws {
        try await store.endSession(tokenHash: visitor.tokenHash)
        endings.tell(visitor.account.id)
    }

    /// Replaces the visitor's own password and ends his other sessions.
    ///
    /// - Throws: `WebError`: `invalid` with the rule that is broken, `tooMany` after too many failures.
    func changePassword(of visitor: Visitor, from current: String, to new: String) async throws {
        let login = visitor.account.login
        // Who is logged in is no stranger at his address: his own failures count, nobody else's.
        let source = "session \(visitor.account.id)"
        try await admit(login, source, isDevice: true)
        let known = try await store.credentials(login: login)
        guard try await verify(current, against: known?.passwordHash) else {
            throw WebError(.invalid, .wrongPassword)
        }
        try await store.forgetFailures(login: login, peer: source)
        guard new != current else { throw WebError(.invalid, .passwordSame) }
        try PasswordRule.check(new, login: login, name: visitor.account.displayName)
        let hash = try await hash(new)
        try await store.setPassword(hash, account: visitor.account.id, mustChange: false, keeping: visitor.tokenHash)
        endings.tell(visitor.account.id)
    }

    /// All accounts.
    func accounts() async throws -> [Account] {
        try await store.list()
    }

    /// Makes an account with a random password that must be replaced at the first login.
    ///
    /// - Returns: The account and its password, which nobody can read again.
    /// - Throws: `WebError` with `invalid` or `conflict`.
    func create(
        login: String,
        displayName: String,
        role: AccountRole,
        postID: Int?
    ) async throws -> (account: Account, password: String) {
        guard login.wholeMatch(of: /[a-z0-9][a-z0-9._-]{1,62}/) != nil else { throw WebError(.invalid, .loginName) }
        let displayName = try PersonName.check(displayName)
        guard role != .worker || postID != nil else { throw WebError(.invalid, .postNeeded) }
        let password = PasswordRule.random()
        let hash = try await hash(password)
        let draft = AccountDraft(
            login: login,
            displayName: displayName,
            role: role,
            postID: postID,
            passwordHash: hash
        )
        do {
            let id = try await store.create(draft)
            guard let account = try await store.account(id: id) else { throw WebError(.failed) }
            return (account, password)
        } catch let error as PostgresError where error.sqlState == "23505" {
            throw WebError(.conflict, .loginTaken)
        } catch let error as PostgresError where error.sqlState == "23503" {
            throw WebError(.invalid, .postUnknown)
        }
    }

    /// Lets somebody log in or not; ends his sessions at once.
    func setDisabled(_ disabled: Bool, account id: Int, by visitor: Visitor) async throws -> Account {
        guard id != visitor.account.id else { throw WebError(.conflict, .ownAccount) }
        guard try await store.account(id: id) != nil else { throw WebError(.notFound) }
        try await store.setDisabled(disabled, account: id)
        endings.tell(id)
        guard let account = try await store.account(id: id) else { throw WebError(.notFound) }
        return account
    }

    /// Gives an account a new random password and ends its sessions.
    func resetPassword(account id: Int, by visitor: Visitor) async throws -> (account: Account, password: String) {
        guard id != visitor.account.id else { throw WebError(.conflict, .ownAccount) }
        guard let account = try await store.account(id: id) else { throw WebError(.notFound) }
        let password = PasswordRule.random()
        let hash = try await hash(password)
        try await store.setPassword(hash, account: id, mustChange: true, keeping: nil)
        endings.tell(id)
        return (account, password)
    }

    /// How long a role stays logged in.
    func life(of role: AccountRole) -> WebSettings.SessionLife {
        switch role {
        case .admin: settings.adminSession
        case .operate, .viewer: settings.officeSession
        case .worker: settings.workerSession
        }
    }

    func hash(_ password: String) async throws -> String {
        let cost = cost
        return try await gate.run { try PasswordHash(of: password, cost: cost).phc }
    }

    private func verify(_ password: String, against phc: String?) async throws -> Bool {
        guard password.utf8.count <= 1024 else { return false }
        let decoy = decoy
        return try await gate.run {
            let hash = phc.flatMap { PasswordHash(phc: $0) } ?? PasswordHash(phc: decoy)
            return (hash?.matches(password) ?? false) && phc != nil
        }
    }
}

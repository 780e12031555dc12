public import FoundationEssentials
public import Postgres

/// What an account may do.
public enum AccountRole: String, Sendable, Hashable, Codable, CaseIterable {
    /// Accounts, and all that an operator may do.
    case admin
    /// Triage, dispatch, check.
    case operate = "operator"
    /// The tasks of a post, on the phone.
    case worker
    /// Reads.
    case viewer
}

/// One person's account; holds no password hash.
public struct Account: Sendable, Hashable, Encodable {
    /// Key.
    public let id: Int
    /// Login name, lower case.
    public let login: String
    /// Name as shown.
    public let displayName: String
    /// What it may do.
    public let role: AccountRole
    /// Key of the post that the person holds.
    public let postID: Int?
    /// Title of that post.
    public let post: String?
    /// True: cannot log in.
    public let disabled: Bool
    /// True: the password was given by somebody else and must be replaced first.
    public let mustChange: Bool

    /// What the account may see.
    public var access: Access {
        switch role {
        case .admin, .operate: .everything
        case .viewer: .unrestricted
        case .worker: .post(postID ?? 0)
        }
    }
}

/// A session that is open.
public struct AccountSession: Sendable {
    /// Whose.
    public let account: Account
    /// Seconds since the last request that counted, on the database's clock.
    public let idleSeconds: Double
    /// When it ends whatever happens.
    public let expiresAt: Date
}

/// A new account.
public struct AccountDraft: Sendable {
    /// Login name: 2 to 63 of `a-z 0-9 . _ -`, the first a letter or digit.
    public let login: String
    /// Name as shown.
    public let displayName: String
    /// What it may do.
    public let role: AccountRole
    /// Key of the post; a worker needs one.
    public let postID: Int?
    /// Hash of the first password, which must be replaced at the first login.
    public let passwordHash: String

    /// Makes a draft.
    public init(login: String, displayName: String, role: AccountRole, postID: Int?, passwordHash: String) {
        self.login = login
        self.displayName = displayName
        self.role = role
        self.postID = postID
        self.passwordHash = passwordHash
    }
}

/// Accounts, sessions and failed logins in the database; hashes and tokens are made by the caller.
///
/// All times are on the database's clock, so that several daemons agree.
public struct AccountStore: Sendable {
    /// Failed logins of one name from one address before the next has to wait.
    public static let freeTries = 5
    /// Seconds of the first wait; each further failure doubles it.
    public static let firstWait = 5
    /// Longest wait, seconds; a failure counts against its name and address for so long, too.
    public static let longestWait = 900
    /// Failed logins from one address in a minute, before the next have to take turns.
    public static let failuresPerPeer = 20
    /// Seconds of such a turn: as many a minute as without, but who shares the address with a guesser waits that long only.
    public static let peerTurnSeconds = 3
    /// Failed logins of one name from all addresses in a quarter of an hour, before each address has to wait its turn.
    public static let failuresPerName = 50
    /// Seconds of such a turn.
    public static let turnSeconds = 10

    private let pool: PostgresPool

    /// Makes a store over a pool.
    public init(pool: PostgresPool) {
        self.pool = pool
    }

    /// Makes the first administrator when there is none.
    ///
    /// - Returns: True when it was made.
    public func ensureAdministrator(login: String, displayName: String, passwordHash: String) async throws -> Bool {
        let sql = """
            INSERT INTO account (login, display_name, role, password_hash, must_change)
            SELECT $1, $2, 'admin', $3, true WHERE NOT EXISTS (SELECT FROM account WHERE role = 'admin')
            ON CONFLICT (login) DO NOTHING
            """
        return try await pool.query(sql, [.text(login), .text(displayName), .text(passwordHash)]).affected == 1
    }

    /// True when an administrator exists.
    public func hasAdministrator() async throws -> Bool {
        try await !pool.query("SELECT 1 AS one FROM account WHERE role = 'admin' LIMIT 1").rows.isEmpty
    }

    /// The account of a login name and its password hash; nil when there is none.
    public func credentials(login: String) async throws -> (account: Account, passwordHash: String)? {
        let sql = "SELECT \(Self.columns), a.password_hash FROM \(Self.tables) WHERE a.login = $1"
        guard let row = try await pool.query(sql, [.text(login)]).rows.first else { return nil }
        return (try Self.account(row), try row.requireText("password_hash"))
    }

    /// All accounts, by login name.
    public func list() async throws -> [Account] {
        let sql = "SELECT \(Self.columns) FROM \(Self.tables) ORDER BY a.login LIMIT 2000"
        return try await pool.query(sql).rows.map(Self.account)
    }

    /// One account; nil when there is none.
    public func account(id: Int) async throws -> Account? {
        let sql = "SELECT \(Self.columns) FROM \(Self.tables) WHERE a.id = $1"
        return try await pool.query(sql, [.int(id)]).rows.first.map(Self.account)
    }

    /// Makes an account.
    ///
    /// - Returns: Its key.
    /// - Throws: `PostgresError` with the constraint that was broken: a login name taken, a post unknown.
    public func create(_ draft: AccountDraft) async throws -> Int {
        let sql = """
            INSERT INTO account (login, display_name, role, post_id, password_hash, must_change)
            VALUES ($1, $2, $3, $4, $5, true) RETURNING id
            """
        let values: [PostgresValue] = [
            .text(draft.login), .text(draft.displayName), .text(draft.role.rawValue), PostgresValue(draft.postID),
            .text(draft.passwordHash),
        ]
        return try await pool.query(sql, values).rows.first?.requireInt("id") ?? 0
    }

    /// Key of the post with that code; nil when there is none.
    public func post(code: String) async throws -> Int? {
        try await pool.query("SELECT id FROM post WHERE code = $1", [.text(code)]).rows.first?.requireInt("id")
    }

    /// Lets an account log in or not; a disabled one loses its sessions at once.
    public func setDisabled(_ disabled: Bool, account: Int) async throws {
        let sql = """
            WITH gone AS (DELETE FROM session WHERE account_id = $1 AND $2)
            UPDATE account SET disabled = $2 WHERE id = $1
            """
        try await pool.query(sql, [.int(account), .bool(disabled)])
    }

    /// Replaces the password and ends all sessions but one.
    ///
    /// `keeping`: hash of the session that stays; nil for none.
    /// `mustChange`: true when somebody else chose the password.
    public func setPassword(_ hash: String, account: Int, mustChange: Bool, keeping: [UInt8]?) async throws {
        let sql = """
            WITH gone AS (DELETE FROM session WHERE account_id = $1 AND token_hash IS DISTINCT FROM $4::bytea)
            UPDATE account SET password_hash = $2, must_change = $3 WHERE id = $1
            """
        let kept: PostgresValue = keeping.map { .bytes($0) } ?? .null
        try await pool.query(sql, [.int(account), .text(hash), .bool(mustChange), kept])
    }

    static let columns = """
        a.id, a.login, a.display_name, a.role, a.post_id, p.title AS post, a.disabled, a.must_change
        """
    static let tables = "account a LEFT JOIN post p ON p.id = a.post_id"

    static func account(_ row: PostgresRow) throws -> Account {
        let role = try row.requireText("role")
        guard let known = AccountRole(rawValue: role) else {
            throw PostgresError(.decodeFailed, "column role holds an unknown role: \(role.prefix(20))")
        }
        return Account(
            id: try row.requireInt("id"),
            login: try row.requireText("login"),
            displayName: try row.requireText("display_name"),
            role: known,
            postID: try row.int("post_id"),
            post: try row.text("post"),
            disabled: try row.requireBool("disabled"),
            mustChange: try row.requireBool("must_change")
        )
    }
}

extension AccountStore {
    /// Opens a session.
    ///
    /// `lifeSeconds`: absolute life.
    public func openSession(tokenHash: [UInt8], account: Int, lifeSeconds: Int) async throws {
        let sql = """
            WITH old AS (DELETE FROM session WHERE expires_at < now())
            INSERT INTO session (token_hash, account_id, expires_at) VALUES ($1, $2, now() + make_interval(secs => $3))
            """
        try await pool.query(sql, [.bytes(tokenHash), .int(account), .int(lifeSeconds)])
    }

    /// The session of a token; nil when it is unknown, over, or its account disabled.
    ///
    /// Idle sessions are given too: the caller knows how long the role may be idle.
    public func session(tokenHash: [UInt8]) async throws -> AccountSession? {
        let sql = """
            SELECT \(Self.columns), extract(epoch FROM now() - s.seen_at)::float8 AS idle, s.expires_at
            FROM \(Self.tables) JOIN session s ON s.account_id = a.id
            WHERE s.token_hash = $1 AND s.expires_at > now() AND NOT a.disabled
            """
        guard let row = try await pool.query(sql, [.bytes(tokenHash)]).rows.first else { return nil }
        return AccountSession(
            account: try Self.account(row),
            idleSeconds: try row.requireDouble("idle"),
            expiresAt: try row.requireDate("expires_at")
        )
    }

    /// Notes that a session was used just now.
    public func touchSession(tokenHash: [UInt8]) async throws {
        try await pool.query("UPDATE session SET seen_at = now() WHERE token_hash = $1", [.bytes(tokenHash)])
    }

    /// Ends one session.
    public func endSession(tokenHash: [UInt8]) async throws {
        try await pool.query("DELETE FROM session WHERE token_hash = $1", [.bytes(tokenHash)])
    }

    /// Counts a login as failed before it is tried, so that attempts side by side count too.
    ///
    /// Guesses are slowed, nobody is locked: a try that has to wait is not counted and makes the wait no longer. Failures of
    /// a time that is still to come, because the clock was set back, are forgotten.
    /// `isDevice`: `peer` names a browser that has logged in to this account before; only its own failures count then.
    /// - Returns: Seconds to wait before the next try; 0 when this one may be made.
    public func admitLogin(login: String, peer: String, isDevice: Bool) async throws -> Int {
        let sql = """
            WITH old AS (DELETE FROM login_failure
                WHERE failed_at < now() - interval '1 day' OR failed_at > now() + interval '1 s'),
            own AS (
                SELECT count(*) AS n, extract(epoch FROM now() - max(failed_at)) AS age FROM login_failure
                WHERE login = $1 AND peer = $2 AND \(Self.isRecent("\(Self.longestWait) s"))),
            address AS (
                SELECT count(*) AS n, extract(epoch FROM now() - max(failed_at)) AS age FROM (
                    SELECT failed_at FROM login_failure WHERE peer = $2 AND \(Self.isRecent("1 min"))
                    ORDER BY failed_at DESC LIMIT \(Self.failuresPerPeer)) f),
            everybody AS (
                SELECT count(*) AS n, extract(epoch FROM now() - max(failed_at)) AS age FROM login_failure
                WHERE login = $1 AND \(Self.isRecent("\(Self.longestWait) s"))),
            due AS (
                SELECT greatest(
                    0,
                    CASE WHEN own.n >= \(Self.freeTries) THEN
                        least(\(Self.firstWait) * 2 ^ least(own.n - \(Self.freeTries), 20), \(Self.longestWait)) - own.age
                    END,
                    CASE WHEN address.n >= \(Self.failuresPerPeer) AND NOT $3 THEN
                        \(Self.peerTurnSeconds) - address.age
                    END,
                    CASE WHEN everybody.n >= \(Self.failuresPerName) AND NOT $3 THEN
                        \(Self.turnSeconds) - everybody.age
                    END) AS seconds
                FROM own, address, everybody),
            tried AS (INSERT INTO login_failure (login, peer) SELECT $1, $2 FROM due WHERE seconds = 0)
            SELECT ceil(seconds)::int AS seconds FROM due
            """
        let rows = try await pool.query(sql, [.text(login), .text(peer), .bool(isDevice)]).rows
        return try rows.first?.requireInt("seconds") ?? 0
    }

    /// A failure of the last time, and not of the time to come.
    private static func isRecent(_ time: String) -> String {
        "failed_at BETWEEN now() - interval '\(time)' AND now() + interval '1 s'"
    }

    /// Forgets the failures of a name from an address after it logged in.
    public func forgetFailures(login: String, peer: String) async throws {
        try await pool.query("DELETE FROM login_failure WHERE login = $1 AND peer = $2", [.text(login), .text(peer)])
    }
}

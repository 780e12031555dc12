public import Store

extension AccountService {
    /// Makes an account from the command line: who may read the database's address may make accounts.
    ///
    /// - Parameters:
    ///   - login: Login name.
    ///   - displayName: Name as shown.
    ///   - role: What the person may do.
    ///   - postCode: Code of the post that the person holds; workers need one.
    /// - Returns: The first password, good for choosing an own one.
    /// - Throws: `StoreError` when the post is unknown, `WebError` when the draft cannot be used, `PostgresError`.
    public func add(login: String, displayName: String, role: AccountRole, postCode: String?) async throws -> String {
        var post: Int?
        if let postCode {
            post = try await store.post(code: postCode)
            guard post != nil else {
                throw StoreError(.notFound, "there is no post '\(postCode)'; import the posts first")
            }
        }
        return try await create(login: login, displayName: displayName, role: role, postID: post).password
    }

    /// Gives an account a new first password and ends its sessions.
    ///
    /// - Returns: The password, good for choosing an own one.
    /// - Throws: `StoreError` when there is no such account, `PostgresError`.
    public func reset(login: String) async throws -> String {
        guard let known = try await store.credentials(login: login) else {
            throw StoreError(.notFound, "there is no account '\(login)'")
        }
        let password = PasswordRule.random()
        try await store.setPassword(try await hash(password), account: known.account.id, mustChange: true, keeping: nil)
        return password
    }
}

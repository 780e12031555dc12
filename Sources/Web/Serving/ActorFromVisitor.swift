import Cases
import Store

extension WebContext {
    /// The visitor as cases know him.
    func actor() throws -> CaseActor {
        let account = try requireVisitor().account
        // Both are the roles of one table; a viewer may do nothing, so he is who an unknown role becomes.
        let role = CaseRole(rawValue: account.role.rawValue) ?? .viewer
        return CaseActor(
            accountID: account.id,
            displayName: account.displayName,
            role: role,
            postID: account.postID
        )
    }
}

/// Why an alert was false, as a form sends it.
enum FalseAlarm {
    /// All codes, in the order of the form.
    static let codes = FalseAlarmReason.allCases.map(\.rawValue)

    /// The reason of a code.
    ///
    /// - Throws: `WebError` with `invalid` for any other word.
    static func reason(_ code: String) throws -> FalseAlarmReason {
        guard let reason = FalseAlarmReason(rawValue: code) else { throw WebError(.invalid, .queryValue) }
        return reason
    }
}

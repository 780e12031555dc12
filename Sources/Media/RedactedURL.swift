/// The URL as it may stand in a log or a message: user and password replaced by `***`.
///
/// Values whose name looks like a secret (`token`, `password`, `key`, `sign`…) are hidden too, in the query and in the
/// path, where some cameras take them (`/user=admin_password=…_channel=1`). A file path comes back as it is.
public func redacted(url: String) -> String {
    guard let scheme = url.firstRange(of: "://") else { return url }
    let rest = url[scheme.upperBound...]
    let queryStart = rest.firstIndex(of: "?") ?? rest.endIndex
    let head = rest[..<queryStart]
    let shown = url[..<scheme.upperBound] + hidingSecrets(inPath: hidingUser(head))
    return shown + hidingSecrets(inQuery: rest[queryStart...])
}

/// `head` is host and path, with or without a user in front.
private func hidingUser(_ head: Substring) -> String {
    let authority = head.prefix { $0 != "/" }
    if let at = authority.lastIndex(of: "@") { return "***" + head[at...] }
    // A password with an unescaped slash moves the `@` behind that slash. Better to hide too much than a part of it.
    if authority.contains(":"), let at = head.lastIndex(of: "@") { return "***" + head[at...] }
    return String(head)
}

private let secretNames = ["pas", "pw", "psw", "token", "secret", "key", "sign", "auth", "credential"]

private func isSecret(_ name: some StringProtocol) -> Bool {
    let name = name.lowercased()
    return secretNames.contains { name.contains($0) }
}

/// `path` is what stands before the query; pairs in it end with `&`, `;`, `/`, or where `_` begins the next one.
private func hidingSecrets(inPath path: String) -> String {
    path.replacing(/([A-Za-z]+)=([^&;\/]*?)(?=_[A-Za-z]+=|[&;\/]|$)/) { match in
        isSecret(match.output.1) ? match.output.1 + "=***" : match.output.0
    }
}

/// `query` is empty or starts with the question mark.
private func hidingSecrets(inQuery query: Substring) -> String {
    let pairs = query.split(separator: "&", omittingEmptySubsequences: false)
    let shown = pairs.map { pair -> String in
        guard let equals = pair.firstIndex(of: "=") else { return String(pair) }
        return isSecret(pair[..<equals]) ? pair[...equals] + "***" : String(pair)
    }
    return shown.joined(separator: "&")
}

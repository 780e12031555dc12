import CPostgres

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Opens connections from a libpq connection string, `host=… dbname=…` or `postgresql://…`.
enum ConnectionString {
    /// Connects, blocking the caller's thread for at most about `timeout` seconds per host.
    ///
    /// - Throws: `connectionFailed`, without the string's password.
    static func open(_ text: String, timeout: Int) throws(PostgresError) -> OpaquePointer {
        // libpq quotes parts of a malformed string in its message, which could be the password.
        guard let options = PQconninfoParse(text, nil) else {
            throw PostgresError(
                .connectionFailed,
                "the database connection string is malformed: write it as host=… port=… user=… dbname=… or "
                    + "postgresql://user@host:port/database, and quote values that hold blanks"
            )
        }
        let hasSeveralHosts = hasSeveralHosts(options)
        PQconninfoFree(options)
        // What stands before dbname gives way to the string, what stands after it does not.
        var settings: [(String, String)] = [
            ("connect_timeout", String(max(2, timeout))), ("keepalives_idle", "30"), ("keepalives_interval", "10"),
            ("keepalives_count", "3"), ("dbname", text), ("fallback_application_name", "gridwatch"),
            ("client_encoding", "UTF8"),
        ]
        // Of several hosts only one can be written to at a time; which one changes with every fail-over.
        if hasSeveralHosts, getenv("PGTARGETSESSIONATTRS") == nil {
            settings.insert(("target_session_attrs", "read-write"), at: 0)
        }
        let connection = withCStrings(settings.map(\.0)) { keywords in
            withCStrings(settings.map(\.1)) { values in PQconnectdbParams(keywords, values, 1) }
        }
        guard let connection else { throw PostgresError(.connectionFailed, "out of memory for a database connection") }
        if PQstatus(connection) == CONNECTION_OK { return connection }
        let why = PQerrorMessage(connection).map { String(cString: $0) } ?? "no reason given"
        PQfinish(connection)
        throw PostgresError(
            .connectionFailed,
            "cannot connect to the database: " + why.split { $0.isWhitespace }.joined(separator: " ")
        )
    }

    /// Whether a parsed string names more than one host, itself or by `PGHOST`.
    private static func hasSeveralHosts(_ options: UnsafeMutablePointer<PQconninfoOption>) -> Bool {
        var named: [String] = []
        var option = options
        while let keyword = option.pointee.keyword {
            if ["host", "hostaddr"].contains(String(cString: keyword)), let value = option.pointee.val {
                named.append(String(cString: value))
            }
            option += 1
        }
        if named.isEmpty, let host = getenv("PGHOST") { named.append(String(cString: host)) }
        return named.contains { $0.contains(",") }
    }

    /// Lends a null-terminated list of C strings.
    private static func withCStrings<R>(
        _ texts: [String],
        _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> R
    ) -> R {
        let buffer = texts.flatMap { Array($0.utf8CString) }
        return buffer.withUnsafeBufferPointer { characters in
            var pointers: [UnsafePointer<CChar>?] = []
            var offset = 0
            for text in texts {
                pointers.append(characters.baseAddress.map { $0 + offset })
                offset += text.utf8.count + 1
            }
            pointers.append(nil)
            return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
        }
    }
}

/// How many connections there may be, and how long each may take over what.
///
/// Written for people on bad networks: a phone that sends 2 KB a second is served, one byte every few seconds is not.
struct ConnectionLimits: Sendable, Hashable {
    /// Most connections at once.
    var total = 4096
    /// Most connections of strangers from one address; proxies that are trusted have no such limit.
    var perAddress = 256
    /// Connections of one account that are not counted against its address.
    var perAccount = 64
    /// Seconds from the connection to the end of its first request's head.
    var headSeconds = 15.0
    /// Seconds from an answer to the end of the next request's head.
    var idleSeconds = 60.0
    /// The same for proxies that are trusted, which keep connections for their next visitor.
    var proxyIdleSeconds = 120.0
    /// Seconds that a body may take whatever comes of it.
    var bodySeconds = 20.0
    /// Bytes a second that a body must bring beyond that.
    var bodyRate = 2048.0
    /// Seconds for the rest of a body that was answered before its end.
    var lingerSeconds = 5.0
    /// Seconds without a byte taken by a browser that has an answer to read.
    var stuckSeconds = 60.0
}

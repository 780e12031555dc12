/// What is said to connections that get no answer of a page; which language they want is not known, so it is in both.
struct ConnectionRefusals: Sendable {
    /// One answer.
    struct Refusal: Sendable {
        /// Its status line.
        let status: Int
        /// Title of the problem, for people.
        let title: String
        /// What to do.
        let detail: String
        /// `code` of the problem.
        let code: String

        /// The problem document.
        var body: String {
            """
            {"code":"\(code)","detail":"\(detail)","status":\(status),"title":"\(title)",\
            "type":"urn:gridwatch:problem:\(code)"}
            """
        }
    }

    /// The request is not HTTP as it must be.
    let malformed: Refusal
    /// The request did not come in time.
    let late: Refusal
    /// There is no place for the connection.
    let crowded: Refusal

    /// Reads the sentences from the tables, the product's language first.
    init(_ tables: [Strings]) {
        func text(_ key: String) -> String {
            let texts = tables.map { $0[key] }.joined(separator: " / ")
            return texts.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        }
        malformed = Refusal(
            status: 400,
            title: text("error_bad_request"),
            detail: text("reason_malformed"),
            code: WebError.Code.badRequest.rawValue
        )
        late = Refusal(
            status: 408,
            title: text("error_too_late"),
            detail: text("reason_too_late"),
            code: "too-late"
        )
        crowded = Refusal(
            status: 429,
            title: text("error_too_many"),
            detail: text("reason_crowded"),
            code: WebError.Code.tooMany.rawValue
        )
    }
}

import Postgres
import Testing

@testable import Web

/// A database that is there and cannot do what it should.
@Suite(.enabled(if: TestSite.isAvailable)) struct DatabaseFaultTests {
    @Test("a table that the role may not read, or that is gone, is told as the database's fault, and passes")
    func faults() async throws {
        try await TestSite.with { site in
            let vera = try await site.browser("vera")
            try await site.pool.query("ALTER TABLE hazard_type RENAME TO elsewhere")
            for path in ["/api/v1/cases", "/api/v1/hazard-types"] {
                let answer = try await vera.get(path)
                #expect(answer.status == 503 && answer.header("retry-after") == "30", "\(answer.text)")
                #expect((answer.json["detail"] as? String)?.contains("管理员") == true)
                #expect(!answer.text.contains("hazard_type"))
            }
            #expect(try await vera.page("/cases").status == 503)
            #expect(try await vera.get("/api/v1/cameras/counts").status == 200)
            try await site.pool.query("ALTER TABLE elsewhere RENAME TO hazard_type")
            #expect(try await vera.get("/api/v1/cases").status == 200)
        }
    }

    @Test(
        "faults of the server are told from those of the question",
        arguments: [
            ("42501", true), ("42P01", true), ("53100", true), ("53400", true), ("58030", true), ("XX001", true),
            ("22003", false), ("23505", false), ("42601", false), ("P0001", false),
        ]
    )
    func states(state: String, isFault: Bool) {
        #expect(PostgresError(.queryFailed, "x", sqlState: state).isServerFault == isFault)
        #expect(!PostgresError(.connectionLost, "x").isServerFault)
    }
}

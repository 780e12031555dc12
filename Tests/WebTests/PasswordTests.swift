import TestThreads
import Testing

@testable import Web

@Suite(.ownThread) struct PasswordTests {
    private static let cost = PasswordHash.Cost(logRounds: 4, blockSize: 8, parallelism: 1)

    @Test("a hash written in its PHC form knows its password and no other")
    func roundTrip() throws {
        let hash = try PasswordHash(of: "河边的柳树", cost: Self.cost)
        let read = try #require(PasswordHash(phc: hash.phc))
        #expect(read == hash)
        #expect(read.matches("河边的柳树"))
        #expect(!read.matches("河边的柳樹") && !read.matches(""))
        #expect(try PasswordHash(of: "河边的柳树", cost: Self.cost).phc != hash.phc, "each has its own salt")
    }

    @Test("a character that two keyboards write in two ways is one")
    func normalForm() throws {
        let hash = try PasswordHash(of: "caf\u{e9}-olé", cost: Self.cost)
        #expect(hash.matches("cafe\u{301}-olé"))
    }

    @Test(
        "texts that are no hash, or cost what nobody would choose, are refused",
        arguments: [
            "", "plain", "$scrypt$ln=15,r=8,p=3$short$x", "$argon2id$v=19$m=1$c2FsdHNhbHQ$aGFzaA",
            "$scrypt$ln=40,r=8,p=3$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "$scrypt$ln=4,r=8$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ]
    )
    func refused(text: String) {
        #expect(PasswordHash(phc: text) == nil)
    }

    @Test("the standard cost is scrypt 2^15, r 8, p 3")
    func standardCost() {
        #expect(PasswordHash.Cost.standard == PasswordHash.Cost(logRounds: 15, blockSize: 8, parallelism: 3))
    }

    @Test(
        "passwords that are short, long, common, or the login name are refused",
        arguments: [
            "1234567", "12345678", "aaaaaaaaaa", "Password123", "wangdali", String(repeating: "x9!", count: 43),
        ]
    )
    func weak(password: String) {
        #expect(throws: WebError.self) { try PasswordRule.check(password, login: "wangdali") }
    }

    @Test("a random password is long, of plain characters, and new each time")
    func random() throws {
        let first = PasswordRule.random()
        #expect(first.wholeMatch(of: /([a-z2-9]{5}-){3}[a-z2-9]{5}/) != nil)
        #expect(first != PasswordRule.random())
        try PasswordRule.check(first, login: "anybody")
    }

    @Test("two hashes run at once, a bounded number waits, and the rest is turned away")
    func gate() async throws {
        let gate = HashGate(width: 1, queueLimit: 2)
        let refused = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    do {
                        return try await gate.run { () -> Bool in
                            _ = try PasswordHash(of: "x", cost: .init(logRounds: 10, blockSize: 8, parallelism: 1))
                            return false
                        }
                    } catch { return true }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(refused > 0 && refused <= 19)
        #expect(try await gate.run { 7 } == 7, "the gate is free again")
    }

    @Test("only tokens of the right form are looked up", arguments: ["", "short", String(repeating: "%", count: 43)])
    func tokens(text: String) {
        #expect(SessionToken(cookie: text) == nil)
        let token = SessionToken()
        #expect(SessionToken(cookie: token.text)?.hash == token.hash)
    }

    @Test(
        "paths of pictures are plain names only",
        arguments: [
            ("2026/11/23/a-1.jpg", true), ("tasks/1/ab.png", true), ("../x", false), ("a/../b", false), ("/a", false),
            ("a//b", false), (".a", false), ("a/.b", false), ("a%2fb", false), ("", false), ("a\u{0}", false),
        ]
    )
    func plainPaths(path: String, isPlain: Bool) {
        #expect(EvidenceFiles.isPlain(path) == isPlain)
    }

    @Test(
        "only paths of this site are gone back to",
        arguments: [
            ("/cases?state=all", true), ("//evil.example", false), ("https://evil.example", false), ("/\\evil", false),
            ("/a\r\nSet-Cookie: x", false), ("", false),
        ]
    )
    func localPaths(path: String, isLocal: Bool) {
        #expect((SitePages.localPath(path) != nil) == isLocal)
    }

    @Test(
        "the time that is left is told in its two largest units",
        arguments: [
            (59.0, "0 m"), (61, "1 m"), (3_660, "1 h 1 m"), (7_200, "2 h"), (90_000, "1 d 1 h"), (86_460, "1 d"),
        ]
    )
    func timeLeft(seconds: Double, text: String) {
        let strings = Strings(language: .english, table: ["unit_day": "d", "unit_hour": "h", "unit_minute": "m"])
        #expect(TimeLeft.words(seconds: seconds, strings) == text)
    }
}

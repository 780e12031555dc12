import Dispatch
import TestSupport
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
        "passwords that are short, long, common in whatever disguise, or made of the person's name are refused",
        arguments: [
            "1234567", "12345678", "aaaaaaaaaa", "Password123", "wangdali", "P@ssw0rd", "P@$$w0rd!", "12345678a",
            "a12345678", "qwerty123", "Admin@2026", "admin888", "1qaz2wsx", "!QAZ2wsx", "1q2w3e4r5t", "abcd1234",
            "Wugang@2026", "shaoyang123", "hunan430581", "woaini1314", "5201314520", "19900101", "13812345678",
            "wangdali1988", "WangDali!1", "Changsha666", "Hikvision2025", "abc123abc123", "11112222",
            "password1password",
            "gridwatch1", "iloveyou!!", "王大力王大力王大力1", String(repeating: "x9!", count: 43),
        ]
    )
    func weak(password: String) {
        #expect(throws: WebError.self) { try PasswordRule.check(password, login: "wangdali", name: "王大力") }
    }

    @Test(
        "passwords that nobody has on a list are taken",
        arguments: [
            "Kites-Over-The-River-7", "Sturm-und-Drang-9", "Neues-Wort-1", "xK7#mQ2v", "河边的柳树又绿了", "quartz lamp fig 8",
            "tv8-harbor-lemon", "48210593716455",
        ]
    )
    func strong(password: String) throws {
        try PasswordRule.check(password, login: "wangdali", name: "王大力")
    }

    @Test("a random password is long, of plain characters, and new each time")
    func random() throws {
        let first = PasswordRule.random()
        #expect(first.wholeMatch(of: /([a-z2-9]{5}-){3}[a-z2-9]{5}/) != nil)
        #expect(first != PasswordRule.random())
        try PasswordRule.check(first, login: "anybody")
    }

    @Test("as many log in at once as there is room, a part of them from one address, and known devices beyond")
    func gate() async throws {
        let gate = HashGate(HashGate.Limits(threads: 1, logins: 3, knownLogins: 1, perPeer: 2))
        let (holds, release) = AsyncStream.makeStream(of: Void.self)
        let (entered, enter) = AsyncStream.makeStream(of: Bool.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            var arrivals = entered.makeAsyncIterator()
            for (peer, isKnown) in [("a", false), ("a", false), ("b", false), ("c", true)] {
                group.addTask {
                    try await gate.entering(from: peer, seemsKnown: isKnown) { isReserved in
                        enter.yield(isReserved)
                        for await _ in holds {}
                    }
                }
                #expect(await arrivals.next() == isKnown, "the last place is one of those that are kept")
            }
            for (peer, isKnown, code) in [("d", false, "unavailable"), ("d", true, "unavailable")] {
                await #expect {
                    try await gate.entering(from: peer, seemsKnown: isKnown) { _ in }
                } throws: { ($0 as? WebError)?.code.rawValue == code && ($0 as? WebError)?.reason == .loginBusy }
            }
            release.finish()
            try await group.waitForAll()
        }
        try await gate.entering(from: "a", seemsKnown: false) { _ in }
        #expect(try await gate.run { 7 } == 7, "the gate is free again")
    }

    @Test("one address gets a part of the places only")
    func gatePerPeer() async throws {
        let gate = HashGate(HashGate.Limits(threads: 1, logins: 8, knownLogins: 0, perPeer: 1))
        try await gate.entering(from: "a", seemsKnown: false) { _ in
            await #expect {
                try await gate.entering(from: "a", seemsKnown: false) { _ in }
            } throws: { ($0 as? WebError)?.code == .tooMany }
            try await gate.entering(from: "b", seemsKnown: false) { _ in }
        }
    }

    @Test("a mark of a device is good for its account and the present password, and nobody can make one")
    func deviceMark() throws {
        let mark = DeviceMark(login: "vera", passwordHash: "$scrypt$a")
        let sent = try #require(DeviceMark(cookie: mark.text))
        #expect(sent.isOf(login: "vera", passwordHash: "$scrypt$a"))
        #expect(!sent.isOf(login: "otto", passwordHash: "$scrypt$a"))
        #expect(!sent.isOf(login: "vera", passwordHash: "$scrypt$b"))
        #expect(DeviceMark(login: "vera", passwordHash: "$scrypt$a") != mark)
        let forged = String(mark.text.prefix(23)) + String(repeating: "A", count: 43)
        #expect(try #require(DeviceMark(cookie: forged)).isOf(login: "vera", passwordHash: "$scrypt$a") == false)
        #expect(DeviceMark(cookie: "") == nil && DeviceMark(cookie: mark.text + "x") == nil)
        #expect(!mark.peer.contains(mark.text.suffix(43)), "the database does not learn the proof")
    }

    @Test("work that blocks runs on threads of its own, and what finds no room is refused")
    func workThreads() async throws {
        let threads = WorkThreads("work", threads: 1, waiting: 1)
        let (block, started) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        async let first: Int = threads.run {
            started.signal()
            block.wait()
            return 1
        }
        try await HTTPClient.blocking { started.wait() }
        let refusals = await withTaskGroup(of: Bool.self) { group in
            for number in [2, 3] {
                group.addTask {
                    do { return try await threads.run { number } == 0 } catch { return error is WorkThreads.Full }
                }
            }
            // One waits in the only place; the other has been refused, so it is the first to say something.
            let first = await group.next() ?? false
            block.signal()
            return [first, await group.next() ?? true]
        }
        #expect(refusals == [true, false])
        #expect(try await first == 1)
        #expect(try await threads.run { 4 } == 4)
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
        #expect((AccountPages.localPath(path) != nil) == isLocal)
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

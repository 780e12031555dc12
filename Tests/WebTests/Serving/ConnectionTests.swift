import Flow
import Testing

@testable import Web

/// Who must go when there is no room, and what is late: both are values.
@Suite struct ConnectionTests {
    @Test("an address that holds its share loses its own oldest waiting connection, and nobody else's")
    func ownOldest() {
        var table = ConnectionTable<Int>(total: 100, perAddress: 3)
        for id in 1...3 { #expect(table.admit(id, address: "a") == .taken(evicting: nil)) }
        #expect(table.admit(10, address: "b") == .taken(evicting: nil))
        table.set(.answering, of: 1)
        #expect(table.admit(4, address: "a") == .taken(evicting: 2), "the first one gets its answer")
        #expect(table.count == 4)
        for id in [3, 4] { table.set(.answering, of: id) }
        #expect(table.admit(5, address: "a") == .refused)
        table.remove(3)
        #expect(table.admit(6, address: "a") == .taken(evicting: nil))
    }

    @Test("a proxy that is trusted may hold as many as there are")
    func proxy() {
        var table = ConnectionTable<Int>(total: 50, perAddress: 3)
        for id in 1...50 { #expect(table.admit(id, address: nil) == .taken(evicting: nil)) }
        #expect(table.admit(51, address: nil) == .taken(evicting: 1))
    }

    @Test("a whole county behind one address: who is logged in is counted by account and makes room for the next")
    func sharedAddress() {
        var table = ConnectionTable<Int>(total: 4096, perAddress: 4, perAccount: 3)
        for id in 1...300 {
            #expect(table.admit(id, address: "nat") == .taken(evicting: nil), "connection \(id)")
            table.know(id, account: id)
            table.set(.answering, of: id)
        }
        // One account that opens many has its own places, then those of its address, and no more.
        var taken = 0
        for id in 1001...1100 where table.admit(id, address: "nat") != .refused {
            table.know(id, account: 1)
            table.set(.answering, of: id)
            taken += 1
        }
        #expect(taken == 6)
        table.remove(1001)
        #expect(table.admit(2000, address: "elsewhere") == .taken(evicting: nil))
        for id in 1...300 { table.remove(id) }
        for id in 1001...1100 { table.remove(id) }
        table.remove(2000)
        #expect(table.count == 0)
        for id in 1...4 { #expect(table.admit(id, address: "nat") == .taken(evicting: nil)) }
        #expect(table.admit(5, address: "nat") == .taken(evicting: 1))
    }

    @Test("when all places are taken, silent strangers go first, then those who drip a body, then people who wait")
    func order() {
        var table = ConnectionTable<Int>(total: 4, perAddress: 4)
        for id in 1...4 { _ = table.admit(id, address: "address \(id)") }
        table.know(1, account: 7)
        table.set(.reading, of: 2)
        table.set(.answering, of: 3)
        #expect(table.admit(5, address: "e") == .taken(evicting: 4))
        table.set(.answering, of: 5)
        #expect(table.admit(6, address: "f") == .taken(evicting: 2))
        table.set(.answering, of: 6)
        #expect(table.admit(7, address: "g") == .taken(evicting: 1))
        table.set(.answering, of: 7)
        #expect(table.admit(8, address: "h") == .refused, "whoever gets an answer is left alone")
    }

    @Test("4,300 silent connections of one address leave the others their places")
    func flood() {
        var table = ConnectionTable<Int>(total: 4096, perAddress: 256)
        for id in 1...4300 { _ = table.admit(id, address: "flood") }
        #expect(table.count == 256)
        for id in 5000..<8000 { #expect(table.admit(id, address: "other \(id)") == .taken(evicting: nil)) }
    }

    private static let limits = ConnectionLimits()

    @Test("a head that comes byte by byte has fifteen seconds, and the next request a minute")
    func heads() {
        var clock = RequestClock(Self.limits, isProxy: false, at: 100)
        #expect(clock.deadline == 115)
        #expect(clock.late(at: 114.9) == nil)
        #expect(clock.late(at: 115) == .head)
        clock.head(at: 101)
        clock.end(at: 101)
        #expect(clock.deadline == nil, "the answer is ours to give")
        clock.answered(at: 130)
        #expect(clock.late(at: 189) == nil)
        #expect(clock.late(at: 190) == .idle)
    }

    @Test("a proxy keeps its connections for the next visitor")
    func proxyClock() {
        let clock = RequestClock(Self.limits, isProxy: true, at: 0)
        #expect(clock.late(at: 119) == nil)
        #expect(clock.late(at: 120) == .idle)
    }

    @Test("a body at a phone's pace is awaited, one that drips is not")
    func bodies() {
        var phone = RequestClock(Self.limits, isProxy: false, at: 0)
        phone.head(at: 1)
        for second in 1...120 {
            phone.received(4000)
            #expect(phone.late(at: 1 + Double(second)) == nil)
        }
        phone.end(at: 130)
        #expect(phone.deadline == nil)
        var drip = RequestClock(Self.limits, isProxy: false, at: 0)
        drip.head(at: 1)
        for second in 1..<20 {
            drip.received(1)
            #expect(drip.late(at: 1 + Double(second)) == nil)
        }
        #expect(drip.late(at: 21.1) == .body)
    }

    @Test("who goes on sending after his answer has five seconds")
    func linger() {
        var clock = RequestClock(Self.limits, isProxy: false, at: 0)
        clock.head(at: 0)
        clock.received(1 << 20)
        clock.answered(at: 3)
        #expect(clock.late(at: 7.9) == nil)
        #expect(clock.late(at: 8) == .body)
    }

    @Test("who does not read his answer has a minute")
    func stuck() {
        var clock = RequestClock(Self.limits, isProxy: false, at: 0)
        clock.head(at: 0)
        clock.end(at: 0)
        clock.writable(false, at: 5)
        clock.writable(false, at: 50)
        #expect(clock.late(at: 64) == nil)
        #expect(clock.late(at: 65) == .stuck)
        clock.writable(true, at: 65)
        #expect(clock.late(at: 500) == nil)
    }
}

/// The same over sockets, with limits so small that a test can meet them.
@Suite(.enabled(if: TestSite.isAvailable)) struct ConnectionSiteTests {
    private static let drip = Array("GET /login HTTP/1.1\r\nHost: a\r\nX-a: ".utf8)

    private static func settings(_ change: (inout ConnectionLimits) -> Void) -> WebSettings {
        var settings = WebSettings.test
        change(&settings.connections)
        return settings
    }

    @Test("an address with dripping connections loses them to its newer ones, and others are served")
    func crowd() async throws {
        try await TestSite.with(Self.settings { $0.perAddress = 16 }) { site in
            var other = site.client
            other.source = "127.0.0.7"
            var held: [HeldConnection] = []
            for _ in 0..<40 { held.append(try await site.client.hold(Self.drip)) }
            #expect(try await other.send("GET", "/login").status == 200)
            #expect(try await site.client.send("GET", "/login").status == 200, "also its own new ones")
            #expect(held.count(where: \.isClosed) >= 24)
            #expect(!held[39].isClosed)
        }
    }

    @Test("a connection for which there is no place is told so")
    func refused() async throws {
        let settings = Self.settings {
            $0.perAddress = 15
            $0.perAccount = 1
        }
        try await TestSite.with(settings) { site in
            let vera = try await site.browser("vera")
            let head = "GET /api/v1/events HTTP/1.1\r\nHost: a\r\nCookie: \(try #require(vera.cookie))\r\n\r\n"
            var streams: [HeldConnection] = []
            for _ in 0..<16 {
                // One after the other: whoever is not being answered yet, as by its first line, makes room for the next.
                let stream = try await site.client.hold(Array(head.utf8))
                streams.append(stream)
                for _ in 0..<1200 where !stream.hasAnswer { try await Task.sleep(for: .milliseconds(50)) }
            }
            #expect(!streams.contains { !$0.hasAnswer })
            let answer = try await site.client.send("GET", "/login")
            #expect(answer.status == 429)
            #expect((answer.json["detail"] as? String)?.contains("连接过多") == true)
            #expect(!streams.contains { $0.isClosed }, "whoever gets an answer keeps his place")
        }
    }

    @Test("a proxy that is trusted may hold more than any other address")
    func proxy() async throws {
        var settings = Self.settings { $0.perAddress = 16 }
        settings.trustedProxies = AddressRange.list("127.0.0.1") ?? []
        try await TestSite.with(settings) { site in
            var held: [HeldConnection] = []
            for _ in 0..<40 { held.append(try await site.client.hold(Self.drip)) }
            #expect(try await site.client.send("GET", "/login").status == 200)
            #expect(!held.contains { $0.isClosed })
        }
    }

    @Test("a head and a body that do not end are answered with a sentence and closed")
    func deadlines() async throws {
        let settings = Self.settings {
            $0.headSeconds = 0.3
            $0.bodySeconds = 0.3
            $0.bodyRate = 1e6
        }
        try await TestSite.with(settings) { site in
            for begin in [
                "GET /login HTTP/1.1\r\nHost: a\r\nX-a: ",
                "POST /api/v1/session HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n{",
                "POST /api/v1/session HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
            ] {
                let text = try await site.client.hold(Array(begin.utf8)).rest()
                #expect(text.hasPrefix("HTTP/1.1 408 "), "\(text)")
                #expect(text.contains("请求没有在规定时间内传完"))
            }
        }
    }

    @Test("a connection that nobody uses is closed without a word")
    func idle() async throws {
        try await TestSite.with(Self.settings { $0.idleSeconds = 0.3 }) { site in
            let held = try await site.client.hold(Array("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
            let text = try await held.rest()
            #expect(text.hasPrefix("HTTP/1.1 200 ") && text.hasSuffix("ok\n"), "\(text)")
        }
    }
}

import RTSP
import Testing

@Suite struct DigestTests {
    private let account = Authenticator.Account(user: "wg", password: "p\"a\\ss:wort", realm: "cameras")

    private func request(_ authorization: String?, method: String = "DESCRIBE") -> RTSPRequest {
        var request = RTSPRequest(method: method, uri: "rtsp://host:554/cam/1")
        request.headers["Authorization"] = authorization
        return request
    }

    private func proof(
        _ challenge: String,
        user: String = "wg",
        password: String = "p\"a\\ss:wort",
        uri: String = "rtsp://host:554/cam/1"
    ) throws -> String {
        try #require(DigestChallenge(challenge)).answer(
            user: user,
            password: password,
            method: "DESCRIBE",
            uri: uri,
            count: 1,
            clientNonce: "0a4f113b"
        ).headerValue
    }

    @Test("the example of RFC 2617, section 3.5 gives the response printed there")
    func example2617() throws {
        let challenge = try #require(
            DigestChallenge(
                """
                Digest realm="testrealm@host.com", qop="auth,auth-int", \
                nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"
                """
            )
        )
        let answer = challenge.answer(
            user: "Mufasa",
            password: "Circle Of Life",
            method: "GET",
            uri: "/dir/index.html",
            count: 1,
            clientNonce: "0a4f113b"
        )
        #expect(answer.response == "6629fae49393a05397450978507c4ef1")
        #expect(answer.opaque == "5ccc069c403ebaf9f0171e9517f40e41")
    }

    @Test(
        "the examples of RFC 7616, section 3.9.1 give the responses printed there",
        arguments: [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ]
    )
    func example7616(algorithm: String, response: String) throws {
        let challenge = try #require(
            DigestChallenge(
                """
                Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=\(algorithm), \
                nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", \
                opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
                """
            )
        )
        let answer = challenge.answer(
            user: "Mufasa",
            password: "Circle of Life",
            method: "GET",
            uri: "/dir/index.html",
            count: 1,
            clientNonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
        )
        #expect(answer.response == response)
        #expect(DigestCredentials(answer.headerValue) == answer)
    }

    @Test("the form without qop hashes as RFC 2069 did")
    func withoutQuality() throws {
        let challenge = DigestChallenge(realm: "r", nonce: "n", algorithm: .md5, offersAuth: false)
        let read = try #require(DigestChallenge(challenge.headerValue))
        #expect(read == challenge)
        let answer = read.answer(user: "u", password: "p", method: "PLAY", uri: "/", count: 1, clientNonce: "c")
        #expect(answer.quality == nil)
        // printf 'u:r:p' | md5sum -> A, printf 'PLAY:/' | md5sum -> B, printf 'A:n:B' | md5sum
        #expect(answer.response == "4c6f256d1b0e30916e1de12a1597f619")
    }

    @Test("a right proof is accepted with either hash", arguments: [0, 1])
    func accepted(offer: Int) throws {
        let authenticator = Authenticator(account: account, nonce: "abc")
        let header = try proof(authenticator.challenges()[offer])
        #expect(authenticator.check(request(header)) == .accepted)
        #expect(authenticator.check(request(header, method: "PLAY")) == .refused)
    }

    @Test("a wrong password, user, URL or realm is refused")
    func refused() throws {
        let authenticator = Authenticator(account: account, nonce: "abc")
        let challenge = authenticator.challenges()[0]
        #expect(authenticator.check(request(nil)) == .refused)
        #expect(authenticator.check(request(try proof(challenge, password: "guess"))) == .refused)
        #expect(authenticator.check(request(try proof(challenge, user: "root"))) == .refused)
        #expect(authenticator.check(request(try proof(challenge, uri: "rtsp://host:554/cam/2"))) == .refused)
        let other = DigestChallenge(realm: "elsewhere", nonce: "abc", algorithm: .md5).headerValue
        #expect(authenticator.check(request(try proof(other))) == .refused)
        #expect(authenticator.check(request("Digest username=\"wg\"")) == .refused)
        #expect(authenticator.check(request("Bearer token")) == .refused)
    }

    @Test("a right proof for another connection's nonce is stale, and the new challenge says so")
    func stale() throws {
        let old = Authenticator(account: account, nonce: "old").challenges()[0]
        let authenticator = Authenticator(account: account, nonce: "new")
        #expect(authenticator.check(request(try proof(old))) == .stale)
        #expect(authenticator.challenges(isStale: true).allSatisfy { DigestChallenge($0)?.isStale == true })
    }

    @Test("an algorithm that the account does not offer is refused")
    func algorithms() throws {
        var strict = account
        strict.algorithms = [.sha256]
        let authenticator = Authenticator(account: strict, nonce: "abc")
        let md5 = DigestChallenge(realm: "cameras", nonce: "abc", algorithm: .md5).headerValue
        #expect(authenticator.challenges().count == 1)
        #expect(authenticator.check(request(try proof(md5))) == .refused)
    }

    @Test("Basic is refused unless it was asked for", arguments: [false, true])
    func basic(takesBasic: Bool) {
        var account = Authenticator.Account(user: "Aladdin", password: "open sesame")
        account.takesBasic = takesBasic
        let authenticator = Authenticator(account: account, nonce: "abc")
        // The example of RFC 2617, section 2.
        let verdict = authenticator.check(request("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="))
        #expect(verdict == (takesBasic ? .accepted : .refused))
        #expect(authenticator.challenges().contains { $0.hasPrefix("Basic") } == takesBasic)
        #expect(authenticator.check(request("Basic QWxhZGRpbjpvcGVuIHNlc2FtZT8=")) == .refused)
    }

    @Test(
        "a challenge that cannot be answered is not taken",
        arguments: [
            "Basic realm=\"x\"", "Digest nonce=\"n\"", "Digest realm=\"r\", nonce=\"n\", algorithm=SHA-512-256",
            "Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\"",
        ]
    )
    func unknownChallenges(header: String) {
        #expect(DigestChallenge(header) == nil)
    }
}

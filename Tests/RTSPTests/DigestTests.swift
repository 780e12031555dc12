import NIOCore
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

    @Test("the session variant mixes both nonces into the secret, with and without qop")
    func session() throws {
        for quality in [", qop=\"auth\"", ""] {
            let challenge = try #require(
                DigestChallenge("Digest realm=\"r\", nonce=\"n\", algorithm=MD5-sess" + quality)
            )
            #expect(DigestChallenge(challenge.headerValue) == challenge)
            let answer = challenge.answer(
                user: "u",
                password: "p",
                method: "PLAY",
                uri: "/",
                count: 1,
                clientNonce: "c"
            )
            #expect(answer.headerValue.contains("algorithm=MD5-sess") && answer.headerValue.contains("cnonce=\"c\""))
            #expect(DigestCredentials(answer.headerValue) == answer)
            // printf 'u:r:p' | md5sum -> S, printf 'S:n:c' | md5sum -> A, printf 'PLAY:/' | md5sum -> B, then as without.
            #expect(
                answer.response
                    == (quality.isEmpty ? "50f5c17243dc281f94e88010a86a4fe4" : "b14003a41b34b1a5a037c2d2ce5e7116")
            )
        }
    }

    @Test(
        "challenges are read as cameras write them",
        arguments: [
            "Digest realm=\"IP Camera(1)\", nonce=\"ab==\"", "Digest realm=\"IP Camera(1)\" nonce=\"ab==\"",
            "digest realm = IP Camera(1) , nonce = ab==", "Digest realm=IP Camera(1) nonce=ab== stale=FALSE",
            "Digest realm=\"IP Camera(1)\"; nonce=\"ab==\"; algorithm=\"\"",
            "DIGEST nonce=\"ab==\",realm=\"IP Camera(1)",
            "Digest  realm=\"IP Camera(1)\",,nonce=ab==, algorithm=",
            "Digest algorithm=md5, realm=\"IP Camera(1)\",nonce=ab==,",
        ]
    )
    func dialects(header: String) throws {
        let challenge = try #require(DigestChallenge(header))
        #expect(challenge.realm == "IP Camera(1)")
        #expect(challenge.nonce == "ab==")
        #expect(challenge.algorithm == .md5 && !challenge.isSession)
        #expect(challenge.isAlgorithmNamed == header.contains("md5"))
    }

    @Test("a realm in GB18030 goes back byte by byte, and is hashed so")
    func otherEncoding() throws {
        // 摄像机 and a character whose second byte is a backslash, then one of four bytes.
        let realm: [UInt8] = [0xc9, 0xe3, 0xcf, 0xf1, 0xbb, 0xfa, 0x81, 0x5c, 0x81, 0x30, 0x81, 0x30]
        var buffer = ByteBuffer(string: "RTSP/1.0 401 No\r\nWWW-Authenticate: Digest realm=\"")
        buffer.writeBytes(realm + Array("\", nonce=\"n\"\r\n\r\n".utf8))
        var parser = RTSPParser(limits: .camera)
        guard case .response(let response) = try #require(try parser.next(&buffer)) else { return }
        let challenge = try #require(response.headers["WWW-Authenticate"].flatMap { DigestChallenge($0) })
        let answer = challenge.answer(user: "u", password: "p", method: "PLAY", uri: "/", count: 1, clientNonce: "c")
        var written = ByteBuffer()
        written.writeRTSP(
            RTSPRequest(method: "PLAY", uri: "/", headers: ["Authorization": answer.headerValue])
        )
        #expect(Array(written.readableBytesView).firstRange(of: Array("realm=\"".utf8) + realm + [0x22]) != nil)
        // The same with the bytes of the realm: printf 'u:\xc9…:p' | md5sum and so on.
        #expect(answer.response == "ef303367085f2c2c5e48688cd11f33bb")
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

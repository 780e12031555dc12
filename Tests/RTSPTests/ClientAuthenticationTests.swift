import Flow
import RTSP
import Testing

@Suite struct ClientAuthenticationTests {
    private func proof(_ actions: [ClientAction]) -> DigestCredentials? {
        actions.request?.headers["Authorization"].flatMap { DigestCredentials($0) }
    }

    private func challenge(_ nonce: String, _ more: String = ", qop=\"auth\"") -> [String] {
        ["WWW-Authenticate: Digest realm=\"r\", nonce=\"\(nonce)\"\(more)"]
    }

    @Test("every further request is proved with the last challenge, and its counter rises")
    func preemptive() throws {
        var client = try ClientDialogue("rtsp://u:p@camera/live")
        #expect(client.connect().request?.headers["Authorization"] == nil)
        let describe = try #require(proof(try client.answer("401 Unauthorized", challenge("n1"))))
        #expect(describe.quality == .init(count: 1, clientNonce: "c10e"))
        #expect(describe.uri == "rtsp://camera/live")
        #expect(!describe.isAlgorithmNamed, "the challenge did not name it")
        let setUp = try client.answer("200 OK", body: "v=0\n" + ClientDialogue.video + "\na=control:t")
        #expect(proof(setUp)?.quality?.count == 2)
        #expect(proof(setUp)?.uri == "rtsp://camera/live/t")
        let play = try client.answer("200 OK", ["Session: 1"])
        #expect(proof(play)?.quality?.count == 3)
        #expect(proof(play)?.nonce == "n1")
    }

    @Test("401 on every request with a new nonce: each is proved once more, and the stream plays")
    func newNonceEachTime() throws {
        var client = try ClientDialogue("rtsp://u:p@camera/live")
        _ = client.connect()
        var nonce = 0
        for reply in ["v=0\n" + ClientDialogue.video, "", ""] {
            nonce += 1
            let again = try client.answer("401 Unauthorized", challenge("n\(nonce)"))
            #expect(proof(again)?.nonce == "n\(nonce)")
            #expect(proof(again)?.quality?.count == 1)
            _ = try client.answer("200 OK", ["Session: 1"], body: reply)
        }
        #expect(client.session.isPlaying)
        #expect(client.methods == ["DESCRIBE", "DESCRIBE", "SETUP", "SETUP", "PLAY", "PLAY"])
        _ = client.pass(30)
        #expect(try proof(client.answer("401 Unauthorized", challenge("n9")))?.nonce == "n9")
        #expect(try client.answer("200 OK") == [])
    }

    @Test("a wrong password is tried once, and the failure is not one to repeat soon")
    func wrongPassword() throws {
        var client = try ClientDialogue("rtsp://u:hunter2@camera/live?token=hunter2")
        _ = client.connect()
        _ = try client.answer("401 Unauthorized", challenge("n1"))
        let failure = try #require(try client.answer("401 Unauthorized", challenge("n2")).failure)
        #expect(failure.code == .unauthorized)
        #expect(failure.retry == .slowly)
        #expect(failure.message.contains("rtsp://camera/live"))
        #expect(!failure.message.contains("hunter2"))
        #expect(client.session.hasEnded)
    }

    @Test("a stale nonce is answered once more, but not for ever")
    func stale() throws {
        var client = try ClientDialogue("rtsp://u:p@camera/live")
        _ = client.connect()
        _ = try client.answer("401 Unauthorized", challenge("n1"))
        let again = try client.answer("401 Unauthorized", challenge("n2", ", stale=TRUE"))
        #expect(proof(again)?.nonce == "n2")
        #expect(proof(again)?.quality == nil)
        #expect(try client.answer("401 Unauthorized", challenge("n3", ", stale=true")).failure?.code == .unauthorized)
    }

    @Test(
        "the strongest challenge is answered, in one header or in several",
        arguments: [
            (["Basic realm=\"a, b\", Digest realm=\"r\", nonce=\"n\", qop=\"auth,auth-int\""], DigestAlgorithm.md5),
            (
                ["Digest realm=\"r\",nonce=\"n\",algorithm=MD5,Digest realm=\"r\",nonce=\"n\",algorithm=SHA-256"],
                .sha256
            ),
            (
                [
                    "Digest realm=\"r\", nonce=\"n\", algorithm=MD5",
                    "Digest realm=\"r\", nonce=\"n\", algorithm=sha-256",
                ], .sha256
            ),
            (["Basic realm=\"x\"", "Digest realm = \"r\" , nonce = \"n\""], .md5),
            (
                ["Digest realm=\"r\", nonce=\"n\", algorithm=MD5-sess", "Digest realm=\"r\", nonce=\"n\", qop=\"\""],
                .md5
            ),
        ]
    )
    func strongest(headers: [String], algorithm: DigestAlgorithm) throws {
        var client = try ClientDialogue("rtsp://u:p@camera/live")
        _ = client.connect()
        let actions = try client.answer("401 Unauthorized", headers.map { "WWW-Authenticate: " + $0 })
        #expect(proof(actions)?.algorithm == algorithm)
        #expect(proof(actions)?.realm == "r")
    }

    @Test("Basic is answered when nothing else is offered")
    func basic() throws {
        var client = try ClientDialogue("rtsp://Aladdin:open%20sesame@camera/live")
        _ = client.connect()
        let actions = try client.answer("401 Unauthorized", ["WWW-Authenticate: Basic realm=\"/\""])
        #expect(actions.request?.headers["Authorization"] == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
    }

    @Test("without an account, or without a scheme that is known, the message says what to do")
    func impossible() throws {
        var anonymous = try ClientDialogue()
        _ = anonymous.connect()
        let missing = try #require(try anonymous.answer("401 Unauthorized", challenge("n")).failure)
        #expect(missing.code == .unauthorized)
        #expect(missing.message.contains("user:password@"))
        var client = try ClientDialogue("rtsp://u:p@camera/live")
        _ = client.connect()
        let unknown = try client.answer("401 Unauthorized", ["WWW-Authenticate: Negotiate"])
        #expect(unknown.failure?.message.contains("Negotiate") == true)
        client = try ClientDialogue("rtsp://u:p@camera/live")
        _ = client.connect()
        #expect(try client.answer("401 Unauthorized").failure?.code == .unauthorized)
    }
}

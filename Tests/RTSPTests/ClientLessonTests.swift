import Flow
import RTSP
import Testing

/// What one connection teaches the next.
@Suite struct ClientLessonTests {
    @Test("no answer to DESCRIBE, or the connection closed instead: the next connection begins with OPTIONS")
    func optionsFirst() throws {
        for hangsUp in [false, true] {
            var client = try ClientDialogue()
            #expect(client.connect().request?.method == "DESCRIBE")
            #expect((hangsUp ? client.session.disconnected() : client.pass(10)).failure != nil)
            #expect(client.session.lessons.asksOptionsFirst)
            client = try ClientDialogue(lessons: client.session.lessons)
            #expect(client.connect().request?.method == "OPTIONS")
            #expect(try client.answer("501 No").request?.method == "DESCRIBE")
            _ = try client.answer("200 OK", body: "v=0\n" + ClientDialogue.video)
            #expect(client.session.lessons.asksOptionsFirst, "it has helped")
        }
    }

    @Test("where OPTIONS first does not help either, the next connection begins with DESCRIBE again")
    func optionsDoNotHelp() throws {
        var lessons = CameraLessons()
        var first: [String?] = []
        for _ in 0..<4 {
            var client = try ClientDialogue(lessons: lessons)
            first.append(client.connect().request?.method)
            _ = client.pass(10)
            lessons = client.session.lessons
        }
        #expect(first == ["DESCRIBE", "OPTIONS", "DESCRIBE", "OPTIONS"])
    }

    @Test("a camera that hangs up on a sign of life gets another one the next time")
    func hangsUpOnSign() throws {
        var lessons = CameraLessons()
        var signs: [String?] = []
        for _ in 0..<3 {
            var client = try ClientDialogue(lessons: lessons)
            try client.play()
            let actions = client.pass(27)
            signs.append(actions.request?.method ?? (actions == [.report] ? "report" : nil))
            _ = client.session.disconnected()
            lessons = client.session.lessons
        }
        #expect(signs == ["GET_PARAMETER", "OPTIONS", "report"])
    }

    @Test("a session that runs out although its signs of life are answered gets another one, by TEARDOWN too")
    func runsOut() throws {
        for saysSo in [false, true] {
            var client = try ClientDialogue()
            try client.play()
            for second in [27.0, 54, 60] {
                client.session.receiveFrame(at: MediaTime(seconds: second))
                if !client.pass(second - client.now.seconds).isEmpty { _ = try client.answer("200 OK") }
            }
            _ = saysSo ? try client.camera("TEARDOWN * RTSP/1.0\nCSeq: 1\n\n") : client.session.disconnected()
            #expect(client.session.lessons.signOfLife == .options)
        }
    }

    @Test("a sign that has kept a session alive is kept, whatever breaks the connection")
    func proven() throws {
        var client = try ClientDialogue()
        try client.play()
        for _ in 0..<6 {
            client.session.receiveFrame(at: client.now.advanced(bySeconds: 26))
            #expect(client.pass(27).request?.method == "GET_PARAMETER")
            _ = try client.answer("200 OK")
        }
        #expect(client.session.lessons.isSignProven)
        _ = client.pass(27)
        _ = client.session.disconnected()
        client = try ClientDialogue(lessons: client.session.lessons)
        try client.play()
        _ = client.pass(27)
        _ = client.session.disconnected()
        #expect(client.session.lessons.signOfLife == .getParameter)
    }

    @Test("a camera that hangs up on SETUP is asked at the next address by the next connection, which is then kept")
    func hangsUpOnSetUp() throws {
        var lessons = CameraLessons()
        var asked: [String?] = []
        for isTaken in [false, false, true, true] {
            var client = try ClientDialogue(lessons: lessons)
            let track = ClientDialogue.video + "\na=control:t"
            asked.append(try client.describe(track, ["Content-Base: rtsp://x/y/"]).request?.uri)
            if isTaken {
                #expect(try client.answer("200 OK").request?.method == "PLAY")
            } else {
                #expect(client.session.disconnected().failure != nil)
            }
            lessons = client.session.lessons
        }
        let last = "rtsp://camera/live/t"
        #expect(asked == ["rtsp://camera/y/t", "rtsp://x/y/t", last, last])
    }

    @Test("two sessions that end at the same age, before a sign of life was due, teach that one is wanted sooner")
    func patience() throws {
        var lessons = CameraLessons()
        for age in [20.0, 21] {
            var client = try ClientDialogue(lessons: lessons)
            try client.play()
            client.session.receiveFrame(at: MediaTime(seconds: age))
            #expect(client.pass(age) == [])
            _ = client.session.disconnected()
            lessons = client.session.lessons
        }
        #expect(lessons.patience == 20)
        var client = try ClientDialogue(lessons: lessons)
        try client.play("4711;timeout=60000")
        #expect(client.pass(8.9) == [])
        #expect(client.pass(0.2).request?.method == "GET_PARAMETER")
    }

    @Test(
        "sessions that end at different ages, or at once, teach nothing about signs of life",
        arguments: [[20.0, 12, 25], [5, 5, 5]]
    )
    func noPatience(ages: [Double]) throws {
        var lessons = CameraLessons()
        for age in ages {
            var client = try ClientDialogue(lessons: lessons)
            try client.play()
            client.session.receiveFrame(at: MediaTime(seconds: age))
            _ = client.session.disconnected()
            lessons = client.session.lessons
        }
        #expect(lessons.patience == nil)
    }

    private func challenges(_ parts: String...) -> [String] {
        parts.map { "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\(Int.random(in: 0..<1_000_000))\"\($0)" }
    }

    private func algorithm(_ actions: [ClientAction]) -> DigestAlgorithm? {
        actions.request?.headers["Authorization"].flatMap { DigestCredentials($0) }?.algorithm
    }

    @Test("when the first way to log in fails the second is gone, and the next connection begins with it")
    func secondAlgorithm() throws {
        var client = try ClientDialogue("rtsp://u:p@camera/live")
        _ = client.connect()
        let both = [", algorithm=MD5", ", algorithm=SHA-256"]
        #expect(algorithm(try client.answer("401 No", challenges(both[0], both[1]))) == .sha256)
        #expect(algorithm(try client.answer("401 No", challenges(both[0], both[1]))) == .md5)
        #expect(try client.answer("200 OK", body: "v=0\n" + ClientDialogue.video).request?.method == "SETUP")
        client = try ClientDialogue("rtsp://u:p@camera/live", lessons: client.session.lessons)
        _ = client.connect()
        #expect(algorithm(try client.answer("401 No", challenges(both[0], both[1]))) == .md5)
    }

    @Test("a wrong password costs one guess of each way, then one guess a connection")
    func fewGuesses() throws {
        var lessons = CameraLessons()
        var guesses: [Int] = []
        for _ in 0..<3 {
            var client = try ClientDialogue("rtsp://u:p@camera/live", lessons: lessons)
            _ = client.connect()
            var count = 0
            while !client.session.hasEnded {
                let actions = try client.answer("401 No", challenges(", algorithm=MD5", ", algorithm=SHA-256"))
                if actions.request != nil { count += 1 }
                if let failure = actions.failure {
                    #expect(failure.message.contains("correct them") && failure.message.contains("Digest"))
                }
            }
            guesses.append(count)
            lessons = client.session.lessons
        }
        #expect(guesses == [2, 1, 1])
    }

    @Test("a camera that hangs up behind its challenge gets the proof with the first request of the next connection")
    func hangsUpOnChallenge() throws {
        var client = try ClientDialogue("rtsp://u:p@camera/live")
        _ = client.connect()
        let first = try client.answer("401 No", ["WWW-Authenticate: Digest realm=\"r\", nonce=\"n1\", qop=\"auth\""])
        #expect(first.request?.headers["Authorization"]?.contains("nc=00000001") == true)
        #expect(client.session.disconnected().failure != nil)
        #expect(!client.session.lessons.asksOptionsFirst)
        client = try ClientDialogue("rtsp://u:p@camera/live", lessons: client.session.lessons)
        let again = client.connect().request
        #expect(again?.method == "DESCRIBE")
        #expect(again?.headers["Authorization"]?.contains("nonce=\"n1\"") == true)
        #expect(again?.headers["Authorization"]?.contains("nc=00000002") == true)
        #expect(algorithm(try client.answer("401 No", challenges(""))) == .md5, "another nonce is no refusal")
        #expect(try client.answer("200 OK", body: "v=0\n" + ClientDialogue.video).request?.method == "SETUP")
    }

    @Test("a login that the camera takes for one request and not for another is not the password's fault")
    func methodAtFault() throws {
        var client = try ClientDialogue("rtsp://u:p@camera/live")
        _ = client.connect()
        _ = try client.answer("401 No", challenges(""))
        _ = try client.answer("200 OK", body: "v=0\n" + ClientDialogue.video)
        _ = try client.answer("401 No", challenges(""))
        let failure = try #require(try client.answer("401 No", challenges("")).failure)
        #expect(failure.message.contains("SETUP") && failure.message.contains("the password is right"))
        #expect(!failure.message.contains("correct"))
    }

    @Test(
        "a way that is not known here is named, and the password not blamed",
        arguments: [
            (", algorithm=SHA-512-256", "SHA-512-256"), (", qop=\"auth-int\"", "auth-int"),
        ]
    )
    func unknownWay(part: String, name: String) throws {
        var client = try ClientDialogue("rtsp://u:p@camera/live")
        _ = client.connect()
        let failure = try #require(try client.answer("401 No", challenges(part)).failure)
        #expect(failure.message.contains(name) && !failure.message.contains("correct"))
    }
}

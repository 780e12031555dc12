import Flow
import RTSP
import Testing

@Suite struct ClientLatenessTests {
    /// A client that plays, with a time-out of its session of a minute.
    private func playing() throws -> ClientDialogue {
        var client = try ClientDialogue()
        _ = client.connect()
        _ = try client.answer(
            "200 OK",
            body: "v=0\ns=x\na=control:*\n" + ClientDialogue.video + "\na=control:trackID=1"
        )
        _ = try client.answer("200 OK", ["Session: 1;timeout=60", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"])
        _ = try client.answer("200 OK")
        #expect(client.session.isPlaying)
        return client
    }

    @Test("an answer that lay unread while its reader was late is no silence")
    func signOfLife() throws {
        var late = try playing()
        #expect(late.pass(27).request?.method == "GET_PARAMETER")
        late.session.excuse(30)
        #expect(late.pass(31) == [])
        #expect(try late.answer("200 OK") == [])
        #expect(late.session.isPlaying)
        // Who was there all the time gives up.
        var inTime = try playing()
        _ = inTime.pass(27)
        guard case .close(let failure) = try #require(inTime.pass(31).first) else {
            throw RTSPError(.malformed, "no end")
        }
        #expect(failure?.code == .timedOut)
    }

    @Test("signs of life are sent by the clock, however late their sender was")
    func byTheClock() throws {
        var client = try playing()
        client.session.excuse(30)
        #expect(client.pass(27).request?.method == "GET_PARAMETER")
    }

    @Test("a handshake whose answer lies unread gets the time back")
    func handshake() throws {
        var client = try ClientDialogue()
        _ = client.connect()
        client.session.excuse(20)
        #expect(client.pass(25) == [])
        #expect(!client.pass(6).isEmpty)
        #expect(client.session.hasEnded)
    }
}

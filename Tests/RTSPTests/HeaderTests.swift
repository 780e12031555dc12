import RTSP
import Testing

@Suite struct HeaderTests {
    typealias Channels = TransportHeader.Channels

    @Test(
        "a Transport alternative is read as RFC 2326 writes it",
        arguments: [
            ("RTP/AVP/TCP;unicast;interleaved=2-3", true, true, Channels(rtp: 2, rtcp: 3)),
            ("rtp/avp/tcp; interleaved=4 ;UNICAST", true, true, Channels(rtp: 4, rtcp: 5)),
            ("RTP/AVP/TCP", true, true, nil),
            ("RTP/AVP;unicast;client_port=5000-5001", false, true, nil),
            ("RTP/AVP/UDP;multicast;ttl=3", false, false, nil),
            ("RTP/AVP", false, false, nil),
        ] as [(String, Bool, Bool, Channels?)]
    )
    func transport(value: String, isTCP: Bool, isUnicast: Bool, channels: Channels?) throws {
        let header = try #require(TransportHeader.alternatives(value).first)
        #expect((header.lower == .tcp) == isTCP)
        #expect(header.isUnicast == isUnicast)
        #expect(header.interleaved == channels)
    }

    @Test("alternatives keep their order; impossible ones and other profiles are left out")
    func alternatives() {
        let value =
            "RAW/RAW/UDP, RTP/SAVP;unicast,RTP/AVP/TCP;interleaved=3-3,RTP/AVP/TCP;interleaved=255,"
            + "RTP/AVP;unicast;mode=\"PLAY,RECORD\",RTP/AVP/TCP;interleaved=0-1"
        #expect(TransportHeader.alternatives(value).map(\.lower) == [.udp, .tcp])
        #expect(TransportHeader.alternatives("") == [])
    }

    @Test("a written Transport is read back the same")
    func transportRoundTrip() {
        let header = TransportHeader(lower: .tcp, interleaved: Channels(rtp: 6, rtcp: 9), ssrc: 0xbeef)
        #expect(header.headerValue == "RTP/AVP/TCP;unicast;interleaved=6-9;ssrc=0000BEEF;mode=\"PLAY\"")
        #expect(TransportHeader.alternatives(header.headerValue) == [header])
    }

    @Test("a Session header carries its timeout")
    func session() {
        #expect(SessionHeader("12345678 ; timeout=30") == SessionHeader(id: "12345678", timeout: 30))
        #expect(SessionHeader("abc") == SessionHeader(id: "abc"))
        #expect(SessionHeader("abc;timeout=soon") == SessionHeader(id: "abc"))
        #expect(SessionHeader("") == nil)
        #expect(SessionHeader(id: "a", timeout: 60).headerValue == "a;timeout=60")
    }

    @Test(
        "a Range in normal play time is read",
        arguments: [
            ("npt=now-", RangeHeader.live),
            ("npt=0.000-", RangeHeader(start: .seconds(0))),
            ("npt=-20", RangeHeader(start: .seconds(0), end: 20)),
            ("npt=1:02:03.5-3725;time=19970123T143720Z", RangeHeader(start: .seconds(3723.5), end: 3725)),
            ("clock=19960213T143205Z-", nil),
            ("npt=soon-", nil),
            ("npt=5", nil),
        ] as [(String, RangeHeader?)]
    )
    func range(value: String, expected: RangeHeader?) {
        #expect(RangeHeader(value) == expected)
    }

    @Test(
        "the path of a URL is found without server, query and escapes",
        arguments: [
            ("rtsp://host:554/cam/0001", "cam/0001"),
            ("rtsp://user:word@host/cam//0001/?x=1", "cam/0001"),
            ("RTSP://[::1]:8554/%E6%B2%B3%20bank", "河 bank"),
            ("rtsp://host", ""),
            ("/cam/1", "cam/1"),
            ("*", nil),
            ("http://host/cam", nil),
            ("rtsp://host/%zz", nil),
            ("rtsp://host/%0a", nil),
            ("rtsp://host/a%2", nil),
            ("rtsp://host/%ff", nil),
        ] as [(String, String?)]
    )
    func path(uri: String, expected: String?) {
        #expect(RTSPPath.of(uri) == expected)
    }

    @Test("setting a header replaces all of that name")
    func headers() {
        var headers: RTSPHeaders = ["A": "1", "b": "2", "a": "3"]
        headers["a"] = "4"
        #expect(headers.fields.map(\.value) == ["2", "4"])
        headers["B"] = nil
        #expect(headers.fields.map(\.name) == ["a"])
    }
}

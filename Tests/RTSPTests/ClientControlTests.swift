import RTSP
import Testing

@Suite struct ClientControlTests {
    private func urls(
        _ url: String = "rtsp://u:p@203.0.113.9:8554/live",
        track: String?,
        session: String? = "*",
        _ headers: RTSPHeaders = [:]
    ) throws -> [ControlURLs] {
        ControlURLs.candidates(url: try RTSPURL(url), track: track, session: session, headers: headers)
    }

    @Test(
        "a relative control stands behind the base, on the host that we are connected to",
        arguments: [
            ("right", "rtsp://203.0.113.9:8554/live/", "rtsp://203.0.113.9:8554/live/track1"),
            ("slash missing", "rtsp://203.0.113.9:8554/live", "rtsp://203.0.113.9:8554/live/track1"),
            ("private address behind a NAT", "rtsp://192.168.1.10/live/", "rtsp://203.0.113.9:8554/live/track1"),
            ("another path", "rtsp://192.168.1.10/h264/ch1/", "rtsp://203.0.113.9:8554/h264/ch1/track1"),
            ("account in it", "rtsp://admin:pw@192.168.1.10/live/", "rtsp://203.0.113.9:8554/live/track1"),
            ("scheme twice", "rtsp://rtsp://camera.lan:554/live/", "rtsp://203.0.113.9:8554/live/track1"),
            ("no scheme", "192.168.1.10:1935/live/", "rtsp://203.0.113.9:8554/live/track1"),
            ("IPv6 without brackets", "rtsp://::ffff:192.168.1.10/live/", "rtsp://203.0.113.9:8554/live/track1"),
            ("path only", "/live/", "rtsp://203.0.113.9:8554/live/track1"),
            ("host only", "rtsp://192.168.1.10", "rtsp://203.0.113.9:8554/track1"),
            ("other scheme", "http://192.168.1.10/live/", "rtsp://203.0.113.9:8554/live/track1"),
            ("nothing useful", "live", "rtsp://203.0.113.9:8554/live/track1"),
            ("quoted", "\"rtsp://192.168.1.10/live/\"", "rtsp://203.0.113.9:8554/live/track1"),
            ("query", "rtsp://10.0.0.2/cam?channel=1", "rtsp://203.0.113.9:8554/cam?channel=1/track1"),
        ]
    )
    func base(what: String, base: String, track: String) throws {
        #expect(try urls(track: "track1", ["Content-Base": base]).first?.track == track)
        #expect(try urls(track: "track1", ["Content-Location": base]).first?.track == track)
    }

    @Test("what the server wrote itself is tried next, without the account in it; then the address that was described")
    func fallbacks() throws {
        let found = try urls(track: "track1", ["Content-Base": "rtsp://admin:pw@192.168.1.10/h264/"])
        #expect(
            found == [
                ControlURLs(track: "rtsp://203.0.113.9:8554/h264/track1", aggregate: "rtsp://203.0.113.9:8554/h264/"),
                ControlURLs(track: "rtsp://192.168.1.10/h264/track1", aggregate: "rtsp://192.168.1.10/h264/"),
                ControlURLs(track: "rtsp://203.0.113.9:8554/live/track1", aggregate: "rtsp://203.0.113.9:8554/live"),
            ]
        )
    }

    @Test("behind a query the control is tried at the end first, then in front of it")
    func query() throws {
        let found = try urls("rtsp://h/cam/realmonitor?channel=1&subtype=1", track: "trackID=0")
        #expect(
            found.map(\.track) == [
                "rtsp://h/cam/realmonitor?channel=1&subtype=1/trackID=0",
                "rtsp://h/cam/realmonitor/trackID=0?channel=1&subtype=1",
            ]
        )
        #expect(try urls("rtsp://h/cam", track: "?ctype=video").first?.track == "rtsp://h/cam?ctype=video")
    }

    @Test("an absolute control of another host is asked for on ours; Content-Base does not matter")
    func absolute() throws {
        let found = try urls(
            track: "rtsp://admin:pw@10.0.0.2/media/trackID=v",
            session: "RTSP://10.0.0.2/media",
            ["Content-Base": "rtsp://10.0.0.3/other/"]
        )
        #expect(
            found == [
                ControlURLs(
                    track: "rtsp://203.0.113.9:8554/media/trackID=v",
                    aggregate: "rtsp://203.0.113.9:8554/media"
                ),
                ControlURLs(track: "rtsp://10.0.0.2/media/trackID=v", aggregate: "RTSP://10.0.0.2/media"),
            ]
        )
    }

    @Test("without a control, or with *, the stream itself is set up", arguments: [nil, "*", ""])
    func none(control: String?) throws {
        let base: RTSPHeaders = ["Content-Base": "rtsp://203.0.113.9:8554/live/"]
        #expect(
            try urls(track: control, base).map(\.track) == [
                "rtsp://203.0.113.9:8554/live/", "rtsp://203.0.113.9:8554/live",
            ]
        )
    }

    @Test("a blank cannot cut the request line, and what is too long is not tried")
    func hostile() throws {
        #expect(try urls(track: "track 1").first?.track == "rtsp://203.0.113.9:8554/live/track%201")
        #expect(try urls(track: String(repeating: "a", count: 3000)) == [])
        #expect(try urls(track: "/video").first?.track == "rtsp://203.0.113.9:8554/video")
    }
}

import Flow
import RTSP
import Testing

@Suite struct ClientURLTests {
    @Test("an address is taken apart: account decoded, the rest byte for byte")
    func parts() throws {
        let url = try RTSPURL("rtsp://us%65r:p%40ss%3A%2f@[::1]:8554/path%20a/?x=1&y=%41")
        #expect(url.host == "::1")
        #expect(url.port == 8554)
        #expect(!url.isSecure)
        #expect(url.user == "user")
        #expect(url.password == "p@ss:/")
        #expect(url.requestURI == "rtsp://[::1]:8554/path%20a/?x=1&y=%41")
    }

    @Test(
        "ports, schemes and accounts that are left out have their usual values",
        arguments: [
            ("rtsp://camera", "camera", 554, false, nil, nil, "rtsp://camera"),
            ("RTSPS://Camera/a", "Camera", 322, true, nil, nil, "rtsps://Camera/a"),
            ("rtsp://camera:/a", "camera", 554, false, nil, nil, "rtsp://camera:/a"),
            ("rtsp://root@192.0.2.7:65535?a=b", "192.0.2.7", 65535, false, "root", nil, "rtsp://192.0.2.7:65535?a=b"),
            ("rtsp://root:@h/x@y", "h", 554, false, "root", "", "rtsp://h/x@y"),
            ("rtsp://a@b:c@d@h/", "h", 554, false, "a@b", "c@d", "rtsp://h/"),
            ("rtsp://用户:密码@h/河", "h", 554, false, "用户", "密码", "rtsp://h/河"),
        ] as [(String, String, UInt16, Bool, String?, String?, String)]
    )
    func defaults(
        text: String,
        host: String,
        port: UInt16,
        isSecure: Bool,
        user: String?,
        password: String?,
        uri: String
    ) throws {
        let url = try RTSPURL(text)
        #expect(url.host == host)
        #expect(url.port == port)
        #expect(url.isSecure == isSecure)
        #expect(url.user == user)
        #expect(url.password == password)
        #expect(url.requestURI == uri)
    }

    @Test(
        "what is no address is refused, and the refusal does not repeat what may be a password",
        arguments: [
            "", "camera/live", "http://u:hunter2@h/", "rtsp://", "rtsp://u:hunter2@/x", "rtsp://u:hun/ter2@h/x",
            "rtsp://u:hunter2#@h/", "rtsp://u:hunter2%@h/", "rtsp://u:hunter2%0a@h/", "rtsp://u:hunter2%ff@h/",
            "rtsp://h:0/", "rtsp://h:65536/", "rtsp://h:+5/", "rtsp://::1/", "rtsp://[::1/", "rtsp://[::1]8554/",
            "rtsp://h/a b", "rtsp://h/a\r\nSession: x", "rtsp://h/" + String(repeating: "a", count: 2048),
        ]
    )
    func refused(text: String) {
        let error = #expect(throws: RTSPError.self) { try RTSPURL(text) }
        #expect(error?.message.contains("hunter2") == false)
        #expect(error?.message.contains("ter2") == false)
    }

    @Test("an address of exactly the limit is taken")
    func longest() throws {
        let text = "rtsp://h/" + String(repeating: "a", count: RTSPURL.longest - 9)
        #expect(try RTSPURL(text).requestURI == text)
    }

    @Test(
        "no description shows an account or a secret of path or query",
        arguments: [
            ("rtsp://admin:hunter2@h:8554/a?b=1", "rtsp://h:8554/a?b=1"),
            ("rtsp://h/live?user=admin&password=hunter2&channel=1", "rtsp://h/live?user=admin&password=…&channel=1"),
            ("rtsp://h/user=admin_password=hunter2_channel=1_stream=0.sdp", "rtsp://h/user=admin_password=…"),
            ("rtsp://h/live?callId=7&access_TOKEN=hunter2", "rtsp://h/live?callId=7&access_TOKEN=…"),
        ]
    )
    func secrets(text: String, shown: String) throws {
        let url = try RTSPURL(text)
        #expect(url.description == shown)
        var dumped = ""
        dump(url, to: &dumped)
        #expect(!dumped.contains("hunter2"))
        let session = ClientSession(url: url, options: .init(), clientNonce: "n", now: .zero)
        #expect(!"\(url) \(session.isPlaying)".contains("hunter2"))
        #expect(!String(reflecting: url).contains("hunter2"))
    }

    @Test("a redirect takes the account along to the same host and port only")
    func redirect() throws {
        let url = try RTSPURL("rtsp://u:p@Camera/a")
        #expect(try url.redirected(to: "rtsp://camera:554/b").user == "u")
        #expect(try url.redirected(to: "rtsp://camera:8554/b").user == nil)
        #expect(try url.redirected(to: "rtsps://camera/b").password == nil)
        #expect(try url.redirected(to: "rtsps://camera:554/b").password == "p")
        #expect(try url.redirected(to: "/b").requestURI == "rtsp://Camera/b")
        let elsewhere = try url.redirected(to: "rtsp://x:y@other/b")
        #expect(elsewhere.user == nil)
        #expect(elsewhere.password == nil)
        #expect(elsewhere.requestURI == "rtsp://other/b")
        #expect(throws: RTSPError.self) { try url.redirected(to: "http://camera/b") }
        let secure = try RTSPURL("rtsps://u:p@camera/a")
        #expect(throws: RTSPError.self) { try secure.redirected(to: "rtsp://camera/a") }
    }
}

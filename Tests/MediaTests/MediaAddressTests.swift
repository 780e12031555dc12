import Testing

@testable import Media

@Suite struct MediaAddressTests {
    @Test("an address comes apart into what its reader must know")
    func parts() throws {
        let address = try #require(MediaAddress("HTTP://u:p%40@Camera:8080/live?x=a@b"))
        #expect(address.scheme == "http" && address.account == "u:p%40" && address.host == "camera")
        #expect(address.port == "8080" && address.rest == "/live?x=a@b")
        #expect(address.text == "http://u:p%40@camera:8080/live?x=a@b")
        let six = try #require(MediaAddress("rtsp://[fe80::1]/x"))
        #expect(six.host == "[fe80::1]" && six.port == "554" && six.text == "rtsp://[fe80::1]/x")
        #expect(MediaAddress("crypto+https://h/k")?.host == "h")
        #expect(MediaAddress("/tmp/x.ts") == nil && MediaAddress("x") == nil)
    }

    @Test(
        "an account goes along to the same host and port, and nowhere else",
        arguments: [
            ("/b", true), ("b.ts", true), ("http://camera/b", true), ("http://CAMERA:80/b", true),
            ("http://camera:81/b", false), ("https://camera/b", false), ("http://other/b", false), ("//other/b", false),
            ("http://camera.evil/b", false), ("http://camera@evil/b", false),
        ]
    )
    func accounts(location: String, keeps: Bool) throws {
        let address = try #require(MediaAddress("http://u:p@camera/a/list.m3u8"))
        let target = try #require(address.redirected(to: location))
        #expect((target.account == "u:p") == keeps, "\(target)")
        #expect(!target.text.contains("u:p") || keeps)
    }

    @Test(
        "other kinds of addresses, and plain text after TLS, are not followed",
        arguments: ["file:///etc/passwd", "rtmp://x/y", "concat:a|b", "gopher://x", "http://", "http://h/\u{1}x", ""]
    )
    func refused(location: String) throws {
        #expect(try #require(MediaAddress("http://camera/a")).redirected(to: location) == nil)
    }

    @Test("TLS is not left again")
    func plainText() throws {
        let secure = try #require(MediaAddress("https://u:p@camera/a"))
        #expect(secure.redirected(to: "http://camera/a") == nil)
        #expect(secure.redirected(to: "https://camera/b")?.account == "u:p")
        #expect(try #require(MediaAddress("rtsps://camera/a")).redirected(to: "rtsp://camera/a") == nil)
    }

    @Test("the place that an answer names is found, whatever stands around it")
    func location() {
        let head = "HTTP/1.1 302 Found\r\nServer: x\r\nLOCATION:  http://a/b \r\n\r\nLocation: no"
        #expect(HTTPRedirect.location(inHead: head)?.hasPrefix("http://a/b") == true)
        #expect(HTTPRedirect.location(inHead: "HTTP/1.1 200 OK\r\nLocation: x\r\n\r\n") == nil)
        #expect(HTTPRedirect.location(inHead: "HTTP/1.1 302 Found\r\n\r\nLocation: x") == nil)
        #expect(HTTPRedirect.location(inHead: "") == nil)
    }
}

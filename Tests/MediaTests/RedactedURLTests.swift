import Media
import Testing

@Suite struct RedactedURLTests {
    @Test(
        "user, password and secret query values are hidden, the rest stays",
        arguments: [
            ("rtsp://admin:hunter2@10.0.0.1:554/Streaming/101", "rtsp://***@10.0.0.1:554/Streaming/101"),
            ("rtsp://admin@10.0.0.1/a", "rtsp://***@10.0.0.1/a"),
            ("rtsp://admin:p@ss@10.0.0.1/a", "rtsp://***@10.0.0.1/a"),
            ("rtsp://admin:p/s@10.0.0.1/a", "rtsp://***@10.0.0.1/a"),
            ("rtsp://10.0.0.1/cam@1", "rtsp://10.0.0.1/cam@1"),
            ("http://h/live.flv?id=7&token=abc&Sign=x", "http://h/live.flv?id=7&token=***&Sign=***"),
            ("http://h?password=abc", "http://h?password=***"),
            ("http://h/s.cgi?loginuse=a&loginpas=b&psw=c", "http://h/s.cgi?loginuse=a&loginpas=***&psw=***"),
            (
                "rtsp://h:554/user=admin_password=a_b_channel=1_stream=0.sdp",
                "rtsp://h:554/user=admin_password=***_channel=1_stream=0.sdp"
            ),
            ("rtsp://h/user=admin&password=a/b", "rtsp://h/user=admin&password=***/b"),
            ("rtsp://h/token=abc", "rtsp://h/token=***"),
            ("rtsp://h/channel=1_stream=0", "rtsp://h/channel=1_stream=0"),
            ("/var/clips/a@b.mp4", "/var/clips/a@b.mp4"),
            ("", ""),
        ]
    )
    func hidesSecrets(url: String, shown: String) {
        #expect(redacted(url: url) == shown)
    }
}

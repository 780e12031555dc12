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
            ("/var/clips/a@b.mp4", "/var/clips/a@b.mp4"),
            ("", ""),
        ]
    )
    func hidesSecrets(url: String, shown: String) {
        #expect(redacted(url: url) == shown)
    }
}

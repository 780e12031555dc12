import Detection
import Testing

@testable import Settings

@Suite struct SettingsParsingTests {
    private func parse(_ yaml: String, _ environment: [String: String] = [:]) throws(SettingsError) -> DaemonSettings {
        try DaemonSettings.parse(yaml, file: "g.yaml", environment: environment)
    }

    private func problems(_ yaml: String, _ environment: [String: String] = [:]) -> [String] {
        do throws(SettingsError) {
            _ = try parse(yaml, environment)
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    @Test(
        "nothing at all, comments, and empty sections give the defaults",
        arguments: ["", "# a\n", "web:\nlog:\n", "~"]
    )
    func defaults(yaml: String) throws {
        #expect(try parse(yaml) == DaemonSettings())
    }

    @Test("values of every kind are read")
    func values() throws {
        let settings = try parse(
            """
            database:
              url: host=db dbname=g password=secret
              pool_size: 3
              statement_timeout_s: 2.5
            web:
              listen: "[::1]:9090"
              public_url: https://grid.example.cn/
              metrics_open: true
            storage: {directory: /srv/g/, spool_max_mb: 64}
            ingest:
              decode: every_frame
              rtsp_transport: udp
              open_timeout_s: 3
            detection:
              dwell: 2
            delivery:
              interval_ms: 50
            log:
              level: debug
            """
        )
        #expect(settings.database.url.exposed == "host=db dbname=g password=secret")
        #expect(settings.database.poolSize == 3)
        #expect(settings.database.statementTimeout == 2.5)
        #expect(settings.web.listen == ListenAddress(host: "::1", port: 9090))
        #expect(settings.web.publicURL == "https://grid.example.cn")
        #expect(settings.web.metricsOpen)
        #expect(settings.storage.spoolDirectory == "/srv/g/spool")
        #expect(settings.storage.evidenceDirectory == "/srv/g/evidence")
        #expect(settings.storage.spoolMaxMB == 64)
        #expect(settings.ingest.decode == .everyFrame)
        #expect(settings.ingest.rtspTransport == .udp)
        #expect(settings.ingest.openTimeout == 3)
        #expect(settings.detection.values["dwell"] == 2)
        #expect(settings.delivery.interval == 0.05)
        #expect(settings.log.level == .debug)
        #expect(settings.workers == DaemonSettings().workers)
    }

    @Test(
        "what is wrong is told with file, line and column",
        arguments: [
            (
                "ingest:\n  io_thread: 3\n",
                "g.yaml:2:3: unknown key 'io_thread' in section 'ingest'; did you mean 'io_threads'?"
            ),
            ("ingets:\n  io_threads: 3\n", "g.yaml:1:1: unknown section 'ingets'; did you mean 'ingest'?"),
            (
                "web:\n  batch: 3\n",
                "g.yaml:2:3: unknown key 'batch' in section 'web'; it belongs to section 'delivery'"
            ),
            (
                "log:\n  colour: red\n",
                "g.yaml:2:3: unknown key 'colour' in section 'log'; known are level"
            ),
            (
                "ingest:\n  io_threads: many\n",
                "g.yaml:2:15: ingest.io_threads: 'many' needs a whole number; takes 1 to 1024 threads"
            ),
            (
                "ingest:\n  io_threads: 0\n",
                "g.yaml:2:15: ingest.io_threads: '0' is out of range; takes 1 to 1024 threads"
            ),
            (
                "ingest:\n  io_threads: 6.5\n",
                "g.yaml:2:15: ingest.io_threads: '6.5' needs a whole number; takes 1 to 1024 threads"
            ),
            (
                "ingest:\n  io_threads: \"64\"\n",
                "g.yaml:2:15: ingest.io_threads: '64' is a text in quotes; takes 1 to 1024 without quotes"
            ),
            (
                "delivery:\n  interval_ms: 5\n",
                "g.yaml:2:16: delivery.interval_ms: '5' is out of range; takes 10 to 60000 milliseconds"
            ),
            (
                "delivery:\n  interval_ms: nan\n",
                "g.yaml:2:16: delivery.interval_ms: 'nan' needs a number; takes 10 to 60000 milliseconds"
            ),
            (
                "web:\n  trusted_proxies: 10.0.0.0/8, proxy.local\n",
                "g.yaml:2:20: web.trusted_proxies: '10.0.0.0/8, proxy.local' has a part that is no address; takes "
                    + "addresses as 127.0.0.1, 10.0.0.0/8, ::1, or empty"
            ),
            (
                "web:\n  metrics_open: maybe\n",
                "g.yaml:2:17: web.metrics_open: 'maybe' needs true or false; takes true or false"
            ),
            (
                "web:\n  listen: 8080\n",
                "g.yaml:2:11: web.listen: '8080' is no address with a port; takes address:port"
            ),
            (
                "log:\n  level: loud\n",
                "g.yaml:2:10: log.level: 'loud' is not a choice; "
                    + "takes trace, debug, info, notice, warning, error, critical"
            ),
            (
                "storage:\n  directory: data\n",
                "g.yaml:2:14: storage.directory: 'data' is no absolute path; takes an absolute path"
            ),
            (
                "storage:\n  directory:\n",
                "g.yaml:2:13: storage.directory: is empty; takes an absolute path"
            ),
            ("web:\n  listen: [a, b]\n", "g.yaml:2:11: web.listen: needs one value, takes address:port"),
            ("web: 3\n", "g.yaml:1:6: section 'web' must hold settings, one 'key: value' a line"),
            (
                "- web\n",
                "g.yaml:1:1: the file must hold sections, each with settings: 'web:' and below it 'listen: …'"
            ),
            ("detection:\n  dwel: 2\n", "g.yaml:2:3: unknown key 'dwel' in section 'detection'; did you mean 'dwell'?"),
            (
                "ingest:\n  reconnect_base_s: 60\n  reconnect_cap_s: 30\n",
                "g.yaml:2:21: ingest.reconnect_base_s is 60 and ingest.reconnect_cap_s is 30: "
                    + "the first wait must not be the longer one; takes a base up to the cap"
            ),
        ]
    )
    func wrong(yaml: String, message: String) {
        #expect(problems(yaml) == [message])
    }

    @Test(
        "addresses of proxies are one, several with commas, a list, or none",
        arguments: [
            ("", "127.0.0.1, ::1"), ("  trusted_proxies: 127.0.0.1\n", "127.0.0.1"),
            ("  trusted_proxies: 127.0.0.1, ::1\n", "127.0.0.1, ::1"),
            ("  trusted_proxies: [10.0.0.0/8, \"::1\"]\n", "10.0.0.0/8, ::1"),
            ("  trusted_proxies:\n    - 10.0.0.1\n    - 10.0.0.2\n", "10.0.0.1, 10.0.0.2"),
            ("  trusted_proxies: \"\"\n", nil), ("  trusted_proxies: []\n", nil),
        ]
    )
    func proxies(yaml: String, kept: String?) throws {
        #expect(try parse("web:\n" + yaml).web.trustedProxies == kept)
    }

    @Test("all problems are told at once, in the order of the file")
    func allAtOnce() {
        let found = problems("web:\n  listn: x\n  metrics_open: 7\nstorage:\n  spool_max_mb: 1\nfoo: 1\n")
        #expect(
            found.map { String($0.prefix(12)) } == ["g.yaml:2:3: ", "g.yaml:3:17:", "g.yaml:5:17:", "g.yaml:6:1: "]
        )
    }

    @Test("a value that detection refuses is told with its place")
    func detectionRange() throws {
        let message = try #require(problems("detection:\n  dwell: -1\n").first)
        #expect(message.hasPrefix("g.yaml:2:10: detection.dwell: "))
    }

    @Test(
        "text that is no YAML is told with its place and without its content",
        arguments: [
            "web:\n  listen: \"abc\n", "web:\n\tlisten: a\n", "database:\n  url: 'secret-password\n", "a: b: c\n",
        ]
    )
    func noYAML(yaml: String) throws {
        let error = try #require(throws: SettingsError.self) { try parse(yaml) }
        #expect(error.code == .malformed)
        #expect(error.description.contains("g.yaml:"))
        #expect(!error.description.contains("secret-password"))
    }

    @Test("a key that is given twice is refused")
    func twice() throws {
        let message = try #require(problems("web:\n  listen: 127.0.0.1:1\n  listen: 127.0.0.1:2\n").first)
        #expect(message.contains("'listen' is given twice"))
    }

    @Test("the environment overrides the file and is checked like it")
    func environment() throws {
        let settings = try parse(
            "ingest:\n  io_threads: 3\n",
            ["GRIDWATCH_INGEST_IO_THREADS": "5", "GRIDWATCH_WEB_METRICS_OPEN": "true", "HOME": "/root"]
        )
        #expect(settings.ingest.ioThreads == 5)
        #expect(settings.web.metricsOpen)
        #expect(
            problems("", ["GRIDWATCH_INGEST_IO_THREADS": "x"]) == [
                "environment variable GRIDWATCH_INGEST_IO_THREADS: "
                    + "ingest.io_threads: 'x' needs a whole number; takes 1 to 1024 threads"
            ]
        )
    }

    @Test("an environment variable with a slip in its name is refused, one of another tool is left alone")
    func unknownVariable() {
        #expect(
            problems("", ["GRIDWATCH_INGEST_IO_THREAD": "5"]) == [
                "environment variable GRIDWATCH_INGEST_IO_THREAD: "
                    + "no setting has this name; did you mean GRIDWATCH_INGEST_IO_THREADS?"
            ]
        )
        #expect(problems("", ["GRIDWATCH_INGETS_IO_THREADS": "5"]).count == 1)
        #expect(problems("", ["GRIDWATCH_TEST_DATABASE": "x", "GRIDWATCH_SIMULATE_PASSWORD": "y"]).isEmpty)
    }

    @Test(
        "listening addresses",
        arguments: [
            ("127.0.0.1:80", "127.0.0.1", 80), ("[::1]:8080", "::1", 8080), ("localhost:0", "localhost", 0),
        ]
    )
    func address(text: String, host: String, port: Int) {
        #expect(ListenAddress(text) == ListenAddress(host: host, port: port))
        #expect(ListenAddress(text)?.description == text)
    }

    @Test(
        "texts that are no listening address",
        arguments: ["", "8080", ":8080", "a:", "a:x", "a:70000", "::1:80", "a b:1", "a:-1", "http://a:1"]
    )
    func noAddress(text: String) {
        #expect(ListenAddress(text) == nil)
    }
}

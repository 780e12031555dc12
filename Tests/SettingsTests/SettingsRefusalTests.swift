import Foundation
import Testing

@testable import Settings

/// Values that people write by mistake: each is refused with its place, its key, and what is taken instead.
@Suite struct SettingsRefusalTests {
    /// The problems of a file's bytes, as a person reads them.
    private func problems(_ bytes: [UInt8], _ environment: [String: String] = [:]) throws -> [String] {
        let path = NSTemporaryDirectory() + "gridwatch-refusal-\(UUID().uuidString).yaml"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        do throws(SettingsError) {
            _ = try DaemonSettings.load(file: path, environment: environment)
            return []
        } catch {
            return error.problems.map { $0.description.replacing(path, with: "g.yaml") }
        }
    }

    private func problems(_ text: String, _ environment: [String: String] = [:]) throws -> [String] {
        try problems(Array(text.utf8), environment)
    }

    static let values: [(value: String, why: String)] = [
        ("-1", "'-1' is out of range"), ("0", "'0' is out of range"), ("1025", "'1025' is out of range"),
        ("99999999999999999999", "'99999999999999999999' is out of range"), ("nan", "'nan' needs a whole number"),
        (".nan", "'.nan' needs a whole number"), (".inf", "'.inf' needs a whole number"),
        ("10s", "'10s' needs a whole number without a unit"),
        ("10 threads", "'10 threads' needs a whole number without a unit"),
        ("50%", "'50%' needs a whole number without a unit"),
        ("1,000", "'1,000' needs a whole number without separators"),
        ("1_000", "'1_000' needs a whole number without separators"),
        ("６４", "'６４' needs a whole number in plain digits"), ("0x10", "'0x10' needs a whole number without a unit"),
        ("", "is empty"), ("~", "is empty"), ("true", "'true' needs a whole number"),
        (String(repeating: "9", count: 200), "'\(String(repeating: "9", count: 60))…' is out of range"),
    ]

    @Test("whole numbers", arguments: values)
    func whole(value: String, why: String) throws {
        #expect(
            try problems("ingest:\n  io_threads: \(value)\n").map { $0.replacing(/:2:\d+:/, with: ":2:") }
                == ["g.yaml:2: ingest.io_threads: \(why); takes 1 to 1024 threads"]
        )
    }

    @Test(
        "numbers",
        arguments: [
            ("-3", "'-3' is out of range"), ("nan", "'nan' needs a number"), ("inf", "'inf' needs a number"),
            ("1e400", "'1e400' is out of range"), ("0x10", "'0x10' needs a number without a unit"),
            ("10s", "'10s' needs a number without a unit"), ("5 min", "'5 min' needs a number without a unit"),
            ("", "is empty"), ("3,5", "'3,5' needs a number without separators"),
        ]
    )
    func number(value: String, why: String) throws {
        for (section, key, takes) in [
            ("ingest", "open_timeout_s", "1 to 120 seconds"), ("detection", "dwell", "0 to 3600 seconds"),
        ] {
            #expect(
                try problems("\(section):\n  \(key): \(value)\n").map { $0.replacing(/:2:\d+:/, with: ":2:") }
                    == ["g.yaml:2: \(section).\(key): \(why); takes \(takes)"]
            )
        }
    }

    @Test("every setting says what it takes when it gets nonsense, and from the environment, too")
    func everySetting() throws {
        // What is nonsense for a path is fine for a connection string or a file, so each takes its own.
        for setting in SettingsTable.settings {
            let nonsense = "\u{1}§ \n"
            let found = try problems("", [setting.variable: nonsense])
            let told = try #require(
                found.first { $0.hasPrefix("environment variable \(setting.variable): ") },
                "\(setting.name)"
            )
            #expect(told.contains("\(setting.name): ") && told.contains("takes "), "\(told)")
            #expect(!told.contains("\n") && !told.contains("\u{1}"), "\(told)")
        }
    }

    @Test(
        "what contradicts itself, is unknown or given twice is told with the line of what to change",
        arguments: [
            (
                "delivery:\n  retry_cap_s: 2\n  retry_base_s: 5\n",
                "g.yaml:3:17: delivery.retry_base_s is 5 and delivery.retry_cap_s is 2: the first wait must not be the longer "
                    + "one; takes a base up to the cap"
            ),
            (
                "ingest:\n  reconnect_cap_s: 1\n  reconnect_base_s: 1.5\n",
                "g.yaml:3:21: ingest.reconnect_base_s is 1.5 and ingest.reconnect_cap_s is 1: the first wait must not be the "
                    + "longer one; takes a base up to the cap"
            ),
            (
                "database:\n  url: host=a\n  url_file: /nowhere/u\n",
                "g.yaml:3:13: database.url and database.url_file are both given: leave one out"
            ),
            (
                "storage:\n  labels: /srv/labels\n",
                "g.yaml:2:11: storage.labels is given without storage.clips: name the folder of the clips, too"
            ),
            (
                "web:\n  port: 8080\n",
                "g.yaml:2:3: unknown key 'port' in section 'web'; known are listen, public_url, "
                    + "trusted_proxies, session_idle_minutes, session_days, metrics_open"
            ),
            (
                "log:\n  level: info\n  level: debug\n",
                "g.yaml:3:1: 'level' is given twice, first on line 2: leave one out"
            ),
            (
                "log:\n  level: info\nweb:\n  listen: 127.0.0.1:1\nlog:\n  level: debug\n",
                "g.yaml:5:1: 'log' is given twice, first on line 1: leave one out"
            ),
        ]
    )
    func structure(yaml: String, message: String) throws {
        #expect(try problems(yaml) == [message])
    }

    @Test(
        "what is no YAML for a reason that can be named is told with that reason and its line",
        arguments: [
            ("web:\n\tlisten: 127.0.0.1:1\n", "g.yaml:2:1: this is not YAML: indent with blanks, not with tabs"),
            (
                "web:\n  listen：127.0.0.1:1\nlog:\n",
                "g.yaml:2:3: section 'web' must hold settings, one 'key: value' a line: write ':' and a blank instead of the "
                    + "full-width '：'"
            ),
            (
                "web:\n  listen：127.0.0.1:1\n  metrics_open: true\n",
                "g.yaml:2:1: this is not YAML: write ':' and a blank instead of the full-width '：'"
            ),
            ("ingest:\n  io_threads:64\n  turn_s: 3\n", "g.yaml:2:1: this is not YAML: put a blank behind the colon"),
            (
                "web:\n　listen: a\n  metrics_open: true\n",
                "g.yaml:2:1: this is not YAML: write plain blanks instead of full-width ones"
            ),
        ]
    )
    func noYAML(yaml: String, message: String) throws {
        #expect(try problems(yaml) == [message])
    }

    @Test("files of Windows: a byte order mark and its line ends are taken")
    func windows() throws {
        #expect(try problems([0xef, 0xbb, 0xbf] + Array("log:\r\n  level: error\r\n".utf8)) == [])
        #expect(
            try problems([0xef, 0xbb, 0xbf] + Array("log:\r\n  level: loud\r\n".utf8)).first?
                .hasPrefix("g.yaml:2:10: log.level: 'loud'") == true
        )
        #expect(try problems(Array("log:\n  # 日志\n  level: error\n".utf8)) == [])
    }

    @Test("a file in another encoding is told with the line, and as what to save it")
    func encodings() throws {
        // 网格 in GB18030.
        let chinese: [UInt8] = [0xcd, 0xf8, 0xb8, 0xf1]
        let start = Array("# settings\nlog:\n  level: info # ".utf8)
        #expect(
            try problems(start + chinese + [0x0a]) == [
                "g.yaml:3:1: this line is not UTF-8; it looks like GB18030, the encoding of Chinese Windows: save the file "
                    + "as UTF-8"
            ]
        )
        #expect(
            try problems(start + [0xff, 0x0a]) == ["g.yaml:3:1: this line is not UTF-8: save the file as UTF-8"]
        )
        let wide: [UInt8] = "log:\n".utf8.flatMap { byte -> [UInt8] in [byte, 0] }
        let message = "g.yaml: the file is saved as UTF-16 ('Unicode' in Windows): save it as UTF-8"
        #expect(try problems([0xff, 0xfe] + wide) == [message])
        #expect(try problems(wide).first?.contains("UTF-16") == true)
    }

    @Test(
        "a connection string that libpq would refuse is refused at the start, without the password",
        arguments: [
            ("host=db hots=b", "has an option that PostgreSQL does not know; did you mean 'host'?"),
            ("host=db pasword=hush", "has an option that PostgreSQL does not know; did you mean 'password'?"),
            ("host=db password=my hush=1", "has an option that PostgreSQL does not know; known are host, port"),
            ("host=db password='hush", "is no connection string; takes host=… dbname=… or postgresql://…"),
            ("postgresql://u:hush%zz@db/g", "is no connection string; takes host=… dbname=… or postgresql://…"),
            ("host=db port=none", "port 'none' is no port; takes 1 to 65535"),
            ("host=db port=70000", "port '70000' is no port; takes 1 to 65535"),
            ("host=a,b,c port=1,2", "has 2 ports for 3 hosts; takes one port for all, or one for each host"),
            (
                "host=a,b target_session_attrs=rw",
                "target_session_attrs 'rw' is not a choice; takes any, read-write, primary"
            ),
            (
                "postgresql://a,b/g?target_session_attrs=standby",
                "target_session_attrs 'standby' looks for a server without writes; takes any, read-write, primary"
            ),
            ("host=db sslmode=on", "sslmode 'on' is not a choice; takes disable, allow, prefer, require"),
            ("host=db connect_timeout=5s", "connect_timeout '5s' is no such number; takes 0 to 3600 seconds"),
            ("host=db connect_timeout=-1", "connect_timeout '-1' is no such number; takes 0 to 3600 seconds"),
        ]
    )
    func connection(text: String, message: String) throws {
        let found = try problems("database:\n  url: \"\(text)\"\n")
        #expect(found.count == 1 && found[0].hasPrefix("g.yaml:2:8: database.url: \(message)"), "\(found)")
        #expect(!found.joined().contains("hush"))
    }

    @Test("what libpq takes from the environment is checked like the string, and gives way to it")
    func libpqEnvironment() throws {
        let place = "environment variable PGPORT: database.url: "
        #expect(try problems("", ["PGPORT": "none"]).first?.hasPrefix(place + "port 'none' is no port") == true)
        #expect(try problems("database:\n  url: host=db port=5432\n", ["PGPORT": "none"]) == [])
        let standby = try problems("", ["PGTARGETSESSIONATTRS": "standby"])
        #expect(
            standby.first?.hasPrefix("environment variable PGTARGETSESSIONATTRS: database.url: target_session") == true
        )
        #expect(
            try problems("", ["PGSSLMODE": "maybe"]).first?.contains("PGSSLMODE: database.url: sslmode 'maybe'") == true
        )
        let several = ["GRIDWATCH_DATABASE_URL": "port=1,2 dbname=g", "PGHOST": "a,b,c"]
        #expect(try problems("", several).first?.contains("has 2 ports for 3 hosts") == true)
        #expect(try problems("", ["PGHOST": "db", "PGUSER": "u", "PGPORT": "5433", "PGPASSWORD": "x"]) == [])
    }

    @Test("a setting of the file that the environment replaces is remembered with the variable")
    func overridden() throws {
        let environment = ["GRIDWATCH_INGEST_IO_THREADS": "5", "GRIDWATCH_LOG_LEVEL": "error"]
        let settings = try DaemonSettings.parse("ingest:\n  io_threads: 3\n", file: "g", environment: environment)
        #expect(settings.overridden == ["ingest.io_threads": "GRIDWATCH_INGEST_IO_THREADS"])
        let same = try DaemonSettings.parse("ingest:\n  io_threads: 5\n", file: "g", environment: environment)
        #expect(same.overridden.isEmpty)
    }
}

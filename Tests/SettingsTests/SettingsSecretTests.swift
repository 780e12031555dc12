import Foundation
import Testing

@testable import Settings

@Suite struct SettingsSecretTests {
    /// A file of its own; gone after the test.
    private final class SecretFile {
        let folder = NSTemporaryDirectory() + "/gridwatch-settings-" + UUID().uuidString

        init(_ name: String, _ text: String) throws {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/" + name))
        }

        deinit { try? FileManager.default.removeItem(atPath: folder) }
    }

    @Test(
        "passwords do not show",
        arguments: [
            ("host=db password=pw dbname=g", "host=db password=*** dbname=g"),
            ("host=db password = 'p w\\'x' dbname=g", "host=db password=*** dbname=g"),
            ("password=pw", "password=***"),
            ("PASSWORD=pw user=u", "PASSWORD=*** user=u"),
            ("host=db password='open", "***"),
            ("nonsense", "***"),
            ("postgresql://u:pw@db/g", "postgresql://u:***@db/g"),
            ("postgresql://u:p@w@db:5432/g?sslmode=require", "postgresql://u:***@db:5432/g?sslmode=require"),
            ("postgresql://db/g?user=u&password=pw", "postgresql://db/g?user=u&password=***"),
            ("postgresql://u@db/g", "postgresql://u@db/g"),
        ]
    )
    func redaction(text: String, shown: String) {
        #expect(Secret(text).description == shown)
    }

    @Test("neither description nor dump of the settings shows the password")
    func dumps() throws {
        let settings = try DaemonSettings.parse("database:\n  url: host=db password=hush\n", file: "g")
        var text = "\(settings) \(String(reflecting: settings))"
        dump(settings, to: &text)
        #expect(text.contains("host=db"))
        #expect(!text.contains("hush"))
    }

    @Test("a connection string that cannot be one is refused without being repeated")
    func refused() throws {
        let error = try #require(throws: SettingsError.self) {
            try DaemonSettings.parse("database:\n  url: hush\n", file: "g")
        }
        #expect(error.description.contains("database.url: is no connection string"))
        #expect(!error.description.contains("hush"))
    }

    @Test("the connection string comes from a file, or from a systemd credential")
    func files() throws {
        let file = try SecretFile("database-url", "host=secret password=x\nsecond line\n")
        let path = file.folder + "/database-url"
        let named = try DaemonSettings.parse("database:\n  url_file: \(path)\n", file: "g")
        #expect(named.database.url.exposed == "host=secret password=x")
        let environment = ["CREDENTIALS_DIRECTORY": file.folder]
        let credential = try DaemonSettings.parse("", file: "g", environment: environment)
        #expect(credential.database.url.exposed == "host=secret password=x")
        let yaml = "database:\n  url: host=own\n"
        let own = try DaemonSettings.parse(yaml, file: "g", environment: environment)
        #expect(own.database.url.exposed == "host=own")
        let none = try DaemonSettings.parse("", file: "g", environment: ["CREDENTIALS_DIRECTORY": "/nowhere"])
        #expect(none.database == DaemonSettings().database)
    }

    @Test("url and url_file together, and a url_file that is missing, are refused")
    func conflicts() throws {
        let file = try SecretFile("u", "host=a\n")
        let both = try #require(throws: SettingsError.self) {
            try DaemonSettings.parse("database:\n  url: host=b\n  url_file: \(file.folder)/u\n", file: "g")
        }
        #expect(both.description.contains("both given"))
        let missing = try #require(throws: SettingsError.self) {
            try DaemonSettings.parse("database:\n  url_file: /nowhere/u\n", file: "g")
        }
        #expect(missing.description.hasPrefix("/nowhere/u: database.url_file: the file cannot be read"))
    }

    @Test("a configuration file that is missing or not UTF-8 is told")
    func unreadable() throws {
        let missing = try #require(throws: SettingsError.self) {
            try DaemonSettings.load(file: "/nowhere/g.yaml", environment: [:])
        }
        #expect(missing.code == .unreadable)
        #expect(missing.description.hasPrefix("/nowhere/g.yaml: "))
        let file = try SecretFile("g.yaml", "")
        try Data([0x77, 0xff, 0xfe]).write(to: URL(fileURLWithPath: file.folder + "/g.yaml"))
        let broken = try #require(throws: SettingsError.self) {
            try DaemonSettings.load(file: file.folder + "/g.yaml", environment: [:])
        }
        #expect(broken.code == .malformed)
        try Data("log:\n  level: error\n".utf8).write(to: URL(fileURLWithPath: file.folder + "/g.yaml"))
        #expect(try DaemonSettings.load(file: file.folder + "/g.yaml", environment: [:]).log.level == .error)
        #expect(try DaemonSettings.load(file: nil, environment: [:]) == DaemonSettings())
    }
}

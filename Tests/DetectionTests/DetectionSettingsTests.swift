import Foundation
import Testing

@testable import Detection

@Suite struct DetectionSettingsTests {
    @Test("every stored value has a key, and every key can be set", arguments: DetectionSettings.keys)
    func everyKey(key: String) throws {
        var settings = DetectionSettings()
        let tunable = try #require(DetectionSettings.tunables.first { $0.key == key })
        #expect(tunable.range.contains(settings[keyPath: tunable.path]))
        try settings.set(key, "\(tunable.range.upperBound)")
        #expect(settings.values[key] == tunable.range.upperBound)
        #expect(settings != DetectionSettings())
        #expect(settings.version != DetectionSettings().version)
    }

    @Test("the table of keys is complete")
    func complete() {
        #expect(Mirror(reflecting: DetectionSettings()).children.count == DetectionSettings.keys.count)
        #expect(Set(DetectionSettings.keys).count == DetectionSettings.keys.count)
    }

    @Test("an unknown key is refused with the list of known ones")
    func unknownKey() throws {
        var settings = DetectionSettings()
        let error = #expect(throws: DetectionError.self) { try settings.set("min_shore", "1") }
        #expect(error?.code == .unknownSetting)
        #expect(error?.message.contains("min_share") == true)
        #expect(settings == DetectionSettings())
    }

    @Test(
        "a value that is no number or out of range is refused",
        arguments: ["", "abc", "0", "1.5", "nan", "inf", "-1"]
    )
    func badValue(text: String) throws {
        var settings = DetectionSettings()
        let error = #expect(throws: DetectionError.self) { try settings.set("min_share", text) }
        #expect(error?.code == .invalidSetting)
        #expect(error?.message.contains("min_share") == true)
    }

    @Test("the version follows the values only")
    func version() throws {
        var settings = DetectionSettings()
        let first = settings.version
        #expect(first.count == 8)
        try settings.set("hold", "3")
        try settings.set("hold", "1.5")
        #expect(settings.version == first)
    }

    @Test("reads some keys, keeps the other defaults, and writes all")
    func coding() throws {
        let some = try JSONDecoder().decode(DetectionSettings.self, from: Data(#"{"hold":4,"min_share":0.01}"#.utf8))
        #expect(some.hold == 4)
        #expect(some.minShare == 0.01)
        #expect(some.dwell == DetectionSettings().dwell)
        #expect(try JSONDecoder().decode(DetectionSettings.self, from: JSONEncoder().encode(some)) == some)
        #expect(throws: DetectionError.self) {
            try JSONDecoder().decode(DetectionSettings.self, from: Data(#"{"holt":4}"#.utf8))
        }
    }
}

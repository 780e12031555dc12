import Detection
import Foundation
import Testing

@testable import Settings

@Suite struct SettingsReferenceTests {
    private var exampleFile: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("deploy/gridwatch.example.yaml")
    }

    @Test("deploy/gridwatch.example.yaml is what the table of settings says (gridwatch config example > FILE)")
    func exampleIsCurrent() throws {
        #expect(try String(contentsOf: exampleFile, encoding: .utf8) == SettingsReference.exampleFile)
    }

    @Test("the example gives the defaults, as it is and with every setting uncommented")
    func exampleIsDefault() throws {
        let example = SettingsReference.exampleFile
        #expect(try DaemonSettings.parse(example, file: "example") == DaemonSettings())
        let lines = example.split(separator: "\n", omittingEmptySubsequences: false)
        let settings = lines.filter { $0.hasPrefix("  #") && !$0.hasPrefix("  # ") }
        #expect(settings.count == SettingsTable.settings.count)
        let uncommented = lines.map { settings.contains($0) ? "  " + $0.dropFirst(3) : String($0) }
        #expect(try DaemonSettings.parse(uncommented.joined(separator: "\n"), file: "example") == DaemonSettings())
    }

    @Test("every setting is in the example and in the reference, under its section, with its variable")
    func complete() {
        for setting in SettingsTable.settings {
            #expect(SettingsReference.exampleFile.contains(" \(setting.variable)\n  #\(setting.key): "))
            #expect(SettingsReference.markdown.contains("\n| `\(setting.key)` | "))
            #expect(SettingsTable.sections.contains { $0.name == setting.section })
            #expect(!setting.note.isEmpty, "\(setting.name) is not explained")
        }
        #expect(Set(SettingsTable.settings.map(\.name)).count == SettingsTable.settings.count)
        for key in DetectionSettings.keys { #expect(SettingsReference.markdown.contains("`\(key)`")) }
    }

    @Test("no line of the example is longer than 120 characters")
    func lineLength() {
        #expect(SettingsReference.exampleFile.split(separator: "\n").allSatisfy { $0.count <= 120 })
    }

    @Test("every setting can be set to what it shows and is kept where it is read")
    func roundTrip() throws {
        for setting in SettingsTable.settings where setting.key != "url" {
            var settings = DaemonSettings()
            try setting.set(setting.text(in: settings), in: &settings)
            #expect(settings == DaemonSettings(), "\(setting.name)")
        }
    }

    @Test("detection takes exactly what the documentation says", arguments: DetectionSettings.keys)
    func detectionRanges(key: String) throws {
        let note = try #require(DetectionNote.all.first { $0.key == key }, "add \(key) to DetectionNote.all")
        var settings = DetectionSettings()
        try settings.set(key, String(note.range.lowerBound))
        try settings.set(key, String(note.range.upperBound))
        #expect(throws: DetectionError.self) { try settings.set(key, String(note.range.lowerBound.nextDown)) }
        #expect(throws: DetectionError.self) { try settings.set(key, String(note.range.upperBound.nextUp)) }
        #expect(DetectionNote.all.count == DetectionSettings.keys.count)
    }
}

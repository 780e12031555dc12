import Flow
import Foundation
import Media
import TestSupport
import Testing

/// Real footage beside the package; not part of it, so the suite is skipped where it is missing.
@Suite(.ownThread) struct FootageTests {
    private static let folder = "../shared/footage/clips"
    private static let clips = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()

    @Test("every clip opens, starts at zero and gives a picture", .enabled(if: !clips.isEmpty), arguments: clips)
    func opens(name: String) throws {
        let demuxer = try Demuxer(url: Self.folder + "/" + name)
        let decoder = try StreamDecoder(format: demuxer.format)
        var times: [Double] = []
        while times.count < 10, let unit = try demuxer.next() {
            decoder.decode(unit) { times.append($0.time.seconds) }
        }
        #expect(times.first == 0)
        #expect(times.count >= 10)
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
        #expect(demuxer.droppedUnits == 0)
        #expect(decoder.damagedUnits == 0)
    }
}

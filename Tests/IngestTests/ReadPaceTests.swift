import Testing

@testable import Ingest

/// A camera that sends pictures over a socket whose buffer is all that waits between two reads.
private struct Sender {
    static let capacity = 256 << 10

    var pace = ReadPace(shortest: 0.02, longest: 0.5, capacity: Sender.capacity)
    var buffered = 0
    var dropped = 0
    var reads = 0
    private var now = 0.0
    private var readAt = 0.0
    private var lastRead = 0.0

    /// Sends for so many seconds: 25 pictures a second, every 50th eight times as big as the others, each in eight parts.
    ///
    /// The camera keeps 256 KB of what the socket does not take.
    mutating func run(seconds: Double, mbit: Double, from start: Double = 0) {
        let small = mbit * 1e6 / 8 / 25 * 50 / 57
        let first = Int(start * 25)
        for picture in first..<first + Int(seconds * 25) {
            let size = Int(picture % 50 == 0 ? small : small / 8)
            for part in 0..<8 {
                now = Double(picture) / 25 + Double(part) * 0.005
                while readAt <= now { read(readAt) }
                if buffered + size > Self.capacity + (256 << 10) { dropped += 1 } else { buffered += size }
            }
        }
    }

    private mutating func read(_ at: Double) {
        reads += 1
        let bytes = buffered
        buffered = 0
        pace.found(bytes, after: at - lastRead, now: at)
        lastRead = at
        pace.due(after: bytes, now: at)
        readAt = at + pace.interval
    }
}

@Suite struct ReadPaceTests {
    @Test("a sub-stream is read once in the interval, whatever it costs to find that out: a few reads")
    func small() {
        var sender = Sender()
        sender.run(seconds: 60, mbit: 0.512)
        #expect(!sender.pace.isHurried && sender.dropped == 0)
        #expect(sender.reads < 60 * 2 + 10)
    }

    @Test("a main stream is read so often that nothing is lost", arguments: [2.0, 4, 8, 16, 25])
    func large(mbit: Double) {
        var sender = Sender()
        sender.run(seconds: 60, mbit: mbit)
        #expect(sender.dropped == 0)
        #expect(sender.pace.isHurried)
    }

    @Test("a loop that is late does not read sub-streams more often: that would only make it later")
    func late() {
        var pace = ReadPace(shortest: 0.02, longest: 0.5, capacity: Sender.capacity)
        for read in 1...20 { pace.due(after: 1000, now: Double(read)) }
        #expect(!pace.isHurried)
        // 512 kb/s, looked at every three seconds.
        for read in 1...20 {
            pace.found(192_000, after: 3, now: 20 + 3 * Double(read))
            #expect(!pace.isHurried)
        }
        // Nor one whose turn takes a little longer than it should.
        pace.found(90_000, after: 0.7, now: 85)
        #expect(!pace.isHurried)
        // 4 Mbit/s needs its time, however late the loop is.
        pace.found(250_000, after: 0.5, now: 90)
        #expect(pace.interval == 0.02)
    }

    @Test("a stream that grows is followed at once, one that shrinks after ten seconds")
    func changes() {
        var sender = Sender()
        sender.run(seconds: 20, mbit: 0.5)
        #expect(!sender.pace.isHurried)
        sender.run(seconds: 20, mbit: 12, from: 20)
        #expect(sender.pace.interval <= 0.04)
        #expect(sender.dropped < 8, "at most one picture, before the first read that finds it")
        sender.run(seconds: 7, mbit: 0.5, from: 40)
        #expect(sender.pace.isHurried)
        sender.run(seconds: 8, mbit: 0.5, from: 47)
        #expect(!sender.pace.isHurried)
    }
}

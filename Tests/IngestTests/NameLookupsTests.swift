import Foundation
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Ingest

/// A name server that is gone must not hold up cameras that have addresses, nor names that are known.
@Suite struct NameLookupsTests {
    /// A resolver that answers when it is told to.
    private final class Slow: Sendable {
        let asked = Mutex<[String]>([])
        let mayAnswer = DispatchSemaphore(value: 0)

        func look(_ name: String) -> [String] {
            asked.withLock { $0.append(name) }
            if name.hasPrefix("gone") { mayAnswer.wait() }
            return name.hasPrefix("gone") ? [] : ["192.0.2.7", "2001:db8::7"]
        }
    }

    @Test("names that are not answered leave room for others, and are asked once however many wait")
    func beside() async throws {
        let slow = Slow()
        let lookups = NameLookups(threads: 4) { slow.look($0) }
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let waiting = (0..<3).flatMap { name in
            (0..<10).map { _ in lookups.addresses(of: "gone-\(name)", on: loop) }
        }
        #expect(try await lookups.addresses(of: "known", on: loop).get() == ["192.0.2.7", "2001:db8::7"])
        for _ in 0..<3 { slow.mayAnswer.signal() }
        for future in waiting {
            await #expect(throws: NameLookups.UnknownName.self) { try await future.get() }
        }
        #expect(slow.asked.withLock { Set($0).count == 4 && $0.count == 4 })
        slow.mayAnswer.signal()
        await #expect(throws: NameLookups.UnknownName.self) {
            try await lookups.addresses(of: "gone-0", on: loop).get()
        }
    }

    @Test("a connection gets the addresses of both kinds, each for its own question")
    func kinds() async throws {
        let lookups = NameLookups(threads: 1) { _ in ["192.0.2.7", "2001:db8::7", "192.0.2.8"] }
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let resolver = FleetResolver(lookups: lookups, eventLoop: loop)
        let four = try await resolver.initiateAQuery(host: "cam", port: 554).get()
        let six = try await resolver.initiateAAAAQuery(host: "cam", port: 554).get()
        #expect(four.map(\.ipAddress) == ["192.0.2.7", "192.0.2.8"] && four.first?.port == 554)
        #expect(six.map(\.ipAddress) == ["2001:db8::7"])
    }

    @Test("what is an address already is never asked for")
    func literals() {
        #expect(NameLookups.literal("192.0.2.7", port: 554)?.ipAddress == "192.0.2.7")
        #expect(NameLookups.literal("2001:db8::7", port: 554)?.port == 554)
        #expect(NameLookups.literal("cam.example", port: 554) == nil)
    }

    @Test("a name that is not known is told in those words")
    func words() {
        #expect(FleetDialer.reason(NameLookups.UnknownName()) == "its name is not known")
    }
}

import Flow
import RTSP
import Testing

/// Forms of packets and of streams that few cameras send; none of them is damage.
@Suite struct RTPDepacketiserFormTests {
    typealias Camera = TestCamera

    private let key = Camera.annexB(Camera.sps, Camera.pps, Camera.idr)

    @Test("STAP-B, MTAP and FU-B are taken as they come")
    func numbered() throws {
        var camera = try Camera(sets: nil)
        let units = [Camera.sps, Camera.pps, Camera.idr]
        camera.send([0x79, 0, 1] + Camera.aggregate(units), marker: true)
        camera.timestamp += 3600
        for (type, offset) in [(26, 2), (27, 3)] as [(UInt8, Int)] {
            // Length, difference of the number, offset of the time.
            let parts = units.flatMap { [0, UInt8($0.count), 1] + [UInt8](repeating: 0, count: offset) + $0 }
            camera.send([0x60 | type, 0, 2] + parts, marker: true)
            camera.timestamp += 3600
        }
        camera.send([0x7d, 0x85, 0, 9, 0x88, 0x84])
        camera.send([0x7c, 0x45, 0x11, 0x22, 0x33], marker: true)
        let taken = camera.taken()
        #expect(taken.map(\.bytes) == [key, key, key, key])
        #expect(taken.allSatisfy { !$0.isDamaged })
        #expect(camera.depacketiser.counters.unsupported == 0)
    }

    @Test("units that really come in another order, and those of several times in a packet, are refused and counted")
    func interleaved() throws {
        var camera = try Camera()
        camera.send([0x79, 0, 5] + Camera.aggregate([Camera.p]), marker: true)
        camera.timestamp += 3600
        camera.send([0x79, 0, 3] + Camera.aggregate([Camera.p]))
        camera.sendPicture(Camera.p)
        camera.send([0x7a, 0, 9, 0, 4, 0, 0, 1] + Camera.p)
        camera.sendPicture(Camera.p)
        #expect(camera.taken().map(\.isDamaged) == [false, true, true])
        #expect(camera.depacketiser.counters.unsupported == 2)
    }

    @Test("packets of these forms that are cut off are counted and do no harm", arguments: [25, 26, 27, 29] as [UInt8])
    func cutOff(type: UInt8) throws {
        for rest in [[], [0], [0, 1], [0, 1, 0], [0, 1, 0, 4], [0, 1, 0, 9, 1, 0, 0, 0, 0x41]] as [[UInt8]] {
            var camera = try Camera()
            camera.send([0x60 | type] + rest)
            camera.sendPicture(Camera.p)
            #expect(camera.taken().last?.bytes?.suffix(Camera.p.count) == Camera.p[...])
        }
    }

    @Test("payload content information of H.265 is passed over: what stands behind it counts")
    func contentInformation() throws {
        var camera = try Camera(codec: .h265, sets: Camera.h265)
        func information(_ type: UInt8, _ more: [UInt8]) -> [UInt8] {
            let fields = UInt16(type) << 9 | UInt16(more.count) << 4
            return [0x64, 0x01, UInt8(fields >> 8), UInt8(fields & 0xff)] + more
        }
        camera.send(information(19, []) + Camera.idr265[2...], marker: true)
        camera.timestamp += 3600
        camera.send(information(49, [1, 2, 3]) + [0x93] + Camera.idr265[2...3])
        camera.send(information(49, []) + [0x53] + Camera.idr265[4...], marker: true)
        camera.timestamp += 3600
        camera.send(information(48, [7]) + Camera.aggregate([Camera.idr265]), marker: true)
        let whole = camera.depacketiser.parameterSets.annexB + Camera.annexB(Camera.idr265)
        let units = camera.taken()
        #expect(units.map(\.bytes) == [whole, whole, whole])
        #expect(units.allSatisfy { !$0.isDamaged })
        camera.send(information(50, []) + [1, 2, 3])
        camera.send([0x64, 0x01, 0x01, 0xf0, 1])
        #expect(camera.depacketiser.counters.malformed == 2)
    }

    @Test("padding behind the units of an H.265 aggregate is no damage", arguments: 0...5)
    func aggregatePadding(count: Int) throws {
        var camera = try Camera(codec: .h265, sets: nil)
        let units = Camera.aggregate([Camera.vps265, Camera.sps265, Camera.pps265, Camera.idr265])
        camera.send([0x60, 0x01] + units + [UInt8](repeating: 0, count: count), marker: true)
        #expect(camera.taken().map(\.isDamaged) == [false])
        #expect(camera.depacketiser.counters.malformed == 0)
    }

    @Test("an H.265 fragment with both start and end bit is a whole unit")
    func startAndEnd() throws {
        var camera = try Camera(codec: .h265, sets: Camera.h265)
        camera.send([0x62, 0x01, 0xd3] + Camera.idr265[2...], marker: true)
        let whole = camera.depacketiser.parameterSets.annexB + Camera.annexB(Camera.idr265)
        #expect(camera.taken().map(\.bytes) == [whole])
    }

    @Test("a first fragment too short for the slice's header waits for the next one", arguments: [1, 2, 3])
    func shortFirst(count: Int) throws {
        // PPS 5 of SPS 0; slice type 7 and PPS 5 take 13 bits.
        let pps: [UInt8] = [0x68, 0x36, 0xe3, 0xc8]
        let idr: [UInt8] = [0x65, 0x88, 0x34, 0x84, 0x11, 0x22, 0x33]
        var camera = try Camera(sets: ParameterSets(codec: .h264, sequence: [Camera.sps], picture: [pps]))
        camera.send([0x7c, 0x85] + idr[1..<1 + count])
        camera.send([0x7c, 0x05] + idr[(1 + count)..<(2 + count)])
        camera.send([0x7c, 0x45] + idr[(2 + count)...], marker: true)
        // All of it in one, as short as it is.
        camera.timestamp += 3600
        camera.send([0x5c, 0xc1, 0x88], marker: true)
        camera.timestamp += 3600
        camera.sendPicture(Camera.p)
        let units = camera.taken()
        #expect(units.first?.bytes == Camera.annexB(Camera.sps, pps, idr))
        #expect(units.map(\.isDamaged) == [false, false, false])
        #expect(units.last?.bytes == Camera.annexB(Camera.p))
    }

    @Test("a source that changes while numbers and time go on is no new one", arguments: [false, true])
    func sourceOfEachPacket(isWithin: Bool) throws {
        var camera = try Camera()
        for _ in 0..<3 {
            camera.send(Camera.p)
            if isWithin { camera.ssrc &+= 1 }
            camera.send([0x41, 0x04, 0xe6, 0x88], marker: true)
            camera.timestamp += 3600
            camera.ssrc &+= 1
        }
        let units = camera.taken()
        #expect(units.map(\.isDamaged) == [false, false, false])
        #expect(units.map(\.isNewSource) == [true, false, false])
        #expect(camera.depacketiser.counters.restarts == 0)
        #expect(camera.depacketiser.source == camera.ssrc - 1)
    }

    @Test(
        "another source with numbers and times of its own in the middle of a session begins anew, and loses one picture"
    )
    func otherSource() throws {
        var camera = try Camera()
        camera.sendPicture(Camera.p)
        camera.send(Camera.p)
        (camera.ssrc, camera.sequence, camera.timestamp) = (99, 40_000, 7_000_000)
        camera.sendPicture(Camera.idr)
        camera.sendPicture(Camera.p)
        #expect(camera.taken().map(\.isDamaged) == [false, true, false, false])
    }

    @Test("pictures that neither a marker nor the time ends are told apart by their beginnings")
    func noEnds() throws {
        for codec in [StreamFormat.Codec.h264, .h265] {
            var camera = try codec == .h264 ? Camera() : Camera(codec: .h265, sets: Camera.h265)
            let idr = codec == .h264 ? Camera.idr : Camera.idr265
            for _ in 0..<42 { camera.send(idr) }
            let units = camera.taken()
            let whole = camera.depacketiser.parameterSets.annexB + Camera.annexB(idr)
            // The first ones stick together until there are too many of them for one picture.
            #expect(units.map(\.isDamaged) == [true] + Array(repeating: false, count: 8))
            #expect(units.dropFirst().allSatisfy { $0.bytes == whole })
        }
    }

    @Test("what begins a picture is found in fragments, aggregates and before sets")
    func beginnings() throws {
        var camera = try Camera()
        for _ in 0..<35 { camera.send(Camera.idr) }
        _ = camera.taken()
        camera.send([0x09, 0xf0])
        camera.send([0x78] + Camera.aggregate([Camera.sps, Camera.pps]))
        camera.sendFragments(Camera.idr, size: 2, marker: false)
        camera.sendFragments(Camera.idr, size: 3, marker: false)
        camera.send([0x65, 0x04, 0xe6, 0x88])
        camera.send([0x78] + Camera.aggregate([Camera.p]))
        let second = key + Camera.annexB([0x65, 0x04, 0xe6, 0x88])
        #expect(camera.taken().map(\.bytes) == [key, key, second])
    }

    @Test("where the marker ends pictures, none is cut at its beginnings")
    func markersCount() throws {
        var camera = try Camera()
        for _ in 0..<2 {
            for index in 0..<40 { camera.send(Camera.idr, marker: index == 39) }
            camera.timestamp += 3600
        }
        let first = camera.taken().last
        #expect(first?.isDamaged == false && first?.size == 40 * Camera.idr.count)
    }

    @Test("two fields of a picture at one time are one picture")
    func fields() throws {
        var camera = try Camera()
        for _ in 0..<3 {
            camera.send(Camera.idr)
            camera.send(Camera.p, marker: true)
            camera.timestamp += 3600
        }
        #expect(camera.taken().map(\.bytes) == Array(repeating: key + Camera.annexB(Camera.p), count: 3))
    }

    @Test("parameter sets with other ids in each picture do not fill up the room")
    func countingSets() throws {
        var camera = try Camera()
        for id in 0..<60 {
            // PPS with that id, of SPS 0; an IDR slice that asks for it: 26 is 00011010 and so on, built from bits.
            func number(_ value: Int) -> String {
                let digits = String(value + 1, radix: 2)
                return String(repeating: "0", count: digits.count - 1) + digits
            }
            func bytes(_ bits: String) -> [UInt8] {
                let bits = bits + "1" + String(repeating: "0", count: 7 - bits.count % 8)
                return stride(from: 0, to: bits.count, by: 8).map { start in
                    bits.dropFirst(start).prefix(8).reduce(0) { $0 << 1 | ($1 == "1" ? 1 : 0) }
                }
            }
            camera.send(Camera.sps)
            camera.send([0x68] + bytes(number(id) + number(0) + "0011"))
            camera.sendPicture([0x65] + bytes("1" + number(7) + number(id) + "10110101"))
        }
        let units = camera.taken()
        #expect(units.map(\.omission) == Array(repeating: nil, count: 60))
        #expect(camera.depacketiser.counters.refused == 0)
        #expect(camera.depacketiser.counters.refusedParameterSets == 0)
        #expect((units.last?.bytes?.count ?? .max) < 200)
    }

    @Test("what the stream sends takes the place of a description that is another stream's")
    func foreignDescription() throws {
        // SPS 3 and PPS 7 of it.
        let told = ParameterSets(
            codec: .h264,
            sequence: [[0x67, 0x64, 0x00, 0x28, 0x27, 0x55]],
            picture: [[0x68, 0x10, 0x8f, 0x2c]]
        )
        var camera = try Camera(sets: told)
        camera.send(Camera.sps)
        camera.send(Camera.pps)
        camera.sendPicture(Camera.idr)
        #expect(camera.taken().map(\.bytes) == [key])
    }

    @Test("supplemental information that comes alone, with a time and a marker of its own, is no picture")
    func aloneInFront() throws {
        let sei: [UInt8] = [0x06, 0x01, 0x01, 0x14, 0x80]
        var camera = try Camera()
        camera.sendPicture([0x09, 0xf0])
        camera.sendPicture(sei)
        camera.sendPicture(Camera.idr)
        camera.sendPicture([0x09, 0xf0])
        camera.sendPicture(Camera.p)
        let units = camera.taken()
        #expect(
            units.map(\.bytes) == [
                Camera.annexB(Camera.sps, Camera.pps, sei, Camera.idr), Camera.annexB(Camera.p),
            ]
        )
        #expect(units.allSatisfy { !$0.isDamaged })
    }

    @Test("times that never move are no damage where the marker ends pictures")
    func timeStandsStill() throws {
        var camera = try Camera()
        for _ in 0..<5 {
            camera.send(Camera.idr)
            camera.send([0x65, 0x04, 0xe6, 0x88], marker: true)
        }
        let units = camera.taken()
        #expect(units.count == 5)
        #expect(units.allSatisfy { !$0.isDamaged && !$0.goesBack })
    }

    @Test("times that go back with each picture are no damage, and the pictures come in their order")
    func timeRunsBack() throws {
        var camera = try Camera()
        for _ in 0..<5 {
            camera.send(Camera.idr, marker: true)
            camera.timestamp &-= 3600
        }
        let units = camera.taken()
        #expect(units.map(\.isDamaged) == Array(repeating: false, count: 5))
        #expect(units.map(\.goesBack) == [false, true, true, true, true])
    }
}

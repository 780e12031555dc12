import Flow
import RTSP
import Testing

/// What cameras do that the standards do not say, or say otherwise.
@Suite struct RTPDepacketiserQuirkTests {
    typealias Camera = TestCamera

    private let key = Camera.annexB(Camera.sps, Camera.pps, Camera.idr)

    @Test("SPS and PPS each with the marker bit are no pictures")
    func reolinkBadFramingAtStart() throws {
        var camera = try Camera(sets: nil)
        camera.send(Camera.sps, marker: true)
        camera.send(Camera.pps, marker: true)
        camera.send(Camera.idr, marker: true)
        #expect(camera.taken().map(\.bytes) == [key])
    }

    @Test("SPS and PPS in packets with a time of their own belong to the next picture")
    func setsWithOwnTime() throws {
        var camera = try Camera(sets: nil)
        camera.send(Camera.sps)
        camera.timestamp += 1
        camera.send(Camera.pps)
        camera.timestamp += 1
        camera.send(Camera.idr, marker: true)
        let units = camera.taken()
        #expect(units.map(\.bytes) == [key])
        #expect(units.map(\.ticks) == [1002])
    }

    @Test("parameter sets from the description are put in front of every keyframe")
    func setsOnlyInDescription() throws {
        var camera = try Camera()
        camera.sendPicture(Camera.idr)
        camera.sendPicture(Camera.p)
        camera.sendPicture(Camera.idr)
        #expect(camera.taken().map(\.bytes) == [key, Camera.annexB(Camera.p), key])
    }

    @Test("a set that changes in the stream replaces the one of the description")
    func setChanges() throws {
        var camera = try Camera()
        camera.sendPicture(Camera.idr)
        camera.send(Camera.otherSPS)
        camera.sendPicture(Camera.idr)
        camera.sendPicture(Camera.idr)
        let changed = Camera.annexB(Camera.otherSPS, Camera.pps, Camera.idr)
        #expect(camera.taken().map(\.bytes) == [key, changed, changed])
        #expect(camera.depacketiser.parameterSets.sequence == [Camera.otherSPS])
    }

    @Test("sets before a picture that is no keyframe stay in front of it")
    func setsBeforeOtherPicture() throws {
        var camera = try Camera()
        camera.send(Camera.otherSPS)
        camera.sendPicture(Camera.p)
        #expect(camera.taken().map(\.bytes) == [Camera.annexB(Camera.otherSPS, Camera.pps, Camera.p)])
    }

    @Test("a set with zero bytes behind it is no other set")
    func setWithTrailingZeros() throws {
        var camera = try Camera()
        camera.send(Camera.sps + [0, 0])
        camera.sendPicture(Camera.idr)
        #expect(camera.taken().map(\.bytes) == [key])
    }

    @Test("zero bytes behind a slice are kept: decoders pass over them, looking for them would cost more")
    func sliceWithTrailingZeros() throws {
        var camera = try Camera()
        camera.sendPicture(Camera.p + [0, 0])
        #expect(camera.taken().map(\.bytes) == [Camera.annexB(Camera.p + [0, 0])])
    }

    @Test("a fragment with both start and end bit is a whole unit")
    func fragmentWithStartAndEnd() throws {
        var camera = try Camera()
        camera.send([0x7c, 0xc5] + Camera.idr.dropFirst(), marker: true)
        let units = camera.taken()
        #expect(units.map(\.bytes) == [key])
        #expect(units.map(\.isDamaged) == [false])
    }

    @Test("fragments behind the first one may have other header bits")
    func fragmentWithOtherHeader() throws {
        var camera = try Camera()
        camera.send([0x7c, 0x85, 0x88, 0x84])
        camera.send([0x1c, 0x01, 0x11, 0x22])
        camera.send([0x5c, 0x45, 0x33], marker: true)
        #expect(camera.taken().map(\.bytes) == [key])
    }

    @Test("a fragment without its end bit ends with the marker, the next unit or the next time")
    func fragmentWithoutEnd() throws {
        var camera = try Camera()
        camera.send([0x7c, 0x85, 0x88, 0x84])
        camera.send([0x7c, 0x05, 0x11, 0x22, 0x33], marker: true)
        camera.timestamp += 3600
        camera.send([0x5c, 0x81, 0x9a, 0x21])
        camera.send([0x5c, 0x01, 0x44])
        camera.send([0x41, 0x33, 0x01])
        camera.timestamp += 3600
        camera.sendPicture(Camera.p)
        let units = camera.taken()
        #expect(units.map(\.bytes) == [key, Camera.annexB(Camera.p, [0x41, 0x33, 0x01]), Camera.annexB(Camera.p)])
        #expect(units.allSatisfy { !$0.isDamaged })
    }

    @Test("without marker bits a picture ends with the next time; one packet can end two")
    func missingMarker() throws {
        var camera = try Camera()
        camera.send(Camera.idr)
        camera.timestamp += 3600
        camera.send(Camera.p)
        #expect(camera.units.map(\.bytes) == [key])
        camera.timestamp += 3600
        camera.send(Camera.p, marker: true)
        let units = camera.taken()
        #expect(units.map(\.ticks) == [1000, 4600, 8200])
        #expect(units.map(\.bytes) == [key, Camera.annexB(Camera.p), Camera.annexB(Camera.p)])
    }

    @Test("a marker on every packet of a picture is seen through after one picture")
    func markerOnEveryPacket() throws {
        let second: [UInt8] = [0x41, 0x04, 0xe6, 0x88]  // first_mb 38: goes on with a picture
        var camera = try Camera()
        for _ in 0..<4 {
            camera.send(Camera.p, marker: true)
            camera.send(second, marker: true)
            camera.timestamp += 3600
        }
        let units = camera.taken()
        let whole = Camera.annexB(Camera.p, second)
        #expect(units.map(\.bytes) == [Camera.annexB(Camera.p), Camera.annexB(second), whole, whole])
        #expect(units.map(\.isDamaged) == [false, true, false, false])
    }

    @Test(
        "a fragment without data ends a unit, begins one or does nothing",
        arguments: [StreamFormat.Codec.h264, .h265]
    )
    func emptyFragments(codec: StreamFormat.Codec) throws {
        var camera = try codec == .h264 ? Camera() : Camera(codec: .h265, sets: Camera.h265)
        let idr = codec == .h264 ? Camera.idr : Camera.idr265
        let head: [UInt8] = codec == .h264 ? [0x7c] : [0x62, 0x01]
        let (type, body): (UInt8, ArraySlice<UInt8>) = codec == .h264 ? (5, idr[1...]) : (19, idr[2...])
        // Last, then first, then in the middle.
        camera.send(head + [0x80 | type] + body.prefix(2))
        camera.send(head + [type] + body.dropFirst(2))
        camera.send(head + [0x40 | type], marker: true)
        camera.timestamp += 3600
        camera.send(head + [0x80 | type])
        camera.send(head + [0x40 | type] + body, marker: true)
        camera.timestamp += 3600
        camera.send(head + [0x80 | type] + body.prefix(2))
        camera.send(head + [type])
        camera.send(head + [0x40 | type] + body.dropFirst(2), marker: true)
        let units = camera.taken()
        let whole = camera.depacketiser.parameterSets.annexB + Camera.annexB(idr)
        #expect(units.map(\.bytes) == [whole, whole, whole])
        #expect(units.allSatisfy { !$0.isDamaged })
        #expect(camera.depacketiser.counters.malformed == 0)
    }

    @Test("padding behind the units of an aggregate is no damage, a unit that is cut off is", arguments: 0...4)
    func aggregatePadding(count: Int) throws {
        let units = Camera.aggregate([Camera.sps, Camera.pps, Camera.idr])
        var camera = try Camera(sets: nil)
        camera.send([0x78] + units + [UInt8](repeating: 0, count: count), marker: true)
        camera.timestamp += 3600
        camera.send([0x78] + (units + Camera.aggregate([Camera.idr])).dropLast(), marker: true)
        #expect(camera.taken().map(\.isDamaged) == [false, true])
    }

    @Test(
        "parameter sets and picture in one large unit that says it is the first of them",
        arguments: [[], [0x09, 0xf0], [0x06, 0x01, 0x01, 0x14, 0x80]] as [[UInt8]]
    )
    func largeUnitOfSeveral(first: [UInt8]) throws {
        let picture = Camera.idr + (0..<150_000).map { UInt8(truncatingIfNeeded: $0 * 7) | 2 }
        let sets = Camera.annexB(Camera.sps, Camera.pps, picture)
        let unit = first.isEmpty ? Array(sets[4...]) : first + sets
        for size in [1400, 65_000] {
            var camera = try Camera(sets: nil)
            camera.sendFragments(unit, size: size, marker: true)
            let units = camera.taken()
            let kept = first.first == 0x06 ? Camera.annexB(first) : []
            #expect(units.map(\.bytes) == [Camera.annexB(Camera.sps, Camera.pps) + kept + Camera.annexB(picture)])
            #expect(units.map(\.isDamaged) == [false])
            #expect(camera.depacketiser.counters.oversize == 0)
        }
    }

    @Test("a delimiter and what stands behind it in one packet")
    func delimiterWithMore() throws {
        var camera = try Camera(sets: nil)
        camera.send([0x09, 0xf0] + Camera.annexB(Camera.sps, Camera.pps, Camera.idr), marker: true)
        #expect(camera.taken().map(\.bytes) == [key])
    }

    /// H.264 slices that are not IDR: I in all slices, I in this one, P.
    private let plain: (all: [UInt8], one: [UInt8], p: [UInt8]) = (
        [0x41, 0x88, 0x84, 0x11], [0x41, 0xb8, 0x84, 0x11], Camera.p
    )

    @Test("where no IDR comes for ten seconds, plain I pictures are keyframes; where it does, they are not")
    func plainIntra() throws {
        var camera = try Camera()
        for second in 0..<16 {
            camera.sendPicture(second < 2 ? Camera.idr : plain.p)
            camera.timestamp &+= 90_000 - 7200
            camera.sendPicture(plain.all)
        }
        let pictures = camera.taken().enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
        #expect(pictures.map(\.isKeyframe) == Array(repeating: false, count: 11) + Array(repeating: true, count: 5))
        #expect(pictures.last?.bytes == Camera.annexB(Camera.sps, Camera.pps, plain.all))
        camera.sendPicture(Camera.idr)
        camera.sendPicture(plain.all)
        #expect(camera.taken().map(\.isKeyframe) == [true, false])
    }

    @Test("a picture that begins with an I slice and goes on with others is no keyframe, kept or not")
    func mixedSlices() throws {
        for keeping in [RTPDepacketiser.Keeping.everything, .keyframes] {
            var camera = try Camera()
            camera.depacketiser.keeping = keeping
            camera.sendPicture(plain.p)
            camera.timestamp &+= 90_000 * 12
            camera.send(plain.one)
            camera.send([0x41, 0x04, 0xe6, 0x88], marker: true)
            camera.timestamp &+= 3600
            camera.sendPicture(plain.one)
            let units = camera.taken()
            #expect(units.map(\.isKeyframe) == [false, false, true])
            #expect(
                units.map { $0.bytes != nil } == (keeping == .everything ? [true, true, true] : [false, false, true])
            )
        }
    }

    @Test("time that goes back is kept and told")
    func timeGoesBack() throws {
        var camera = try Camera()
        camera.sendPicture(Camera.p)
        camera.timestamp &-= 5000
        camera.sendPicture(Camera.p)
        camera.sendPicture(Camera.p)
        let units = camera.taken()
        #expect(units.map(\.ticks) == [1000, -400, 3200])
        #expect(units.map(\.goesBack) == [false, true, false])
    }

    @Test("two pictures with the same time are two when the marker says so")
    func sameTime() throws {
        var camera = try Camera()
        camera.send(Camera.p, marker: true)
        camera.send(Camera.p, marker: true)
        let units = camera.taken()
        #expect(units.map(\.ticks) == [1000, 1000])
        #expect(units.allSatisfy { !$0.isDamaged && !$0.goesBack })
    }

    @Test("packets without payload count, and their marker ends a picture")
    func emptyPayload() throws {
        var camera = try Camera()
        camera.send([])
        camera.send(Camera.p)
        camera.send([], marker: true)
        let units = camera.taken()
        #expect(units.map(\.bytes) == [Camera.annexB(Camera.p)])
        #expect(units.map(\.isDamaged) == [false])
        #expect(camera.depacketiser.counters.malformed == 0)
    }

    @Test("padding, header extension and contributing sources are no payload")
    func headerExtras() throws {
        var camera = try Camera()
        let extras: [UInt8] = [0, 0, 0, 9, 0xbe, 0xde, 0, 1, 1, 2, 3, 4]
        camera.send(packet: camera.header(marker: true, first: 0xb1) + extras + Camera.p + [0, 0, 3])
        camera.sequence += 1
        // A word of an extension of two-byte elements, and none of ONVIF's.
        for (profile, words) in [(0x1000, 1), (0xabac, 0)] as [(UInt16, UInt8)] {
            let start = [UInt8(profile >> 8), UInt8(profile & 0xff), 0, words]
            let body = start + [UInt8](repeating: 0x11, count: Int(words) * 4) + Camera.p
            camera.send(packet: camera.header(marker: true, first: 0x90) + body)
            camera.sequence += 1
        }
        #expect(camera.taken().map(\.bytes) == Array(repeating: Camera.annexB(Camera.p), count: 3))
        #expect(camera.depacketiser.counters.malformed == 0)
    }

    @Test("the padding bit without padding is no damage")
    func paddingBitOnly() throws {
        var camera = try Camera()
        for last in [UInt8(0), 200] {
            camera.send(packet: camera.header(marker: true, first: 0xa0) + Camera.p + [last])
            camera.sequence += 1
            camera.timestamp += 3600
        }
        let units = camera.taken()
        #expect(units.map(\.bytes) == [Camera.annexB(Camera.p + [0]), Camera.annexB(Camera.p + [200])])
        #expect(units.allSatisfy { !$0.isDamaged })
    }

    @Test("Annex B with start codes in one packet is taken apart")
    func startCodesInPayload() throws {
        var camera = try Camera(sets: nil)
        camera.send(Camera.annexB(Camera.sps, Camera.pps, Camera.idr), marker: true)
        camera.timestamp += 3600
        // Without the first start code, as a unit of the first one's type.
        camera.send(Camera.sps + Camera.annexB(Camera.pps, Camera.idr), marker: true)
        camera.timestamp += 3600
        camera.sendFragments(Camera.sps + Camera.annexB(Camera.pps, Camera.idr), size: 5, marker: true)
        let units = camera.taken()
        #expect(units.map(\.bytes) == [key, key, key])
        #expect(units.map(\.isKeyframe) == [true, true, true])
    }

    @Test("a picture of many slices, one a packet, is one picture")
    func slicePerPacket() throws {
        var camera = try Camera()
        let others: [[UInt8]] = [[0x65, 0x04, 0xe6, 0x88], [0x65, 0x02, 0x70, 0x88, 0x01]]
        camera.send(Camera.idr)
        camera.send(others[0])
        camera.send(others[1], marker: true)
        #expect(camera.taken().map(\.bytes) == [key + Camera.annexB(others[0], others[1])])
    }

    @Test("an end of sequence is a unit of its header alone, and stays")
    func endOfSequence() throws {
        var camera = try Camera()
        camera.send([0x78] + Camera.aggregate([Camera.p, [0x0a]]), marker: true)
        camera.send(Camera.p)
        camera.send([0x0a], marker: true)
        var other = try Camera(codec: .h265, sets: Camera.h265)
        other.send(Camera.p265)
        other.send([0x48, 0x01], marker: true)
        let units = camera.taken() + other.taken()
        let whole = Camera.annexB(Camera.p, [0x0a])
        #expect(units.map(\.bytes) == [whole, whole, Camera.annexB(Camera.p265, [0x48, 0x01])])
    }

    @Test("a slice without anything behind its header is no picture")
    func emptySlice() throws {
        var camera = try Camera()
        camera.send([0x65], marker: true)
        camera.sendPicture(Camera.p)
        #expect(camera.taken().map(\.bytes) == [Camera.annexB(Camera.p)])
        #expect(camera.depacketiser.counters.malformed == 1)
    }

    @Test("delimiters and filler are left out, supplemental information stays")
    func delimiterFirst() throws {
        let sei: [UInt8] = [0x06, 0x01, 0x01, 0x14, 0x80]
        var camera = try Camera()
        camera.send([0x09, 0xf0])
        camera.send(sei)
        camera.send(Camera.idr)
        camera.send([0x0c, 0xff, 0xff, 0x80], marker: true)
        let units = camera.taken()
        #expect(units.map(\.bytes) == [Camera.annexB(Camera.sps, Camera.pps, sei, Camera.idr)])
        #expect(units.map(\.size) == [sei.count + Camera.idr.count])
    }

    @Test("RTCP among the RTP packets is dropped and does not look like loss")
    func controlOnDataChannel() throws {
        var camera = try Camera()
        camera.sendPicture(Camera.p)
        camera.send(packet: [0x80, 0xc8, 0, 6] + [UInt8](repeating: 0, count: 24))
        camera.send(packet: [0x80, 0xc9, 0, 1, 0, 0, 0, 7])
        camera.sendPicture(Camera.p)
        #expect(camera.taken().map(\.isDamaged) == [false, false])
        #expect(camera.depacketiser.counters.control == 2)
    }

    @Test("another payload type is dropped, unless nothing else ever comes")
    func otherPayloadType() throws {
        var camera = try Camera()
        camera.payloadType = 97
        for _ in 0..<40 { camera.sendPicture(Camera.p) }
        #expect(camera.taken().count == 8)
        camera.payloadType = 98
        for _ in 0..<40 { camera.sendPicture(Camera.p) }
        #expect(camera.taken().isEmpty)
        #expect(camera.depacketiser.counters.otherTypes == 72)
    }

    @Test(
        "packets that are cut off are counted and do no harm",
        arguments: [[0x7c], [0x7c, 0x85], [0x78, 0, 9, 0x41], [0x78, 0], [0, 0, 2, 7], [0]] as [[UInt8]]
    )
    func malformed(payload: [UInt8]) throws {
        var camera = try Camera()
        camera.send(payload)
        camera.sendPicture(Camera.p)
        #expect(camera.taken().map(\.bytes) == [Camera.annexB(Camera.p)])
        #expect(camera.depacketiser.counters.malformed == 1)
    }
}

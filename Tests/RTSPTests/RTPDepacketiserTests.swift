import Flow
import NIOCore
import RTSP
import Testing

@Suite struct RTPDepacketiserTests {
    typealias Camera = TestCamera

    @Test("single units, an aggregate and fragments become the same picture")
    func payloadFormats() throws {
        let sei: [UInt8] = [0x06, 0x05, 0x01, 0xaa, 0x80]
        let expected = Camera.annexB(Camera.sps, Camera.pps, sei, Camera.idr)
        var camera = try Camera(sets: nil)
        for unit in [Camera.sps, Camera.pps, sei] { camera.send(unit) }
        camera.send(Camera.idr, marker: true)
        camera.timestamp += 3600
        let parts = Camera.aggregate([Camera.sps, Camera.pps, sei, Camera.idr])
        camera.send([0x78] + parts, marker: true)
        camera.timestamp += 3600
        camera.send(sei)
        camera.sendFragments(Camera.idr, size: 2, marker: true)
        let units = camera.taken()
        #expect(units.map(\.bytes) == [expected, expected, expected])
        #expect(units.map(\.isKeyframe) == [true, true, true])
        #expect(units.map(\.size) == [21, 21, 11])
        #expect(units.map(\.ticks) == [1000, 4600, 8200])
        #expect(units.map(\.sequence) == [100, 104, 105])
        #expect(units.map(\.isNewSource) == [true, false, false])
        #expect(units.allSatisfy { !$0.isDamaged && $0.omission == nil && $0.picture == .intra && $0.isReference })
        #expect(camera.depacketiser.counters.malformed == 0)
    }

    @Test("H.265 single units, aggregates and fragments become pictures")
    func h265() throws {
        var camera = try Camera(codec: .h265, sets: nil)
        let parts = Camera.aggregate([Camera.vps265, Camera.sps265, Camera.pps265])
        camera.send([0x60, 0x01] + parts)
        camera.send([0x62, 0x01, 0x93, 0xaf])  // FU: start, IDR_W_RADL
        camera.send([0x62, 0x01, 0x53, 0x05, 0x06], marker: true)  // FU: end
        camera.timestamp += 3600
        camera.send(Camera.p265, marker: true)
        let units = camera.taken()
        let key = Camera.annexB(Camera.vps265, Camera.sps265, Camera.pps265, Camera.idr265)
        #expect(units.map(\.bytes) == [key, Camera.annexB(Camera.p265)])
        #expect(units.map(\.isKeyframe) == [true, false])
        #expect(units.map(\.isReference) == [true, false])
        #expect(units.map(\.picture) == [.intra, .unknown])
        #expect(camera.depacketiser.parameterSets == Camera.h265)
    }

    @Test("with keyframes only, other pictures are measured and not copied")
    func keyframesOnly() throws {
        var camera = try Camera()
        camera.depacketiser.keeping = .keyframes
        camera.sendPicture(Camera.idr)
        camera.sendPicture(Camera.p)
        camera.sendFragments(Camera.p + [UInt8](repeating: 9, count: 100), size: 30, marker: true)
        let units = camera.taken()
        #expect(units.map { $0.bytes == nil } == [false, true, true])
        #expect(units.map(\.omission) == [nil, .notWanted, .notWanted])
        #expect(units.map(\.size) == [6, 4, 104])
        #expect(units.map(\.picture) == [.intra, .predicted, .predicted])
        #expect(units.map(\.isReference) == [true, true, true])
        #expect(camera.depacketiser.heldBytes < 100)
    }

    @Test("the slice header tells how a picture was coded, its own header whether others need it")
    func slices() throws {
        var camera = try Camera()
        camera.sendPicture([0x01, 0x9c, 0x20, 0x01])  // first_mb 0, slice type 6: B, nobody needs it
        camera.sendPicture([0x21, 0x9a, 0x20, 0x01])  // type 5: P
        camera.sendPicture([0x21, 0x88, 0x84, 0x01])  // type 7: I, but no IDR
        camera.sendPicture([0x21, 0xc0, 0x20, 0x01])  // type 0: P, others may follow
        let units = camera.taken()
        #expect(units.map(\.picture) == [.bipredicted, .predicted, .intra, .predicted])
        #expect(units.map(\.isReference) == [false, true, true, true])
        #expect(units.allSatisfy { !$0.isKeyframe })
    }

    @Test("a recovery point is a keyframe only when it begins with an I slice")
    func recoveryPoint() throws {
        let recovery: [UInt8] = [0x06, 0x05, 0x02, 0xaa, 0xbb, 0x06, 0x01, 0xc4, 0x80]
        var camera = try Camera()
        camera.depacketiser.keeping = .keyframes
        camera.send(recovery)
        camera.sendPicture([0x21, 0x88, 0x84, 0x01])
        camera.send(recovery)
        camera.sendPicture(Camera.p)
        camera.sendPicture([0x21, 0x88, 0x84, 0x01])
        let units = camera.taken()
        #expect(units.map(\.isRecoveryPoint) == [true, true, false])
        #expect(units.map(\.isKeyframe) == [true, false, false])
        #expect(units[0].bytes == Camera.annexB(Camera.sps, Camera.pps, recovery, [0x21, 0x88, 0x84, 0x01]))
        #expect(units[1].bytes == nil)
    }

    @Test(
        "what the packetiser cuts is put together again, byte for byte",
        arguments: [StreamFormat.Codec.h264, .h265],
        [64, 100, 1400]
    )
    func roundTrip(codec: StreamFormat.Codec, maximum: Int) throws {
        let packetiser = try RTPPacketiser(codec: codec, maximumPayload: maximum)
        var camera = try Camera(codec: codec, sets: codec == .h264 ? Camera.h264 : Camera.h265)
        var generator = SplitMix(seed: UInt64(maximum))
        camera.sequence = 65_500
        for index in 0..<60 {
            let isKey = index % 7 == 0
            let starts: (key: [UInt8], other: [UInt8], sets: ParameterSets) =
                codec == .h264
                ? (Camera.idr, Camera.p, Camera.h264) : (Camera.idr265, Camera.p265, Camera.h265)
            let slices: [[UInt8]] = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
                let length =
                    maximum * Int.random(in: 0...4, using: &generator) + Int.random(in: 4...9, using: &generator)
                return (isKey ? starts.key : starts.other) + (0..<length).map { UInt8($0 % 251 + 1) }
            }
            let picture = Array(slices.map { [0, 0, 0, 1] + $0 }.joined())
            let whole = packetiser.packetise(picture)
            var frames = whole.stamped(channel: 0, sequence: camera.sequence, timestamp: UInt32(index), ssrc: 5)
            while let prefix = frames.readBytes(length: 4) {
                guard let packet = frames.readBytes(length: Int(prefix[2]) << 8 | Int(prefix[3])) else { break }
                camera.send(packet: packet)
            }
            camera.sequence &+= UInt16(whole.packets)
            let units = camera.taken()
            #expect(units.count == 1)
            #expect(units.first?.bytes == (isKey ? starts.sets.annexB : []) + picture)
            #expect(units.first?.isKeyframe == isKey)
            #expect(units.first?.isDamaged == false)
            #expect(units.first?.size == slices.reduce(0) { $0 + $1.count })
        }
        #expect(camera.depacketiser.counters.lost == 0)
        #expect(camera.depacketiser.counters.malformed == 0)
    }

    @Test("a keyframe without all of its parameter sets is refused and measured")
    func missingSets() throws {
        var camera = try Camera(sets: ParameterSets(codec: .h264, sequence: [], picture: [Camera.pps]))
        camera.sendPicture(Camera.idr)
        camera.send([0x67, 0x42, 0xc0, 0x1e, 0x51])  // another id: 010 is 1
        camera.sendPicture(Camera.idr)
        camera.send(Camera.sps)
        camera.sendPicture(Camera.idr)
        camera.sendPicture([0x65, 0x88, 0x20, 0x11])  // asks for picture parameter set 3
        let units = camera.taken()
        #expect(units.map(\.omission) == [.missingParameterSets, .missingParameterSets, nil, .missingParameterSets])
        #expect(units.map(\.isKeyframe) == [true, true, true, true])
        #expect(units[0].size == Camera.idr.count)
        #expect(camera.depacketiser.counters.refused == 3)
    }

    @Test("H.265 keyframes need their video parameter set too")
    func missingVideoSet() throws {
        var camera = try Camera(codec: .h265, sets: nil)
        camera.send(Camera.sps265)
        camera.send(Camera.pps265)
        camera.sendPicture(Camera.idr265)
        camera.send(Camera.vps265)
        camera.sendPicture(Camera.idr265)
        #expect(camera.taken().map(\.omission) == [.missingParameterSets, nil])
    }

    @Test("a coding that is not spoken is refused by name")
    func unsupported() throws {
        let error = #expect(throws: RTSPError.self) { try Camera(codec: .other, sets: nil) }
        #expect(error?.message.contains("VP8") == true)
    }

    @Test("pictures, units and parameter sets beyond their limits are counted and not kept")
    func limits() throws {
        var limits = RTPDepacketiser.Limits()
        limits.unitBytes = 100
        limits.units = 4
        limits.headBytes = 40
        limits.parameterSets = 2
        limits.parameterSetBytes = 10
        var camera = try Camera(limits: limits)
        camera.sendFragments(Camera.idr + [UInt8](repeating: 1, count: 200), size: 50, marker: true)
        for _ in 0..<5 { camera.send([0x41, 0x9a]) }
        camera.sendPicture([0x41, 0x9a])
        camera.send([0x06] + [UInt8](repeating: 1, count: 50))
        camera.send([0x6d, 0x80])  // a third set, the first of its kind
        camera.send([0x67, 0x42, 0xc0, 0x1e, 0xd9] + [UInt8](repeating: 1, count: 10))
        camera.sendPicture(Camera.p)
        let units = camera.taken()
        #expect(units.map(\.omission) == [.tooLarge, .tooLarge, nil])
        #expect(units[0].size == 206)
        #expect(units[2].bytes == Camera.annexB(Camera.sps, Camera.pps, Camera.p))
        #expect(camera.depacketiser.counters.oversize == 3)
        #expect(camera.depacketiser.counters.refusedParameterSets == 2)
    }

    @Test("supplemental information without end and without a picture is not hoarded")
    func endlessHead() throws {
        var camera = try Camera()
        for _ in 0..<5000 {
            camera.send([0x06] + [UInt8](repeating: 1, count: 1000), marker: true)
            camera.timestamp += 3600
        }
        #expect(camera.depacketiser.heldBytes < 200_000)
        camera.sendPicture(Camera.p)
        #expect(camera.taken().count == 1)
    }
}

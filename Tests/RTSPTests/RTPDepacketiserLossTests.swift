import Flow
import RTSP
import Testing

@Suite struct RTPDepacketiserLossTests {
    typealias Camera = TestCamera

    @Test("a lost fragment damages its picture; what was cut is not handed out")
    func lostFragment() throws {
        var camera = try Camera()
        camera.sendFragments(Camera.idr + [UInt8](repeating: 5, count: 50), size: 10, marker: true, skipping: [2, 3])
        camera.timestamp += 3600
        camera.sendPicture(Camera.p)
        let units = camera.taken()
        #expect(units.map(\.isDamaged) == [true, false])
        #expect(units.map(\.isKeyframe) == [true, false])
        #expect(units[0].omission == .incomplete)
        #expect(units[1].bytes == Camera.annexB(Camera.p))
        #expect(camera.depacketiser.counters.lost == 2)
        #expect(camera.depacketiser.counters.damaged == 1)
    }

    @Test("the slices that are whole leave a damaged picture")
    func otherSlices() throws {
        var camera = try Camera()
        camera.send(Camera.p)
        camera.sendFragments([0x41] + [UInt8](repeating: 5, count: 50), size: 10, marker: false, skipping: [4])
        camera.send([0x41, 0x21, 0x77], marker: true)
        let units = camera.taken()
        #expect(units.map(\.bytes) == [Camera.annexB(Camera.p, [0x41, 0x21, 0x77])])
        #expect(units.map(\.isDamaged) == [true])
    }

    @Test("a picture whose beginning is lost is measured and named as what it is")
    func lostStart() throws {
        var camera = try Camera()
        camera.sendPicture(Camera.p)
        camera.sendFragments(Camera.idr + [UInt8](repeating: 5, count: 50), size: 10, marker: true, skipping: [0])
        let units = camera.taken()
        #expect(units.map(\.isKeyframe) == [false, true])
        #expect(units.map(\.isDamaged) == [false, true])
        #expect(units[1].omission == .incomplete)
        #expect(units[1].size == 45)
    }

    @Test("loss between two pictures damages the one without its end and the one without its beginning")
    func lossBetween() throws {
        var camera = try Camera()
        camera.send(Camera.p)
        camera.sequence += 3
        camera.timestamp += 3600
        camera.sendPicture(Camera.p)
        camera.sendPicture(Camera.p)
        #expect(camera.taken().map(\.isDamaged) == [true, true, false])
        #expect(camera.depacketiser.counters.lost == 3)
    }

    @Test("packets that come twice are dropped")
    func duplicates() throws {
        var camera = try Camera()
        for _ in 0..<3 {
            let picture = camera.header(marker: true) + Camera.p
            camera.send(packet: picture)
            camera.send(packet: picture)
            camera.sequence += 1
            camera.timestamp += 3600
        }
        #expect(camera.taken().map(\.isDamaged) == [false, false, false])
        #expect(camera.depacketiser.counters.late == 3)
        #expect(camera.depacketiser.counters.lost == 0)
    }

    @Test("sequence numbers and timestamps wrap")
    func wrap() throws {
        var camera = try Camera()
        camera.sequence = 65_534
        camera.timestamp = .max - 3599
        for _ in 0..<4 { camera.sendPicture(Camera.p) }
        let units = camera.taken()
        #expect(units.map(\.ticks) == [0xffff_f1f0, 0x1_0000_0000, 0x1_0000_0e10, 0x1_0000_1c20])
        #expect(units.map(\.sequence) == [65_534, 65_535, 0, 1])
        #expect(units.allSatisfy { !$0.isDamaged && !$0.goesBack })
        #expect(camera.depacketiser.receiverReport(ssrc: 1)?.highestSequence == 0x1_0001)
    }

    @Test("a report names the last sequence number at the wrap itself")
    func wrapReport() throws {
        var camera = try Camera()
        camera.sequence = 65_535
        camera.sendPicture(Camera.p)
        #expect(camera.depacketiser.receiverReport(ssrc: 1)?.highestSequence == 0xffff)
        camera.sequence = 65_535
        camera.sequence &+= 5
        camera.sendPicture(Camera.p)
        let report = camera.depacketiser.receiverReport(ssrc: 1)
        #expect(report == ReceiverReport(ssrc: 1, source: 7, lost: 4, highestSequence: 0x1_0004))
    }

    @Test("another source starts anew, and its first picture says so")
    func otherSource() throws {
        var camera = try Camera()
        camera.sendPicture(Camera.p)
        camera.send(Camera.p)
        camera.ssrc = 8
        camera.sequence = 5
        camera.timestamp = 77
        camera.sendPicture(Camera.p)
        let units = camera.taken()
        #expect(units.map(\.isNewSource) == [true, false, true])
        #expect(units.map(\.isDamaged) == [false, true, false])
        #expect(units.map(\.ticks) == [1000, 4600, 77])
        #expect(units.allSatisfy { !$0.goesBack })
        #expect(camera.depacketiser.counters.restarts == 1)
        #expect(camera.depacketiser.source == 8)
    }

    @Test("a few packets of a picture that are sent once more are dropped")
    func repeatedRun() throws {
        var camera = try Camera()
        let packets = (0..<5).map { index in
            var header = Camera.p
            header[3] = UInt8(index)
            defer { camera.sequence += 1 }
            return camera.header(marker: index == 4) + header
        }
        for packet in packets[..<4] + packets[1..<4] + packets[4...] { camera.send(packet: packet) }
        let units = camera.taken()
        #expect(units.map(\.isDamaged) == [false])
        #expect(units.first?.size == 20)
        #expect(camera.depacketiser.counters.late == 3)
    }

    @Test("a sender that counts anew is followed at once, and nothing is missing", arguments: [10, 29_990, 50_000])
    func countsAnew(number: UInt16) throws {
        var camera = try Camera()
        camera.sequence = 30_000
        camera.sendPicture(Camera.p)
        camera.sequence = number
        for _ in 0..<40 { camera.sendPicture(Camera.p) }
        let units = camera.taken()
        #expect(units.count == 41 && units.allSatisfy { !$0.isDamaged })
        #expect(camera.depacketiser.counters.restarts == 1)
        #expect(camera.depacketiser.counters.late == 0 && camera.depacketiser.counters.lost == 0)
    }

    @Test("numbers that begin anew with each picture, or never change, damage nothing", arguments: [false, true])
    func strangeNumbers(isConstant: Bool) throws {
        var camera = try Camera()
        for _ in 0..<20 {
            camera.sequence = 0
            for slice in 0..<4 {
                if isConstant { camera.sequence = 0 }
                camera.send(Camera.p.dropLast() + [UInt8(slice)], marker: slice == 3)
            }
            camera.timestamp += 3600
        }
        let units = camera.taken()
        #expect(units.count == 20 && units.allSatisfy { !$0.isDamaged && $0.size == 16 })
    }

    @Test("a sender that counts anew within a picture goes on with its unit; an unfinished one is damage")
    func countsAnewWithin() throws {
        let long = Camera.idr + [UInt8](repeating: 5, count: 50)
        var camera = try Camera()
        camera.send([0x7c, 0x85] + long[1..<30])
        camera.sequence = 40_000
        camera.send([0x7c, 0x45] + long[30...], marker: true)
        camera.timestamp += 3600
        camera.send([0x7c, 0x85] + long[1..<30])
        camera.sequence = 7
        camera.timestamp += 3600
        camera.sendPicture(Camera.p)
        let units = camera.taken()
        #expect(units.map(\.isDamaged) == [false, true, false])
        #expect(units.first?.bytes == Camera.annexB(Camera.sps, Camera.pps, long))
    }

    @Test("a jump of numbers and time is a hole, but not so much loss")
    func jump() throws {
        var camera = try Camera()
        camera.sendPicture(Camera.p)
        camera.sequence &+= 20_000
        camera.timestamp &+= 90_000 * 60
        camera.sendPicture(Camera.p)
        #expect(camera.taken().map(\.isDamaged) == [false, true])
        #expect(camera.depacketiser.counters.lost == 0)
        #expect(camera.depacketiser.counters.restarts == 1)
    }

    @Test("when the connection ends, the picture in work is handed out")
    func end() throws {
        var camera = try Camera()
        camera.send(Camera.p)
        var last: [CodedUnit] = []
        camera.depacketiser.finish { last.append($0) }
        camera.depacketiser.finish { last.append($0) }
        #expect(last.map(\.bytes) == [Camera.annexB(Camera.p)])
    }
}

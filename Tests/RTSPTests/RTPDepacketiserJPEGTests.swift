import Flow
import RTSP
import Testing

@Suite struct RTPDepacketiserJPEGTests {
    typealias Camera = TestCamera

    /// A fragment of a picture of 16 x 8 pixels.
    private func fragment(
        at offset: Int,
        _ data: [UInt8],
        type: UInt8 = 1,
        quality: UInt8 = 50,
        extra: [UInt8] = [],
        width: UInt8 = 2
    ) -> [UInt8] {
        [0, UInt8(offset >> 16), UInt8(offset >> 8 & 0xff), UInt8(offset & 0xff), type, quality, width, 1] + extra
            + data
    }

    private let tables: [UInt8] = [0, 0, 0, 128] + (0..<128).map { UInt8($0 + 1) }

    /// The segments of a JPEG file by their markers, in order, and what follows them.
    private func segments(_ file: [UInt8]) throws -> (markers: [UInt8], contents: [[UInt8]], scan: [UInt8]) {
        var markers: [UInt8] = []
        var contents: [[UInt8]] = []
        var position = 2
        try #require(file.starts(with: [0xff, 0xd8]))
        while markers.last != 0xda {
            try #require(position + 4 <= file.count && file[position] == 0xff)
            let length = Int(file[position + 2]) << 8 | Int(file[position + 3])
            try #require(position + 2 + length <= file.count)
            markers.append(file[position + 1])
            contents.append(Array(file[position + 4..<position + 2 + length]))
            position += 2 + length
        }
        return (markers, contents, Array(file[position...]))
    }

    @Test("fragments become a whole JPEG file, with its tables and its end")
    func wholeFile() throws {
        var camera = try Camera(codec: .mjpeg, sets: nil)
        camera.send(fragment(at: 0, [1, 2, 3]))
        camera.send(fragment(at: 3, [4, 5]), marker: true)
        let unit = try #require(camera.taken().first)
        #expect(unit.isKeyframe && !unit.isDamaged && unit.size == 5)
        let (markers, contents, scan) = try segments(try #require(unit.bytes))
        #expect(markers == [0xe0, 0xdb, 0xdb, 0xc0, 0xc4, 0xc4, 0xc4, 0xc4, 0xda])
        #expect(scan == [1, 2, 3, 4, 5, 0xff, 0xd9])
        // Quality 50 is the standard's tables as they are.
        #expect(contents[1].prefix(6) == [0, 16, 11, 12, 14, 12])
        #expect(contents[2].prefix(6) == [1, 17, 18, 18, 24, 21])
        #expect(contents[1].count == 65)
        #expect(contents[3] == [8, 0, 8, 0, 16, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1])
        #expect(contents[4...7].map(\.count) == [29, 179, 29, 179])
    }

    @Test("qualities scale the standard's tables", arguments: [(1, 255, 255), (25, 32, 34), (75, 8, 9), (99, 1, 1)])
    func quality(quality: UInt8, luminance: UInt8, chrominance: UInt8) throws {
        var camera = try Camera(codec: .mjpeg, sets: nil)
        camera.send(fragment(at: 0, [1], quality: quality), marker: true)
        let (_, contents, _) = try segments(try #require(camera.taken().first?.bytes))
        #expect(contents[1][1] == luminance)
        #expect(contents[2][1] == chrominance)
    }

    @Test("tables that are sent are used, and remembered by their number")
    func sentTables() throws {
        var camera = try Camera(codec: .mjpeg, sets: nil)
        camera.sendPicture(fragment(at: 0, [1], quality: 200, extra: [0, 0, 0, 0]))
        camera.sendPicture(fragment(at: 0, [1], quality: 200, extra: tables))
        camera.sendPicture(fragment(at: 0, [1], quality: 200, extra: [0, 0, 0, 0]))
        camera.sendPicture(fragment(at: 0, [1], quality: 201, extra: [0, 0, 0, 0]))
        camera.sendPicture(fragment(at: 0, [1], quality: 255, extra: tables))
        camera.sendPicture(fragment(at: 0, [1], quality: 255, extra: [0, 0, 0, 0]))
        let units = camera.taken()
        #expect(
            units.map(\.omission)
                == [.missingParameterSets, nil, nil, .missingParameterSets, nil, .missingParameterSets]
        )
        for unit in [units[1], units[2], units[4]] {
            let (_, contents, _) = try segments(try #require(unit.bytes))
            #expect(contents[1] == [0] + (1...64))
            #expect(contents[2] == [1] + (65...128))
        }
    }

    @Test("tables of 16 bits and a single table are written as such")
    func otherTables() throws {
        var camera = try Camera(codec: .mjpeg, sets: nil)
        let wide = [UInt8](repeating: 7, count: 128 + 64)
        camera.sendPicture(fragment(at: 0, [1], quality: 255, extra: [0, 1, 0, 192] + wide))
        camera.sendPicture(fragment(at: 0, [1], quality: 255, extra: [0, 0, 0, 64] + [UInt8](repeating: 7, count: 64)))
        camera.sendPicture(fragment(at: 0, [1], quality: 255, extra: [0, 0, 0, 9] + [UInt8](repeating: 7, count: 9)))
        let units = camera.taken()
        let first = try segments(try #require(units[0].bytes))
        #expect(first.contents[1].first == 0x10 && first.contents[1].count == 129)
        #expect(first.contents[2].first == 0x01 && first.contents[2].count == 65)
        let second = try segments(try #require(units[1].bytes))
        #expect(second.markers.filter { $0 == 0xdb }.count == 1)
        #expect(second.contents[2].suffix(9) == [1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0])
        #expect(units[2].omission == .missingParameterSets)
    }

    @Test("restart markers are announced; type 0 has half the chrominance columns")
    func restart() throws {
        var camera = try Camera(codec: .mjpeg, sets: nil)
        camera.sendPicture(fragment(at: 0, [1], type: 64, extra: [0, 9, 0xff, 0xff]))
        let (markers, contents, _) = try segments(try #require(camera.taken().first?.bytes))
        #expect(markers == [0xe0, 0xdb, 0xdb, 0xdd, 0xc0, 0xc4, 0xc4, 0xc4, 0xc4, 0xda])
        #expect(contents[3] == [0, 9])
        #expect(contents[4][7] == 0x21)
    }

    @Test("a picture with a hole is measured and not handed out")
    func hole() throws {
        var camera = try Camera(codec: .mjpeg, sets: nil)
        camera.send(fragment(at: 0, [1, 2, 3]))
        camera.sequence += 1
        camera.send(fragment(at: 6, [7, 8]), marker: true)
        camera.timestamp += 3600
        camera.sequence += 1
        camera.send(fragment(at: 3, [7, 8]), marker: true)
        camera.timestamp += 3600
        camera.sendPicture(fragment(at: 0, [9]))
        let units = camera.taken()
        #expect(units.map(\.omission) == [.incomplete, .incomplete, nil])
        #expect(units.map(\.isDamaged) == [true, true, false])
        #expect(units.map(\.size) == [5, 2, 1])
    }

    @Test("an end of image that the camera sends is not doubled, a whole file is left as it is")
    func cameraWritesMore() throws {
        var camera = try Camera(codec: .mjpeg, sets: nil)
        camera.sendPicture(fragment(at: 0, [1, 0xff, 0xd9]))
        let file: [UInt8] = [0xff, 0xd8, 0xff, 0xdb, 0, 2, 9, 9]
        camera.send(fragment(at: 0, file, width: 0))
        camera.send(fragment(at: 8, [1, 2, 0xff, 0xd9]), marker: true)
        let units = camera.taken()
        #expect(units[0].bytes?.suffix(4) == [0, 1, 0xff, 0xd9])
        #expect(units[1].bytes == file + [1, 2, 0xff, 0xd9])
    }

    @Test("beyond 2,040 pixels the description or the header extension tells the size, where the header does not")
    func largePictures() throws {
        func track(_ line: String) throws -> RTPDepacketiser {
            let text = "m=video 0 RTP/AVP 26\n" + line
            return try RTPDepacketiser(track: SessionDescription(reading: text).media[0], parameterSets: nil)
        }
        func size(_ line: String, _ width: UInt8, _ height: UInt8, extension bytes: [UInt8] = []) throws -> [UInt8]? {
            var payload = fragment(at: 0, [1], width: width)
            payload[7] = height
            let header: [UInt8] = [bytes.isEmpty ? 0x80 : 0x90, 0x80 | 26, 0, 1, 0, 0, 0, 1, 0, 0, 0, 7]
            var depacketiser = try track(line)
            var units: [CodedUnit] = []
            (header + bytes + payload).withUnsafeBytes { depacketiser.take($0) { units.append($0) } }
            #expect(units.count == 1 && (units[0].bytes != nil) == (units[0].omission != .unknownSize))
            return try units.first?.bytes.map { Array(try segments($0).contents[3][1...4]) }
        }
        let (large, small): ([UInt8], [UInt8]) = ([5, 160, 10, 0], [4, 56, 7, 128])
        #expect(try size("a=framesize:26 2560-1440", 0, 0) == large)
        #expect(try size("a=framesize:26 2560-1440", 0, 180) == large, "one of them fits")
        #expect(try size("a=x-dimensions:2560,1440", 0, 0) == large)
        #expect(try size("a=framesize:26 2560-1440", 64, 180) == large, "the width has wrapped")
        #expect(try size("a=framesize:26 2560-1440", 240, 135) == small, "another picture than the one described")
        #expect(try size("", 0, 0) == nil)
        let frame: [UInt8] = [0xff, 0xc0, 0, 17, 8, 5, 160, 10, 0, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1, 0xff]
        let tables: [UInt8] = [0xff, 0xdb, 0, 4, 9, 9, 0xff, 0xff]
        #expect(try size("", 0, 0, extension: [0xff, 0xd8, 0, 7] + tables + frame) == large)
        #expect(try size("", 0, 0, extension: [0xff, 0xd8, 0, 2] + tables) == nil)
        #expect(try size("", 0, 0, extension: [0xbe, 0xde, 0, 5] + frame) == nil, "another extension")
    }

    @Test("what is not spoken is named: other types, and pictures too large for the header")
    func unsupported() throws {
        var camera = try Camera(codec: .mjpeg, sets: nil)
        camera.sendPicture(fragment(at: 0, [1], type: 2))
        camera.sendPicture(fragment(at: 0, [1], width: 0))
        camera.sendPicture([1, 2, 3])
        #expect(camera.taken().map(\.omission) == [.unsupported, .unknownSize])
        #expect(camera.depacketiser.counters.unsupported == 2)
        #expect(camera.depacketiser.counters.malformed == 1)
    }
}

import Flow
import RTSP
import Testing

@Suite struct AnnexBTests {
    @Test(
        "units stand between start codes of three or four bytes",
        arguments: [
            ([], []),
            ([0x65, 0x88], []),
            ([0, 0, 1], []),
            ([0, 0, 1, 0x65], [[0x65]]),
            ([0, 0, 0, 1, 0x67, 0x42, 0, 0, 1, 0x68], [[0x67, 0x42], [0x68]]),
            // Zero bytes in front of a start code and at the end belong to the byte stream.
            ([0, 0, 0, 0, 1, 0x09, 0x10, 0, 0, 0, 0, 1, 0x65, 0x80, 0, 0], [[0x09, 0x10], [0x65, 0x80]]),
            // 00 00 03 is no start code, 00 00 02 neither; an empty unit is none.
            ([0, 0, 1, 0x41, 0, 0, 3, 0, 0, 2, 7, 0, 0, 1, 0, 0, 1, 0x42], [[0x41, 0, 0, 3, 0, 0, 2, 7], [0x42]]),
            ([0xff, 0, 0, 1, 1, 0, 1, 1], [[1, 0, 1, 1]]),
        ] as [([UInt8], [[UInt8]])]
    )
    func units(bytes: [UInt8], expected: [[UInt8]]) {
        #expect(AnnexB.units(bytes).map { Array(bytes[$0]) } == expected)
    }

    @Test("units that are put behind start codes are found again")
    func roundTrip() {
        var generator = SplitMix(seed: 3)
        for _ in 0..<200 {
            // Without two zeros in a row, as an encoder's emulation prevention guarantees, and no zero at the end.
            let units: [[UInt8]] = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
                let length = Int.random(in: 1...40, using: &generator)
                return (0..<length).map { $0 % 3 == 1 ? 0 : UInt8(1 + $0 % 3) } + [9]
            }
            var stream: [UInt8] = []
            for unit in units {
                stream += [UInt8](repeating: 0, count: Int.random(in: 2...5, using: &generator))
                stream += [1] + unit
            }
            #expect(AnnexB.units(stream).map { Array(stream[$0]) } == units)
        }
    }

    @Test(
        "the type of a unit is in its first byte",
        arguments: [
            ([0x65], .h264, 5), ([0x67], .h264, 7), ([0x40, 0x01], .h265, 32), ([0x26, 0x01], .h265, 19),
            ([0xff], .mjpeg, nil), ([], .h264, nil),
        ] as [([UInt8], StreamFormat.Codec, UInt8?)]
    )
    func types(unit: [UInt8], codec: StreamFormat.Codec, expected: UInt8?) {
        #expect(NALUnitType.of(unit, codec: codec) == expected)
    }
}

import Flow
import Testing

@testable import Media

@Suite struct ParameterSetsTests {
    /// The NAL units of an Annex B unit.
    private func nals(_ bytes: [UInt8]) -> [[UInt8]] {
        var found: [[UInt8]] = []
        bytes.withUnsafeBytes { buffer in AnnexB.forEachUnit(in: buffer) { found.append(Array($0)) } }
        return found
    }

    private func joined(_ nals: [[UInt8]]) -> [UInt8] { nals.flatMap { [0, 0, 1] + $0 } }

    private func keyframe(_ codec: StreamFormat.Codec) throws -> [[UInt8]] {
        let path =
            codec == .h264 ? try Clips.pattern("plain.mp4", Clips.h264) : try Clips.pattern("plain265.mp4", Clips.h265)
        return nals(try #require(try Clips.units(path).first).bytes)
    }

    private func type(_ nal: [UInt8], _ codec: StreamFormat.Codec) -> UInt8 {
        codec == .h264 ? nal[0] & 0x1f : nal[0] >> 1
    }

    @Test(
        "NAL units are found between three- and four-byte start codes",
        arguments: [
            ([0, 0, 1, 9], [[9]]), ([0, 0, 0, 1, 9, 0, 0, 1, 8], [[9], [8]]),
            ([0, 0, 1, 9, 0, 0, 0, 1, 8, 0], [[9], [8]]),
            ([9, 9, 9], []), ([], []), ([0, 0, 1], []), ([1, 0, 0, 1, 7, 1, 0, 1], [[7, 1, 0, 1]]),
            ([0, 0, 1, 0, 0, 1, 5], [[5]]),
        ] as [([UInt8], [[UInt8]])]
    )
    func splits(bytes: [UInt8], expected: [[UInt8]]) {
        #expect(nals(bytes) == expected)
    }

    @Test("bits are read past emulation prevention bytes")
    func bitReader() {
        let bytes: [UInt8] = [0xff, 0x00, 0x00, 0x03, 0x01, 0x80]
        bytes.withUnsafeBytes { buffer in
            var reader = NALBitReader(buffer, headerBytes: 1)
            #expect(reader.bits(24) == 1)
            #expect(reader.expGolomb() == 0)
            #expect(reader.expGolomb() == nil)
        }
        // 1, 010, 011, 00100 are 0, 1, 2, 3.
        [UInt8(0b1010_0110), 0b0100_0000].withUnsafeBytes { buffer in
            var reader = NALBitReader(buffer, headerBytes: 0)
            #expect((0..<4).map { _ in reader.expGolomb() } == [0, 1, 2, 3])
        }
    }

    @Test("a keyframe as the demuxer delivers it is self-contained", arguments: [StreamFormat.Codec.h264, .h265])
    func complete(codec: StreamFormat.Codec) throws {
        #expect(ParameterSets(of: joined(try keyframe(codec)), codec: codec).isSelfContained)
    }

    @Test(
        "a keyframe that lacks one of its sets is not self-contained",
        arguments: [(StreamFormat.Codec.h264, UInt8(7)), (.h264, 8), (.h265, 32), (.h265, 33), (.h265, 34)]
    )
    func incomplete(codec: StreamFormat.Codec, missing: UInt8) throws {
        let rest = try keyframe(codec).filter { type($0, codec) != missing }
        #expect(!ParameterSets(of: joined(rest), codec: codec).isSelfContained)
    }

    @Test("sets of another number do not count")
    func otherNumber() throws {
        // The PPS starts with its id 0 as the single bit 1; 011 instead makes it 2.
        let changed = try keyframe(.h264).map { nal -> [UInt8] in
            type(nal, .h264) == 8 ? [nal[0], 0b0110_0000 | nal[1] >> 2] + nal[2...] : nal
        }
        #expect(!ParameterSets(of: joined(changed), codec: .h264).isSelfContained)
    }

    @Test("an H.264 picture of other slices than I needs others; a second field may, and an IDR picture never does")
    func needsOthers() {
        // From behind the header: first macroblock 0, or 1; type 7 (I) or 5 (P); PPS 0.
        let (i, p, laterP): ([UInt8], [UInt8], [UInt8]) = (
            [0x41, 0x88, 0xff], [0x41, 0x9a, 0xff], [0x41, 0x46, 0xff]
        )
        func needs(_ nals: [[UInt8]]) -> Bool { ParameterSets(of: joined(nals), codec: .h264).needsOthers }
        #expect(!needs([i]) && !needs([i, [0x41, 0x42, 0x3f]]))
        #expect(needs([p]) && needs([i, laterP]))
        #expect(!needs([i, p, laterP]), "two fields")
        #expect(!needs([[0x65, 0x88, 0xff]]) && !needs([[0x67, 0x42, 0xc0, 0x1e], [0x06, 0x05]]))
    }

    @Test("only the parameter sets are kept")
    func kept() throws {
        let sets = ParameterSets(of: joined(try keyframe(.h265)), codec: .h265)
        #expect(nals(sets.bytes).map { type($0, .h265) } == [32, 33, 34])
    }

    @Test("bytes that are no video are never self-contained", arguments: 0..<64)
    func garbage(seed: Int) {
        var state = UInt64(seed + 1)
        let bytes = (0..<300).map { _ -> UInt8 in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 60 < 9 ? UInt8(state >> 60 & 1) : UInt8(truncatingIfNeeded: state >> 40)
        }
        for cut in [0, 1, 2, 3, 5, 50, 300] {
            #expect(!ParameterSets(of: Array(bytes.prefix(cut)), codec: .h264).isSelfContained)
            #expect(!ParameterSets(of: Array(bytes.prefix(cut)), codec: .h265).isSelfContained)
        }
    }
}

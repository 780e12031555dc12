import Flow
import RTSP
import Testing

/// H.265 pictures that need no others and do not say so: what their slices tell.
@Suite struct RTPDepacketiserIntraTests {
    typealias Camera = TestCamera

    /// Bits, from the most significant one, filled up with a one and zeros.
    private static func bytes(_ bits: String) -> [UInt8] {
        var bits = bits + "1"
        while bits.count % 8 != 0 { bits += "0" }
        return stride(from: 0, to: bits.count, by: 8).map { start in
            bits.dropFirst(start).prefix(8).reduce(0) { $0 << 1 | ($1 == "1" ? 1 : 0) }
        }
    }

    /// An Exp-Golomb number.
    private static func number(_ value: Int) -> String {
        let digits = String(value + 1, radix: 2)
        return String(repeating: "0", count: digits.count - 1) + digits
    }

    /// SPS 0 of VPS 0: 4:2:0, that size, blocks of 16, so that 320×180 are 20×12 blocks, and their numbers 8 bits.
    private static func sps(width: Int = 320, height: Int = 180, window: Bool = false) -> [UInt8] {
        let size = number(0) + number(1) + number(width) + number(height)
        let crop = window ? "1" + number(0) + number(0) + number(0) + number(2) : "0"
        let depths = number(0) + number(0) + number(4)
        return [0x42, 0x01, 0x01] + [UInt8](repeating: 0x60, count: 12)
            + bytes(size + crop + depths + "1" + number(4) + number(2) + number(0) + number(0) + number(1) + "0110")
    }

    /// PPS 0 of SPS 0.
    private static func pps(dependent: Bool, extra: Int = 0) -> [UInt8] {
        let bits = String(extra, radix: 2)
        return [0x44, 0x01]
            + bytes(
                "11" + (dependent ? "1" : "0") + "0" + String(repeating: "0", count: 3 - bits.count) + bits + "0111"
            )
    }

    private enum Kind: String {
        case intra = "011"
        case predicted = "010"
    }

    /// A slice of a picture that is no random access point, from its header on.
    private static func slice(
        _ kind: Kind?,
        at block: Int? = nil,
        width: Int = 8,
        dependent: Bool,
        extra: Int = 0
    )
        -> [UInt8]
    {
        var bits = (block == nil ? "1" : "0") + "1"
        if let block {
            if dependent { bits += kind == nil ? "1" : "0" }
            let digits = String(block, radix: 2)
            bits += String(repeating: "0", count: width - digits.count) + digits
        }
        if let kind { bits += String(repeating: "1", count: extra) + kind.rawValue }
        return [0x02, 0x01] + bytes(bits + "10101010110101011101")
    }

    private func camera(_ sets: ParameterSets) throws -> Camera {
        var camera = try Camera(codec: .h265, sets: sets)
        camera.sendPicture(Self.slice(.predicted, dependent: false))
        camera.timestamp &+= 90_000 * 12
        _ = camera.taken()
        return camera
    }

    private func sets(_ pps: [UInt8], sps: [UInt8] = Self.sps()) -> ParameterSets {
        ParameterSets(codec: .h265, video: [Camera.vps265], sequence: [sps], picture: [pps])
    }

    @Test("an I picture of H.265 is found behind the bits that its parameter set adds", arguments: [0, 2, 7])
    func extraBits(extra: Int) throws {
        var camera = try camera(sets(Self.pps(dependent: false, extra: extra)))
        let bits = extra == 0 ? 0 : extra
        camera.sendPicture(Self.slice(.intra, dependent: false, extra: bits))
        camera.sendPicture(Self.slice(.predicted, dependent: false, extra: bits))
        #expect(camera.taken().map(\.isKeyframe) == [true, false])
    }

    @Test("all slices of an H.265 picture must be I slices, wherever they begin", arguments: [false, true])
    func allSlices(dependent: Bool) throws {
        for keeping in [RTPDepacketiser.Keeping.everything, .keyframes] {
            var camera = try camera(sets(Self.pps(dependent: dependent)))
            camera.depacketiser.keeping = keeping
            let first = Self.slice(.intra, dependent: dependent)
            for second in [Kind.intra, .predicted] {
                for block in [1, 120, 239] {
                    camera.send(first)
                    camera.send(Self.slice(second, at: block, dependent: dependent), marker: true)
                    camera.timestamp &+= 3600
                }
            }
            let units = camera.taken()
            #expect(units.map(\.isKeyframe) == [true, true, true, false, false, false])
            #expect(units.allSatisfy { !$0.isDamaged })
            #expect(units.map { $0.bytes != nil } == units.map { $0.isKeyframe || keeping == .everything })
        }
    }

    @Test("the slices of a picture in an aggregate, in fragments and on their own are judged alike")
    func packets() throws {
        for second in [Kind.intra, .predicted] {
            var camera = try camera(sets(Self.pps(dependent: false)))
            let slices = [Self.slice(.intra, dependent: false), Self.slice(second, at: 77, dependent: false)]
            camera.send([0x60, 0x01] + Camera.aggregate(slices), marker: true)
            camera.timestamp &+= 3600
            for (index, slice) in slices.enumerated() {
                // A first fragment of one byte: not even the beginning of the slice's header.
                camera.send([0x62, 0x01, 0x81, slice[2]])
                camera.send([0x62, 0x01, 0x41] + slice[3...], marker: index == 1)
            }
            camera.timestamp &+= 3600
            let units = camera.taken()
            #expect(units.map(\.isKeyframe) == [second == .intra, second == .intra])
            #expect(units.map { $0.bytes?.suffix(20) } == Array(repeating: units[0].bytes?.suffix(20), count: 2))
        }
    }

    @Test("a part of a slice without a header of its own is coded as the part before it")
    func dependentParts() throws {
        var camera = try camera(sets(Self.pps(dependent: true)))
        for kind in [Kind.intra, .predicted] {
            camera.send(Self.slice(.intra, dependent: true))
            camera.send(Self.slice(nil, at: 20, dependent: true))
            camera.send(Self.slice(kind, at: 40, dependent: true))
            camera.send(Self.slice(nil, at: 60, dependent: true), marker: true)
            camera.timestamp &+= 3600
        }
        #expect(camera.taken().map(\.isKeyframe) == [true, false])
    }

    @Test(
        "the address has as many bits as the size of the picture asks for",
        arguments: [(32, 16, 1), (1920, 1080, 13), (3840, 2160, 15)]
    )
    func addressBits(width: Int, height: Int, bits: Int) throws {
        for window in [false, true] {
            let sets = sets(Self.pps(dependent: false), sps: Self.sps(width: width, height: height, window: window))
            var camera = try camera(sets)
            for kind in [Kind.intra, .predicted] {
                camera.send(Self.slice(.intra, dependent: false))
                camera.send(Self.slice(kind, at: 1, width: bits, dependent: false), marker: true)
                camera.timestamp &+= 3600
            }
            #expect(camera.taken().map(\.isKeyframe) == [true, false])
        }
    }

    @Test("where the parameter set does not tell the size, a picture of several slices is no keyframe, one of one is")
    func unknownSize() throws {
        var sets = Camera.h265
        sets.picture = [Self.pps(dependent: false)]
        var camera = try camera(sets)
        camera.sendPicture(Self.slice(.intra, dependent: false))
        camera.send(Self.slice(.intra, dependent: false))
        camera.send(Self.slice(.intra, at: 1, dependent: false), marker: true)
        #expect(camera.taken().map(\.isKeyframe) == [true, false])
    }

    @Test("a picture whose first slice is lost is damaged, whatever the others are")
    func lostFirst() throws {
        var camera = try camera(sets(Self.pps(dependent: false)))
        camera.sequence &+= 1
        camera.send(Self.slice(.intra, at: 40, dependent: false))
        camera.send(Self.slice(.intra, at: 80, dependent: false), marker: true)
        #expect(camera.taken().map(\.isDamaged) == [true])
    }

    @Test("pictures that say that decoding can begin there are keyframes whatever their slices look like")
    func randomAccess() throws {
        var camera = try camera(sets(Self.pps(dependent: true)))
        camera.send(Camera.idr265)
        camera.send([0x26, 0x01, 0x60, 0x55, 0x66], marker: true)
        #expect(camera.taken().map(\.isKeyframe) == [true])
    }
}

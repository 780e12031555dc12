import Flow
import NIOCore
import RTSP

/// NAL units and parameter sets: found units hold no start code, and come through packets unchanged.
@Sendable
func fuzzUnits(_ input: inout Input) {
    let codec: StreamFormat.Codec = input.byte() & 1 == 0 ? .h264 : .h265
    let maximum = Int(input.byte()) + 64
    let bytes = input.all()
    let ranges = AnnexB.units(bytes)
    var end = 0
    for range in ranges {
        precondition(range.lowerBound >= end + 3 && !range.isEmpty && range.upperBound <= bytes.count)
        precondition(bytes[range].last != 0)
        precondition(AnnexB.units(Array(bytes[range])).isEmpty, "a unit with a start code in it")
        end = range.upperBound
    }
    let units = ranges.map { Array(bytes[$0]) }
    let again = Array(units.map { [0, 0, 0, 1] + $0 }.joined())
    precondition(AnnexB.units(again).map { Array(again[$0]) } == units)
    if let sets = try? ParameterSets(accessUnit: bytes, codec: codec) {
        precondition(sets.isComplete)
        precondition((try? ParameterSets(accessUnit: sets.annexB, codec: codec)) == sets)
    }
    checkPackets(units, codec, maximum)
}

/// Sends the units as slices of one picture.
private func checkPackets(_ units: [[UInt8]], _ codec: StreamFormat.Codec, _ maximum: Int) {
    let headerBytes = codec == .h264 ? 1 : 2
    let slices = units.filter { $0.count > headerBytes }.map { unit in
        codec == .h264 ? [unit[0] & 0xe0 | 1] + unit.dropFirst() : [0x02, 0x01] + unit.dropFirst(2)
    }
    let picture = Array(slices.map { [0, 0, 0, 1] + $0 }.joined())
    guard !slices.isEmpty, slices.count <= 1024, let sent = packets(picture, codec, maximum) else { return }
    let track = MediaDescription(
        kind: "video",
        payloadType: 96,
        encoding: codec == .h264 ? "H264" : "H265",
        clockRate: 90_000
    )
    guard var depacketiser = try? RTPDepacketiser(track: track, parameterSets: nil) else {
        preconditionFailure("a coding that is spoken was refused")
    }
    var found: [[UInt8]?] = []
    for packet in sent {
        packet.withExactCopy { bytes in depacketiser.take(bytes) { found.append($0.bytes) } }
    }
    precondition(found == [picture], "a picture changes on its way through packets")
}

private func packets(_ picture: [UInt8], _ codec: StreamFormat.Codec, _ maximum: Int) -> [[UInt8]]? {
    guard let packetiser = try? RTPPacketiser(codec: codec, maximumPayload: maximum) else { return nil }
    var frames = packetiser.packetise(picture).stamped(channel: 0, sequence: 65_530, timestamp: 1, ssrc: 2)
    var packets: [[UInt8]] = []
    while let prefix = frames.readBytes(length: 4) {
        guard let packet = frames.readBytes(length: Int(prefix[2]) << 8 | Int(prefix[3])) else { break }
        packets.append(packet)
    }
    return packets
}

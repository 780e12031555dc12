import RTSP
import Testing

@Suite struct ChannelRolesTests {
    private let media: [UInt8] = [0x80, 0x60, 0, 1, 0, 0, 0, 1, 0, 0, 0, 7, 1]
    private let report: [UInt8] = [0x80, 200, 0, 6] + [UInt8](repeating: 0, count: 24)

    private func roles(_ frames: [(UInt8, [UInt8])]) -> [ChannelRoles.Role] {
        var roles = ChannelRoles(channels: .init(rtp: 0, rtcp: 1), payloadType: 96)
        return frames.map { channel, payload in payload.withUnsafeBytes { roles.role(channel, $0) } }
    }

    @Test("media and reports are told apart on the channels that were agreed on")
    func asAgreed() {
        #expect(roles([(0, media), (1, report), (0, [0x80, 0x61] + media[2...])]) == [.media, .report, .media])
    }

    @Test("swapped channels, and others than those that were agreed on")
    func swapped() {
        #expect(roles([(1, media), (0, report), (1, media)]) == [.media, .report, .media])
        #expect(roles([(2, media), (3, report)]) == [.media, .report])
    }

    @Test("a second track that nobody asked for is not taken for the first")
    func otherTrack() {
        let audio: [UInt8] = [0x80, 0x08] + media[2...]
        #expect(roles([(2, audio), (0, media), (2, media), (3, [])]) == [.other, .media, .other, .other])
    }
}

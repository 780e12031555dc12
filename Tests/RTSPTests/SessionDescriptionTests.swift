import Flow
import RTSP
import Testing

@Suite struct SessionDescriptionTests {
    private let h264 = ParameterSets(
        codec: .h264,
        sequence: [[0x67, 0x42, 0xc0, 0x1e, 0xd9]],
        picture: [[0x68, 0xce]]
    )
    private let h265 = ParameterSets(
        codec: .h265,
        video: [[0x40, 0x01, 0x0c]],
        sequence: [[0x42, 0x01, 0x01]],
        picture: [[0x44, 0x01], [0x44, 0x02]]
    )

    @Test("an H.264 track carries profile and parameter sets as RFC 6184 names them")
    func writesH264() {
        let track = MediaDescription(video: h264, control: "trackID=0")
        let expected = [
            "v=0", "o=- 0 0 IN IP4 0.0.0.0", "s=cam/0001", "c=IN IP4 0.0.0.0", "t=0 0", "a=range:npt=now-",
            "a=control:*", "m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000",
            "a=fmtp:96 packetization-mode=1;profile-level-id=42C01E;sprop-parameter-sets=Z0LAHtk=,aM4=",
            "a=control:trackID=0", "",
        ]
        #expect(SessionDescription(name: "cam/0001", media: [track]).text == expected.joined(separator: "\r\n"))
    }

    @Test("an H.265 track carries its three kinds of sets as RFC 7798 names them")
    func writesH265() {
        let text = SessionDescription(name: "", media: [MediaDescription(video: h265, control: "t")]).text
        #expect(text.contains("a=rtpmap:96 H265/90000\r\n"))
        #expect(text.contains("a=fmtp:96 sprop-vps=QAEM;sprop-sps=QgEB;sprop-pps=RAE=,RAI=\r\n"))
        #expect(text.contains("s=-\r\n"))
    }

    @Test("a written description is read back with its parameter sets")
    func roundTrip() throws {
        for sets in [h264, h265] {
            let track = MediaDescription(video: sets, payloadType: 97, control: "trackID=0")
            let written = SessionDescription(name: "河 bank", media: [track])
            let read = try SessionDescription(reading: written.text)
            #expect(read == written)
            #expect(read.media.first?.codec == sets.codec)
            #expect(read.media.first?.parameterSets == sets)
        }
    }

    @Test("a camera's own dialect is read: blanks, LF, unknown lines, audio beside video, MJPEG without a map")
    func dialects() throws {
        let text = """
            v=0
            o=- 1109162014219182 1109162014219192 IN IP4 0.0.0.0
            s=Media Presentation
            e=NONE
            a=control:rtsp://192.0.2.1/Streaming/
            m=video 0 RTP/AVP 96
            a=rtpmap:96 h264/90000
            a=fmtp:96 profile-level-id=420029; packetization-mode=1; sprop-parameter-sets=Z0LAHtk=, aM4= ;
            a=control:rtsp://192.0.2.1/Streaming/trackID=1
            m=audio 0 RTP/AVP 8
            a=rtpmap:8 PCMA/8000
            a=Media_header:MEDIAINFO=494D4B48;
            m=video 0 RTP/AVP 26
            """
        let read = try SessionDescription(reading: text)
        #expect(read.control == "rtsp://192.0.2.1/Streaming/")
        #expect(read.media.map(\.kind) == ["video", "audio", "video"])
        #expect(read.media.map(\.codec) == [.h264, .other, .mjpeg])
        #expect(read.media.map(\.clockRate) == [90_000, 8000, 90_000])
        #expect(read.media[0].parameterSets == h264)
        #expect(read.media[0].control == "rtsp://192.0.2.1/Streaming/trackID=1")
        #expect(read.media[2].parameterSets == nil)
    }

    @Test(
        "a description without version, with a byte order mark, of the bare lines, is read",
        arguments: [
            "o=- 1 1 IN IP4 0.0.0.0\r\ns=x\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:t",
            "\u{feff}v=0\nm=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=control:t",
            "\u{feff}\r\n\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:t\r\n",
            "m=video 0 RTP/AVP 96\na=fmtp:96 sprop-parameter-sets=Z0LAHtk=,aM4=\na=control:t",
        ]
    )
    func bare(text: String) throws {
        let read = try SessionDescription(reading: text)
        #expect(read.media.map(\.codec) == [.h264])
        #expect(read.media.first?.control == "t")
    }

    @Test(
        "of several payload types the one that can be decoded is taken, and a map of another number is that of the only one",
        arguments: [
            ("97 96", "a=rtpmap:97 rtx/90000\na=fmtp:97 apt=96\na=rtpmap:96 H264/90000\n", UInt8(96)),
            ("96 97", "a=rtpmap:97 red/90000\na=rtpmap:96 H264/90000\n", 96),
            ("99", "a=rtpmap:96 H264/90000\n", 99), ("26 96", "a=rtpmap:96 H264/90000\n", 26),
        ]
    )
    func payloadTypes(types: String, maps: String, taken: UInt8) throws {
        let sets = "a=fmtp:96 sprop-parameter-sets=Z0LAHtk=,aM4=\n"
        let read = try SessionDescription(reading: "v=0\nm=video 0 RTP/AVP \(types)\n\(maps)\(sets)a=control:t\0\n")
        let track = try #require(read.media.first)
        #expect(track.payloadType == taken)
        #expect(track.codec == (taken == 26 ? .mjpeg : .h264))
        #expect(track.control == "t", "without the zero behind it")
        #expect((track.parameterSets == nil) == (taken == 26))
    }

    @Test("two maps of other numbers do not say which is meant")
    func foreignMaps() throws {
        let read = try SessionDescription(
            reading: "v=0\nm=video 0 RTP/AVP 96\na=rtpmap:97 H264/90000\na=rtpmap:98 H265/90000\n"
        )
        #expect(read.media.first?.codec == .other)
    }

    @Test(
        "text that is no description is refused",
        arguments: ["", "hello", "v=0\nm=video 0 RTP/AVP", "v=0\nm=video b c 999"]
    )
    func refuses(text: String) {
        #expect(throws: RTSPError.self) { try SessionDescription(reading: text) }
    }

    @Test(
        "parameter sets that are incomplete or not base64 are not taken",
        arguments: ["", "a=fmtp:96 sprop-parameter-sets=Z0LAHtk=", "a=fmtp:96 sprop-parameter-sets=Z0LAHtk=,a?4="]
    )
    func brokenSets(line: String) throws {
        let read = try SessionDescription(reading: "v=0\nm=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\n" + line)
        #expect(read.media.first?.parameterSets == nil)
    }

    @Test(
        "parameter sets are found in whatever way a camera writes them",
        arguments: [
            "a=fmtp:96 sprop-parameter-sets=Z0LAHtk=,aM4=,", "a=fmtp:96 sprop-parameter-sets=,Z0LAHtk=,,aM4=",
            "a=fmtp:96 sprop-parameter-sets=\"Z0LAHtk=,aM4=\"", "a=fmtp:96 SPROP-PARAMETER-SETS=Z0LAHtk,aM4",
            "a=fmtp:96 sprop-parameter-sets=Z0LAHtk=,aM4=;sprop-parameter-sets=",
            "a=fmtp:97 sprop-parameter-sets=Z0LAHtk=,aM4=",
            "a=fmtp:96 profile-level-id=TQAf;sprop-parameter-sets=AAAAAWdCwB7Z,AAAAAWjO",
        ]
    )
    func oddSets(line: String) throws {
        let read = try SessionDescription(reading: "v=0\nm=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\n" + line)
        #expect(read.media.first?.parameterSets == h264)
    }

    @Test("base64 with the letters of addresses is read")
    func lettersOfAddresses() throws {
        let sets = ParameterSets(codec: .h264, sequence: [[0x67, 0xfb, 0xff, 0xfe]], picture: [[0x68, 0xce]])
        let lines = "v=0\nm=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=fmtp:96 sprop-parameter-sets=Z_v__g==,aM4="
        #expect(try SessionDescription(reading: lines).media.first?.parameterSets == sets)
    }

    @Test("a map of another payload type than the line of the track names is its own while there is no other")
    func otherMap() throws {
        let text = "v=0\nm=video 0 RTP/AVP 96\n"
        let odd = try SessionDescription(reading: text + "a=rtpmap:97 H265/90000\n")
        #expect(odd.media.map(\.codec) == [.h265])
        let both = try SessionDescription(reading: text + "a=rtpmap:97 VP8/8000\na=rtpmap:96 H264/90000\n")
        #expect(both.media.map(\.codec) == [.h264])
        #expect(both.media.map(\.clockRate) == [90_000])
    }

    @Test("parameter sets are collected from a keyframe, each once")
    func collects() throws {
        let keyframe = h265.annexB + h265.annexB + [0, 0, 1, 0x26, 0x01, 0xaf]
        #expect(try ParameterSets(accessUnit: keyframe, codec: .h265) == h265)
        #expect(throws: RTSPError.self) { try ParameterSets(accessUnit: [0, 0, 1, 0x65, 0x88], codec: .h264) }
        #expect(throws: RTSPError.self) { try ParameterSets(accessUnit: keyframe, codec: .mjpeg) }
    }
}

import Flow
import Foundation
import TestSupport
import Testing

@testable import Media

@Suite(.ownThread) struct PhotoReencoderTests {
    /// A picture file of `ffmpeg`: left half red, right half blue, a white stripe along the top.
    private static func bytes(_ name: String, size: String = "320x240", _ coding: [String] = []) throws -> [UInt8] {
        let half = "drawbox=x=iw/2:y=0:w=iw/2:h=ih:c=blue:t=fill,drawbox=x=0:y=0:w=iw:h=ih/8:c=white:t=fill"
        let path = try Clips.clip(
            name,
            ["-f", "lavfi", "-i", "color=red:size=\(size):duration=1:rate=1", "-frames:v", "1", "-vf", half] + coding
        )
        return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    private static let jpegCoding = ["-c:v", "mjpeg", "-q:v", "2", "-pix_fmt", "yuvj420p"]

    /// The result as a picture.
    private func decoded(_ photo: PhotoReencoder.Photo) throws -> LumaPlane {
        let format = StreamFormat(codec: .mjpeg, avCodecID: 7, width: 0, height: 0, extradata: [])
        let unit = AccessUnit(format: format, time: .zero, decodeTime: .zero, isKeyframe: true, bytes: photo.jpeg)
        return try KeyframeDecoder().decode(unit) { $0.lumaPlane(pixels: $0.width * $0.height) }
    }

    /// What is thrown for `bytes`; nil when they are taken.
    private func refusal(_ bytes: [UInt8], _ limits: PhotoReencoder.Limits = .init()) -> PhotoError? {
        do throws(PhotoError) {
            _ = try PhotoReencoder.reencode(bytes, limits: limits)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "JPEG, PNG and WebP of every pixel form become a JPEG of the same picture",
        arguments: [
            ("a.jpg", jpegCoding), ("b.jpg", ["-c:v", "mjpeg", "-q:v", "2", "-pix_fmt", "yuvj444p"]),
            ("c.png", ["-pix_fmt", "rgb24"]), ("d.png", ["-pix_fmt", "rgba"]), ("e.png", ["-pix_fmt", "rgb48be"]),
            ("f.png", ["-pix_fmt", "pal8"]), ("g.png", ["-pix_fmt", "gray"]), ("h.png", ["-pix_fmt", "ya8"]),
            ("i.webp", ["-c:v", "libwebp", "-lossless", "0", "-pix_fmt", "yuv420p"]),
            ("j.webp", ["-c:v", "libwebp", "-lossless", "1", "-pix_fmt", "bgra"]),
            ("k.webp", ["-c:v", "libwebp", "-lossless", "0", "-pix_fmt", "yuva420p"]),
        ] as [(String, [String])]
    )
    func forms(name: String, coding: [String]) throws {
        let photo = try PhotoReencoder.reencode(try Self.bytes(name, coding))
        #expect("\(photo.width)x\(photo.height)" == "320x240")
        #expect(photo.captureTime == nil && photo.position == nil)
        let plane = try decoded(photo)
        #expect("\(plane.width)x\(plane.height)" == "320x240")
        // Full range BT.601: red 76, blue 29, white 255.
        #expect(plane.pixels[10 * 320 + 100] > 240)
        #expect((66...90).contains(plane.pixels[150 * 320 + 60]), "\(plane.pixels[150 * 320 + 60])")
        #expect((18...44).contains(plane.pixels[150 * 320 + 250]), "\(plane.pixels[150 * 320 + 250])")
    }

    @Test(
        "a large photo is scaled to its long side, a small one stays",
        arguments: [(3000, 2000), (900, 3000), (40, 30)]
    )
    func scaled(width: Int, height: Int) throws {
        let bytes = try Self.bytes("big-\(width).jpg", size: "\(width)x\(height)", Self.jpegCoding)
        let photo = try PhotoReencoder.reencode(bytes)
        let longest = max(width, height)
        #expect(max(photo.width, photo.height) == min(2560, longest))
        #expect(abs(photo.width * height - photo.height * width) <= longest)
        #expect(try decoded(photo).width == photo.width)
    }

    @Test("a picture of 50,000 x 50,000 pixels is refused by its header", arguments: ["png", "jpg", "webp"])
    func bomb(kind: String) throws {
        let bytes: [UInt8] =
            switch kind {
            case "png": PhotoBytes.png(width: 50_000, height: 50_000, [("IDAT", [1, 2, 3])])
            case "jpg": PhotoBytes.jpegHead(width: 50_000, height: 50_000)
            default: PhotoBytes.losslessWebP(width: 16_384, height: 16_384)
            }
        guard case .tooManyPixels(let width, let height, let limit) = refusal(bytes) else {
            Issue.record("taken, or refused as \(String(describing: refusal(bytes)))")
            return
        }
        #expect(width == height && width >= 16_384 && limit <= 64_000_000)
    }

    @Test("many bytes a pixel count, and a side that no camera has")
    func otherBombs() {
        for bytes in [
            PhotoBytes.png(width: 7000, height: 7000, depth: 16, color: 6, [("IDAT", [1])]),
            PhotoBytes.png(width: 40_000, height: 1, [("IDAT", [1])]),
            PhotoBytes.png(width: 0xffff_ffff, height: 0xffff_ffff, [("IDAT", [1])]),
        ] {
            guard case .tooManyPixels = refusal(bytes) else {
                Issue.record("taken, or refused as \(String(describing: refusal(bytes)))")
                continue
            }
        }
        #expect(refusal(PhotoBytes.png(width: 0, height: 5, [("IDAT", [1])])) == .damaged)
    }

    @Test("texts and profiles that unpack to any size never reach a decoder")
    func unpackingChunks() throws {
        var png = try Self.bytes("profile.png", ["-pix_fmt", "rgb24"])
        // A profile that is no valid zlib stream would be an error of the decoder.
        png.insert(contentsOf: PhotoBytes.chunk("iCCP", Array("x\0\0junkjunk".utf8)), at: 33)
        png.insert(contentsOf: PhotoBytes.chunk("acTL", [0, 0, 0, 9, 0, 0, 0, 0]), at: 33)
        let file = try PhotoFile(png)
        #expect(!file.picture.contains(subsequence: Array("iCCP".utf8)))
        #expect(!file.picture.contains(subsequence: Array("acTL".utf8)))
        #expect(try PhotoReencoder.reencode(png).width == 320)
    }

    @Test("empty, cut and junk files are refused by name, wherever they are cut")
    func refusals() throws {
        #expect(refusal([]) == .empty)
        #expect(refusal(Array("<html><body>404 未找到</body>".utf8)) == .notAnImage(.text))
        #expect(refusal((0..<2000).map { UInt8(truncatingIfNeeded: $0 * $0 / 7 &+ 200) }) == .notAnImage(.unknown))
        for (name, coding) in [
            ("cut.jpg", Self.jpegCoding), ("cut.png", ["-pix_fmt", "rgb24"]), ("cut.webp", ["-c:v", "libwebp"]),
        ] {
            let whole = try Self.bytes(name, coding)
            for share in [12, 40, whole.count / 3, whole.count / 2, whole.count - 20, whole.count - 3] {
                #expect(refusal(Array(whole.prefix(share))) == .truncated, "\(name) of \(share) bytes")
            }
        }
    }

    @Test(
        "other kinds of files are named",
        arguments: [
            ("....ftypheic", PhotoError.Kind.heic), ("....ftypmif1", .heic), ("....ftypavif", .avif),
            ("GIF89a..", .gif),
            ("....ftypisom", .video), ("%PDF-1.7", .pdf), ("PK\u{3}\u{4}..", .zip), ("BM......", .bmp),
            ("II*\0....", .tiff), ("RIFF....AVI LIST", .video), ("Hello", .text),
        ]
    )
    func kinds(head: String, kind: PhotoError.Kind) {
        #expect(refusal(Array(head.utf8)) == .notAnImage(kind))
    }

    @Test("every refusal says what to do")
    func sentences() {
        let errors: [PhotoError] =
            PhotoError.Kind.allCases.map { .notAnImage($0) } + [
                .empty, .truncated, .damaged, .tooManyPixels(width: 9, height: 9, limit: 64_000_000),
            ]
        for error in errors { #expect(error.description.contains(";"), "\(error)") }
        #expect(Set(errors.map(\.description)).count == errors.count)
    }

    @Test("damage within a whole file is refused")
    func damage() throws {
        var png = try Self.bytes("damage.png", ["-pix_fmt", "rgb24"])
        png[png.count / 2] ^= 0x55
        #expect(refusal(png) == .damaged)
        // A scan that ends early, properly closed.
        let jpeg = try Self.bytes("damage.jpg", Self.jpegCoding)
        #expect(refusal(Array(jpeg.prefix(jpeg.count - 500)) + [0xff, 0xd9]) == .damaged)
    }

    @Test("a progressive picture with scans without end is refused")
    func scans() throws {
        let jpeg = try Self.bytes("scans.jpg", Self.jpegCoding)
        let header = try #require(jpeg.firstRange(of: [0xff, 0xda]))
        let scan = jpeg[header.lowerBound..<jpeg.count - 2]
        let many = jpeg[..<header.lowerBound] + Array(repeating: scan, count: 65).joined() + [0xff, 0xd9]
        #expect(refusal(Array(many)) == .damaged)
    }

    @Test("what hides in and behind a picture is gone: metadata, comments, pages, archives, a second picture")
    func polyglot() throws {
        let secret = Array("<script>FieldPhone-7</script>PK\u{3}\u{4}".utf8)
        var jpeg = try Self.bytes("poly.jpg", Self.jpegCoding)
        for marker: UInt8 in [0xe1, 0xe2, 0xed, 0xfe] {
            jpeg.insert(contentsOf: [0xff, marker, 0, UInt8(secret.count + 2)] + secret, at: 2)
        }
        let second = try Self.bytes("second.jpg", size: "64x64", Self.jpegCoding)
        let photo = try PhotoReencoder.reencode(jpeg + secret + second)
        #expect("\(photo.width)x\(photo.height)" == "320x240")
        #expect(!photo.jpeg.contains(subsequence: Array("FieldPhone".utf8)))
        #expect(photo.jpeg.suffix(2).elementsEqual([0xff, 0xd9]))
        let markers = photo.jpeg.indices.dropLast().filter { photo.jpeg[$0] == 0xff && photo.jpeg[$0 + 1] == 0xe1 }
        #expect(markers.isEmpty, "no Exif block in what is kept")
        var png = try Self.bytes("poly.png", ["-pix_fmt", "rgb24"])
        png.insert(contentsOf: PhotoBytes.chunk("tEXt", secret), at: 33)
        #expect(!(try PhotoReencoder.reencode(png + secret)).jpeg.contains(subsequence: secret))
    }

    @Test("every orientation comes out upright", arguments: 1...8)
    func orientation(value: Int) throws {
        var jpeg = try Self.bytes("turn.jpg", Self.jpegCoding)
        jpeg.insert(contentsOf: PhotoBytes.exifSegment(orientation: value), at: 2)
        let photo = try PhotoReencoder.reencode(jpeg)
        let turned = value >= 5
        #expect("\(photo.width)x\(photo.height)" == (turned ? "240x320" : "320x240"))
        // In the file the stripe is on top and red on the left: where Exif says that row 0 and column 0 lie.
        let plane = try decoded(photo)
        func mean(_ side: String) -> Int {
            let (w, h) = (plane.width, plane.height)
            let at =
                switch side {
                case "top": (w / 2 - 30, 8)
                case "bottom": (w / 2 - 30, h - 9)
                case "left": (8, h / 2 + 30)
                default: (w - 9, h / 2 + 30)
                }
            return Int(plane.pixels[at.1 * w + at.0])
        }
        let row0 = ["", "top", "top", "bottom", "bottom", "left", "right", "right", "left"][value]
        let column0 = ["", "left", "right", "right", "left", "top", "top", "bottom", "bottom"][value]
        #expect(mean(row0) > 240)
        #expect((60...95).contains(mean(column0)), "\(mean(column0))")
    }

    @Test("time and place come back as values, in both byte orders and from each form of file")
    func tags() throws {
        for bigEndian in [false, true] {
            let exif = PhotoBytes.exif(orientation: 1, bigEndian: bigEndian)
            var jpeg = try Self.bytes("tags.jpg", Self.jpegCoding)
            jpeg.insert(contentsOf: PhotoBytes.segment(exif), at: 2)
            var png = try Self.bytes("tags.png", ["-pix_fmt", "rgb24"])
            png.insert(contentsOf: PhotoBytes.chunk("eXIf", exif), at: 33)
            for bytes in [jpeg, png] {
                let photo = try PhotoReencoder.reencode(bytes)
                let time = try #require(photo.captureTime)
                let day = "\(time.year)-\(time.month)-\(time.day)"
                #expect(day == "2026-2-28")
                #expect("\(time.hour):\(time.minute):\(time.second)" == "23:59:7")
                #expect(time.offset == 8 * 3600)
                #expect(time.unixSeconds(assuming: 0) == 1_772_294_347)
                let place = try #require(photo.position)
                #expect(abs(place.latitude + 26.746583) < 1e-5)
                #expect(abs(place.longitude - 106.5) < 1e-9)
            }
        }
    }

    @Test("days are counted right over leap years", arguments: [(2024, 2, 29, 1_709_164_800), (1970, 1, 1, 0)])
    func days(year: Int, month: Int, day: Int, seconds: Int) {
        let time = PhotoReencoder.CaptureTime(
            year: year,
            month: month,
            day: day,
            hour: 8,
            minute: 0,
            second: 0,
            offset: nil
        )
        #expect(time.unixSeconds(assuming: 8 * 3600) == seconds)
    }

    @Test("an Exif block cut or bent anywhere is no place, and never an end of the program")
    func brokenTags() {
        let exif = PhotoBytes.exif(orientation: 6, bigEndian: false)
        for count in 0..<exif.count { _ = PhotoTags(exif[..<count]) }
        for index in exif.indices {
            for value: UInt8 in [0, 1, 0x7f, 0xff] {
                var bent = exif
                bent[index] = value
                let tags = PhotoTags(bent[...])
                #expect((1...8).contains(tags.orientation))
                if let place = tags.position { #expect(abs(place.latitude) <= 90 && abs(place.longitude) <= 180) }
            }
        }
    }
}

extension Array where Element: Equatable {
    fileprivate func contains(subsequence: [Element]) -> Bool { firstRange(of: subsequence) != nil }
}

import Foundation
import RTSP
import TestSupport
import Testing

/// Another program that cuts a clip's video into RTP packets, without a network in between.
enum Packer: String, CaseIterable, CustomTestStringConvertible, Sendable {
    /// Sends the parameter sets in its session description only, and RTCP among the RTP packets.
    case ffmpeg
    /// Sends the parameter sets in band, before every keyframe.
    case gstreamer

    var testDescription: String { rawValue }

    /// The packets of a clip, and what its session description says.
    func pack(_ clip: String, encoding: String) throws -> (track: MediaDescription, packets: [[UInt8]]) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "pack-" + UUID().uuidString.prefix(8))
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        switch self {
        case .ffmpeg: return try packWithFFmpeg(clip, folder)
        case .gstreamer: return try packWithGStreamer(clip, folder, encoding)
        }
    }

    /// A packet socket keeps the borders of packets, loses none, and makes the sender wait.
    private func packWithFFmpeg(_ clip: String, _ folder: URL) throws -> (MediaDescription, [[UInt8]]) {
        let (socket, text) = (folder.path + "/rtp", folder.path + "/sdp")
        let listener = try PacketListener(path: socket)
        let process = try Self.start(
            ["ffmpeg", "-v", "error", "-nostdin", "-i", clip, "-map", "0:v:0", "-c", "copy"]
                + ["-packetsize", "1400", "-sdp_file", text, "-type", "seqpacket", "-f", "rtp", "unix:" + socket]
        )
        let packets = try listener.packets()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        let description = try SessionDescription(reading: String(contentsOfFile: text, encoding: .utf8))
        return (try #require(description.media.first), packets)
    }

    /// Writes packets behind lengths of two bytes (RFC 4571) into a file.
    private func packWithGStreamer(
        _ clip: String,
        _ folder: URL,
        _ encoding: String
    ) throws -> (MediaDescription, [[UInt8]]) {
        let name = encoding.lowercased()
        let file = folder.path + "/rtp"
        let isJPEG = name == "jpeg"
        let process = try Self.start(
            ["gst-launch-1.0", "-q", "filesrc", "location=\(clip)", "!", isJPEG ? "avidemux" : "qtdemux", "!"]
                + ["\(name)parse", "!", "rtp\(name)pay", "pt=96"] + (isJPEG ? [] : ["config-interval=-1"])
                + ["!", "rtpstreampay", "!"]
                // Its buffered writing of many small packets loses some (GStreamer 1.22).
                + ["filesink", "buffer-mode=unbuffered", "location=\(file)"]
        )
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
        var packets: [[UInt8]] = []
        var position = 0
        while position + 2 <= bytes.count {
            let length = Int(bytes[position]) << 8 | Int(bytes[position + 1])
            position += 2
            try #require(position + length <= bytes.count)
            packets.append(Array(bytes[position..<position + length]))
            position += length
        }
        let track = MediaDescription(kind: "video", payloadType: 96, encoding: encoding, clockRate: 90_000)
        return (track, packets)
    }

    static func start(_ command: [String]) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["timeout", "60"] + command
        try process.runGuarded()
        return process
    }
}

/// A Unix socket that one program sends packets to.
struct PacketListener {
    private let listener: Int32

    init(path: String) throws {
        listener = socket(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        try #require(path.utf8.count < MemoryLayout.size(ofValue: address.sun_path))
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(status == 0 && listen(listener, 1) == 0)
    }

    /// Takes one connection, and everything that comes before it is closed.
    func packets() throws -> [[UInt8]] {
        defer { close(listener) }
        var ready = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
        try #require(poll(&ready, 1, 30_000) == 1, "the packer has not connected")
        let connection = accept(listener, nil, nil)
        defer { close(connection) }
        var packets: [[UInt8]] = []
        var room = [UInt8](repeating: 0, count: 65_536)
        while true {
            var ready = pollfd(fd: connection, events: Int16(POLLIN), revents: 0)
            try #require(poll(&ready, 1, 30_000) == 1, "the packer sends nothing")
            let count = recv(connection, &room, room.count, 0)
            guard count > 0 else { return packets }
            packets.append(Array(room[..<count]))
        }
    }
}

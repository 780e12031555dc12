import Flow
import Glibc

/// One parser under test: takes any bytes, and stops the process when something that always holds does not.
struct Target: Sendable {
    let name: String
    let run: @Sendable (inout Input) -> Void

    static let all = [
        Target(name: "rtsp-message", run: fuzzMessages),
        Target(name: "sdp", run: fuzzDescription),
        Target(name: "interleaved", run: fuzzScanner),
        Target(name: "rtp-h264") { fuzzDepacketiser(.h264, &$0) },
        Target(name: "rtp-h265") { fuzzDepacketiser(.h265, &$0) },
        Target(name: "rtp-jpeg") { fuzzDepacketiser(.mjpeg, &$0) },
        Target(name: "rtcp", run: fuzzControlPackets),
        Target(name: "nal-units", run: fuzzUnits),
        Target(name: "spool", run: fuzzSalvage),
        Target(name: "photo", run: fuzzPhotos),
    ]

    /// The one that the environment names.
    static let chosen: Target? = {
        guard let name = getenv("FUZZ_TARGET") else { return nil }
        return all.first { $0.name == String(cString: name) }
    }()
}

/// libFuzzer's own loop: makes inputs, and calls `test` with each.
@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

@main
struct Fuzz {
    static func main() {
        precondition(Target.chosen != nil, "set FUZZ_TARGET to one of: \(Target.all.map(\.name))")
        var count = CommandLine.argc
        var arguments = CommandLine.unsafeArgv
        let status = runFuzzer(&count, &arguments) { bytes, count in
            var input = Input(UnsafeRawBufferPointer(start: bytes, count: count))
            Target.chosen?.run(&input)
            return 0
        }
        exit(status)
    }
}

import Detection
import Flow
import Glibc

// Runs detection with one rule over raw grey pictures: Count FILE WIDTH HEIGHT PICTURES_A_SECOND.
let arguments = CommandLine.arguments
guard arguments.count == 5, let width = Int(arguments[2]), let height = Int(arguments[3]),
    let rate = Double(arguments[4]), let file = fopen(arguments[1], "rb")
else {
    let usage = "cannot count: the arguments are FILE WIDTH HEIGHT PICTURES_A_SECOND, and FILE must be readable\n"
    write(STDERR_FILENO, usage, usage.utf8.count)
    exit(2)
}

var analyzer = try CameraAnalyzer(rules: [Rule(id: "all", kind: .intrusion)], settings: DetectionSettings())
var pixels = [UInt8](repeating: 0, count: width * height)
var pictures = 0
while fread(&pixels, 1, pixels.count, file) == pixels.count {
    let plane = LumaPlane(width: width, height: height, pixels: pixels)
    _ = analyzer.observe(plane, at: MediaTime(seconds: Double(pictures) / rate))
    pictures += 1
}
print(pictures)

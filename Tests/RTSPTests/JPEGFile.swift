/// What a decoder takes out of a baseline JPEG file.
struct JPEGFile: Equatable {
    /// Height and width, as written.
    var size: [UInt8] = []
    /// Of each component: its sampling, and the quantisation table that it uses.
    var components: [[UInt8]] = []
    /// Huffman tables by class and number: lengths and values.
    var huffman: [UInt8: [UInt8]] = [:]
    /// The scan, up to the end of the image.
    var scan: [UInt8] = []

    /// Reads a file; nil when it is none.
    init?(_ file: [UInt8]) {
        guard file.starts(with: [0xff, 0xd8]) else { return nil }
        var quantisation: [UInt8: [UInt8]] = [:]
        var frame: [UInt8] = []
        var position = 2
        while position + 4 <= file.count, file[position] == 0xff {
            let marker = file[position + 1]
            let end = position + 2 + Int(file[position + 2]) << 8 + Int(file[position + 3])
            guard end <= file.count else { return nil }
            var content = file[position + 4..<end]
            position = end
            switch marker {
            case 0xdb:
                while let name = content.popFirst() {
                    quantisation[name & 0x0f] = Array(content.prefix(name >> 4 == 0 ? 64 : 128))
                    content = content.dropFirst(name >> 4 == 0 ? 64 : 128)
                }
            case 0xc4:
                while let name = content.popFirst() {
                    let count = 16 + content.prefix(16).reduce(0) { $0 + Int($1) }
                    huffman[name] = Array(content.prefix(count))
                    content = content.dropFirst(count)
                }
            case 0xc0:
                frame = Array(content)
            case 0xda:
                scan = Array(file[position...])
                if let start = scan.indices.dropLast().last(where: { scan[$0] == 0xff && scan[$0 + 1] == 0xd9 }) {
                    scan = Array(scan[..<start])
                }
                guard frame.count == 15 else { return nil }
                size = Array(frame[1..<5])
                components = stride(from: 6, to: 15, by: 3).map {
                    [frame[$0 + 1]] + (quantisation[frame[$0 + 2]] ?? [])
                }
                return
            default:
                break
            }
        }
        return nil
    }
}

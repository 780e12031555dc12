/// The text that the camera burns into the picture: a running clock and its name.
struct CaptionLook {
    /// The camera's name: capitals, digits, hyphen, space.
    var name = "CAM 01"
    /// Date as it is shown.
    var date = "2026-06-18"
    /// Seconds after midnight at the first frame.
    var clock = 10 * 3600
    /// Pixels of one dot of the letters, in a picture 640 wide.
    var dot: Float = 2
}

/// Draws captions with a font of 5 by 7 dots.
struct Caption {
    private let look: CaptionLook

    init(_ look: CaptionLook) {
        self.look = look
    }

    /// Draws the clock at the top left and the name at the bottom right.
    func paint(on picture: inout ScenePicture, time: Float) {
        let dot = max(Int(look.dot * Float(picture.width) / 640 + 0.5), 1)
        let seconds = look.clock + Int(time)
        let clock = [seconds / 3600 % 24, seconds / 60 % 60, seconds % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
        let line = look.date + " " + clock.joined(separator: ":")
        write(line, left: 5 * dot, top: 5 * dot, dot: dot, on: &picture)
        let left = picture.width - look.name.count * 6 * dot - 5 * dot
        write(look.name, left: left, top: picture.height - 12 * dot, dot: dot, on: &picture)
    }

    private func write(_ text: String, left: Int, top: Int, dot: Int, on picture: inout ScenePicture) {
        for (place, character) in text.enumerated() {
            guard let glyph = Caption.font[character] else { continue }
            for row in 0..<7 {
                for column in 0..<5 where glyph[row] >> (4 - column) & 1 == 1 {
                    let x = left + (place * 6 + column) * dot
                    let y = top + row * dot
                    Caption.block(x: x, y: y, size: dot, on: &picture)
                }
            }
        }
    }

    /// One white dot with a dark edge to the right and below.
    private static func block(x: Int, y: Int, size: Int, on picture: inout ScenePicture) {
        for row in y..<min(y + size + 1, picture.height) {
            for column in x..<min(x + size + 1, picture.width) {
                let isEdge = row == y + size || column == x + size
                let index = row * picture.width + column
                if isEdge, picture.luma[index] == 232 { continue }
                picture.luma[index] = isEdge ? 40 : 232
                let chroma = row / 2 * (picture.width / 2) + column / 2
                picture.cb[chroma] = 128
                picture.cr[chroma] = 128
            }
        }
    }

    /// Seven rows a letter, five dots a row, the left one in the highest bit.
    private static let font: [Character: [UInt8]] = [
        "0": [14, 17, 19, 21, 25, 17, 14], "1": [4, 12, 4, 4, 4, 4, 14], "2": [14, 17, 1, 2, 4, 8, 31],
        "3": [31, 2, 4, 2, 1, 17, 14], "4": [2, 6, 10, 18, 31, 2, 2], "5": [31, 16, 30, 1, 1, 17, 14],
        "6": [6, 8, 16, 30, 17, 17, 14], "7": [31, 1, 2, 4, 8, 8, 8], "8": [14, 17, 17, 14, 17, 17, 14],
        "9": [14, 17, 17, 15, 1, 2, 12], "-": [0, 0, 0, 14, 0, 0, 0], ":": [0, 4, 4, 0, 4, 4, 0],
        "A": [14, 17, 17, 31, 17, 17, 17], "B": [30, 17, 17, 30, 17, 17, 30], "C": [14, 17, 16, 16, 16, 17, 14],
        "D": [28, 18, 17, 17, 17, 18, 28], "E": [31, 16, 16, 30, 16, 16, 31], "F": [31, 16, 16, 30, 16, 16, 16],
        "G": [14, 17, 16, 23, 17, 17, 15], "H": [17, 17, 17, 31, 17, 17, 17], "I": [14, 4, 4, 4, 4, 4, 14],
        "J": [7, 2, 2, 2, 2, 18, 12], "K": [17, 18, 20, 24, 20, 18, 17], "L": [16, 16, 16, 16, 16, 16, 31],
        "M": [17, 27, 21, 21, 17, 17, 17], "N": [17, 17, 25, 21, 19, 17, 17], "O": [14, 17, 17, 17, 17, 17, 14],
        "P": [30, 17, 17, 30, 16, 16, 16], "Q": [14, 17, 17, 17, 21, 18, 13], "R": [30, 17, 17, 30, 20, 18, 17],
        "S": [15, 16, 16, 14, 1, 1, 30], "T": [31, 4, 4, 4, 4, 4, 4], "U": [17, 17, 17, 17, 17, 17, 14],
        "V": [17, 17, 17, 17, 17, 10, 4], "W": [17, 17, 17, 21, 21, 21, 10], "X": [17, 17, 10, 4, 10, 17, 17],
        "Y": [17, 17, 17, 10, 4, 4, 4], "Z": [31, 1, 2, 4, 8, 16, 31],
    ]
}

/// A 20-digit device code of GB/T 28181 (annex D, rule A).
///
/// Digits 1–8 are the centre (county and access unit), 9–10 the industry, 11–13 the type, 14 the network,
/// 15–20 the serial number.
public struct DeviceCode: Sendable, Hashable, CustomStringConvertible {
    /// The 20 digits, as the registry and the database have them.
    public let text: String

    /// The same as `text`.
    public var description: String { text }

    /// Digits 1–6: province, city, county (GB/T 2260).
    public var county: String { part(0, 6) }
    /// Digits 1–8: county and access unit, which delivers one batch of cameras.
    public var centre: String { part(0, 8) }
    /// Digits 7–8: the access unit within the county.
    public var unit: String { part(6, 2) }
    /// Digits 9–10: the industry, for example 00 public security on roads, 11 education.
    public var industry: String { part(8, 2) }
    /// Digits 11–13: the type of device, for example 132 for an IP camera.
    public var type: String { part(10, 3) }
    /// Digit 14: the network that it is reached by.
    public var network: String { part(13, 1) }
    /// Digits 15–20: the serial number within the digits before it.
    public var serial: String { part(14, 6) }

    /// True for types that deliver one picture: camera, IP camera, and the channels of gates and multi-lens devices.
    public var isCamera: Bool { ["121", "122", "131", "132"].contains(type) }

    /// Reads a code, with blanks around it removed.
    ///
    /// - Throws: `CityGridError` with `invalidCameraID` or `codeEatenBySpreadsheet`; the message tells what to do.
    public init(_ raw: some StringProtocol) throws(CityGridError) {
        let text = Digits.plain(raw)
        if Digits.looksEatenBySpreadsheet(text) { throw Digits.eaten(text, digits: "20") }
        guard Digits.areAll(text) else {
            throw CityGridError(
                .invalidCameraID,
                "device code '\(text)' has other characters than digits\(Digits.others(text)); "
                    + "a GB/T 28181 code is 20 digits"
            )
        }
        guard text.utf8.count == 20 else {
            throw CityGridError(
                .invalidCameraID,
                "device code '\(text)' has \(text.utf8.count) digits; a GB/T 28181 code has 20"
            )
        }
        guard !text.hasPrefix("0") else {
            throw CityGridError(.invalidCameraID, "device code '\(text)' begins with 0, no province does")
        }
        self.text = text
    }

    private func part(_ start: Int, _ length: Int) -> String {
        String(text.dropFirst(start).prefix(length))
    }
}

/// What names a camera: its device code, or a slug where a site has none.
public enum CameraID: Sendable, Hashable, CustomStringConvertible {
    /// A 20-digit code of GB/T 28181 of a type that delivers a picture.
    case device(DeviceCode)
    /// 1 to 63 of `a-z`, `0-9` and `-`, with at least one letter, not beginning with `-`.
    case slug(String)

    /// The id as it is stored.
    public var description: String {
        switch self {
        case .device(let code): code.text
        case .slug(let slug): slug
        }
    }

    /// What groups cameras that were delivered together: the first eight digits of a device code, else nothing.
    public var centre: String {
        switch self {
        case .device(let code): code.centre
        case .slug: ""
        }
    }

    /// Reads an id, with blanks around it removed.
    ///
    /// - Throws: `CityGridError` with `invalidCameraID` or `codeEatenBySpreadsheet`; the message tells what to do.
    public init(_ raw: some StringProtocol) throws(CityGridError) {
        let text = Digits.plain(raw)
        if !Digits.looksEatenBySpreadsheet(text) {
            if CameraID.isSlug(text) {
                self = .slug(text)
                return
            }
            // Most of a device code, with a slip in it: better told about the slip.
            let digits = text.utf8.count { (48...57).contains($0) }
            if !Digits.areAll(text), digits < 14 { throw CameraID.noID(text) }
        }
        let code = try DeviceCode(text)
        guard code.isCamera else {
            throw CityGridError(
                .invalidCameraID,
                "device code '\(text)' is of type \(code.type), which is no camera; cameras have type 131 or 132, "
                    + "channels of gates and multi-lens devices 121 or 122"
            )
        }
        self = .device(code)
    }

    /// Says which ids are possible, with the nearest one where `text` leads to one.
    private static func noID(_ text: String) -> CityGridError {
        var near = ""
        for scalar in text.lowercased().unicodeScalars {
            let fits = ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar)
            if fits { near.unicodeScalars.append(scalar) } else if !near.isEmpty, near.last != "-" { near.append("-") }
        }
        if near.last == "-" { near.removeLast() }
        let proposal = isSlug(near) ? near : "cam-1"
        return CityGridError(
            .invalidCameraID,
            "'\(text)' cannot be the id of a camera; an id is a GB/T 28181 code of 20 digits, or 1 to 63 lower-case "
                + "letters a-z, digits and dashes with at least one letter, for example \(proposal)"
        )
    }

    private static func isSlug(_ text: String) -> Bool {
        guard (1...63).contains(text.utf8.count), !text.hasPrefix("-") else { return false }
        let letters = text.utf8.contains { (97...122).contains($0) }
        return letters && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
    }
}

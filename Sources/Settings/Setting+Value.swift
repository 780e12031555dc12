internal import Detection
internal import Flow
internal import Foundation

/// Why a value was refused, without the place; the reader adds it.
struct ValueProblem: Error {
    let message: String
}

extension Setting {
    /// The value in `settings` as text, in the form that `set` reads.
    func text(in settings: DaemonSettings) -> String {
        switch kind {
        case .integer(let path, _): String(settings[keyPath: path])
        case .number(let path, _, let scale): Self.plain(settings[keyPath: path] * scale)
        case .flag(let path): String(settings[keyPath: path])
        case .text(let path, _): settings[keyPath: path]
        case .optionalText(let path, _): settings[keyPath: path] ?? ""
        case .secret(let path): settings[keyPath: path].description
        case .address(let path): settings[keyPath: path].description
        case .choice(_, let get, _): get(settings)
        case .detection: Self.plain(settings.detection.values[key] ?? 0)
        }
    }

    /// What the setting takes, in words; empty when every text is right.
    var range: String {
        switch kind {
        case .integer(_, let range): "\(range.lowerBound) to \(range.upperBound)"
        case .number(_, let range, let scale):
            "\(Self.plain(range.lowerBound * scale)) to \(Self.plain(range.upperBound * scale))"
        case .flag: "true or false"
        case .text(_, .absolutePath): "an absolute path"
        case .optionalText(_, .absolutePath): "an absolute path, or empty"
        case .text(_, .nodeName), .optionalText(_, .nodeName): "letters, digits, dots and dashes, or empty"
        case .text(_, .days), .optionalText(_, .days): "days as 2026-10-01..2026-10-07, 2027-01-01, or empty"
        case .text(_, .addresses), .optionalText(_, .addresses): "addresses as 127.0.0.1, 10.0.0.0/8, ::1, or empty"
        case .text(_, .webURL), .optionalText(_, .webURL): "http://… or https://…, or empty"
        case .secret: "host=… dbname=… or postgresql://…"
        case .address: "address:port"
        case .choice(let names, _, _): names.joined(separator: ", ")
        case .detection(let range):
            range.map { "\(Self.plain($0.lowerBound)) to \(Self.plain($0.upperBound))" } ?? "a number"
        }
    }

    /// Puts the value that `text` stands for into `settings`.
    func set(_ text: String, in settings: inout DaemonSettings) throws(ValueProblem) {
        switch kind {
        case .integer(let path, let range):
            settings[keyPath: path] = try whole(text, range)
        case .number(let path, let range, let scale):
            let value = try number(text)
            guard range.contains(value / scale) else { throw refusal(text, "is out of range") }
            settings[keyPath: path] = value / scale
        case .flag(let path):
            guard let value = Bool(text.lowercased()) else { throw refusal(text, "needs true or false") }
            settings[keyPath: path] = value
        case .text(let path, let rule):
            settings[keyPath: path] = try checked(text, rule)
        case .optionalText(let path, let rule):
            settings[keyPath: path] = text.isEmpty ? nil : try checked(text, rule)
        case .secret(let path):
            // The refusal must not repeat the text.
            guard text.contains("=") || text.contains("://") else {
                throw ValueProblem(message: "\(name): is no connection string; takes \(range)")
            }
            settings[keyPath: path] = Secret(text)
        case .address(let path):
            guard let address = ListenAddress(text) else { throw refusal(text, "is no address with a port") }
            settings[keyPath: path] = address
        case .choice(let names, _, let set):
            guard names.contains(text) else { throw refusal(text, "is not a choice") }
            set(&settings, text)
        case .detection(let range):
            let value = try number(text)
            guard range?.contains(value) ?? true else { throw refusal(text, "is out of range") }
            do throws(DetectionError) {
                try settings.detection.set(key, text)
            } catch {
                throw ValueProblem(message: "\(name): \(Self.printable("\(error)")); takes \(self.range)")
            }
        }
    }

    private func whole(_ text: String, _ range: ClosedRange<Int>) throws(ValueProblem) -> Int {
        let digits = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : text[...]
        guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }) else {
            throw refusal(text, "needs a whole number" + Self.hint(text))
        }
        guard let value = Int(text), range.contains(value) else { throw refusal(text, "is out of range") }
        return value
    }

    /// A number in decimal digits: no `0x10`, no `inf`, no `nan`.
    private func number(_ text: String) throws(ValueProblem) -> Double {
        guard let value = Double(text), text.allSatisfy({ $0.isASCII && ($0.isNumber || "+-.eE".contains($0)) }) else {
            throw refusal(text, "needs a number" + Self.hint(text))
        }
        guard value.isFinite else { throw refusal(text, "is out of range") }
        return value
    }

    /// What a text that is no number most likely should have been.
    private static func hint(_ text: String) -> String {
        let rest = text.drop { $0.isASCII && ($0.isNumber || "+-.".contains($0)) }
        guard text.dropLast(rest.count).contains(where: \.isNumber) else {
            return text.contains { $0.isNumber && !$0.isASCII } ? " in plain digits" : ""
        }
        if let first = rest.first(where: { !$0.isWhitespace }), first.isLetter || first == "%" {
            return " without a unit"
        }
        return rest.contains { ",_ ".contains($0) } ? " without separators" : ""
    }

    private func checked(_ text: String, _ rule: TextRule) throws(ValueProblem) -> String {
        switch rule {
        case .absolutePath:
            guard text.hasPrefix("/"), text.count > 1 else { throw refusal(text, "is no absolute path") }
        case .nodeName:
            guard text.count <= 64, text.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || ".-".contains($0)) })
            else { throw refusal(text, "is no name of a machine") }
        case .days:
            do throws(DetectionError) {
                _ = try CityCalendar.days(text)
            } catch {
                throw ValueProblem(message: "\(name): \(Self.printable("\(error)")); takes \(range)")
            }
        case .addresses:
            guard AddressRange.list(text) != nil else { throw refusal(text, "has a part that is no address") }
        case .webURL:
            let host =
                text.hasPrefix("https://") ? text.dropFirst(8) : text.hasPrefix("http://") ? text.dropFirst(7) : ""
            guard !host.isEmpty, !host.hasPrefix("/"), !text.contains(where: \.isWhitespace) else {
                throw refusal(text, "is no web address")
            }
        }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    private func refusal(_ text: String, _ why: String) -> ValueProblem {
        let unit = unit.isEmpty ? "" : " \(unit)"
        let what = text.isEmpty ? "is empty" : "'\(Self.shown(text))' \(why)"
        return ValueProblem(message: "\(name): \(what); takes \(range)\(unit)")
    }

    /// A text for a message: the beginning of a long one, and no control characters.
    static func shown(_ text: String) -> String {
        printable(String(text.prefix(60))) + (text.count > 60 ? "…" : "")
    }

    private static func printable(_ text: String) -> String {
        String(text.map { $0.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 } ? $0 : "?" })
    }

    /// A number without a needless fraction.
    static func plain(_ value: Double) -> String {
        let rounded = (value * 1e6).rounded() / 1e6
        return rounded == rounded.rounded() && abs(rounded) < 1e15 ? String(Int(rounded)) : String(rounded)
    }
}

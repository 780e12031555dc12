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
            guard let value = Int(text) else { throw refusal(text, "needs a whole number") }
            guard range.contains(value) else { throw refusal(text, "is out of range") }
            settings[keyPath: path] = value
        case .number(let path, let range, let scale):
            guard let value = Double(text), value.isFinite else { throw refusal(text, "needs a number") }
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
        case .detection:
            do throws(DetectionError) {
                try settings.detection.set(key, text)
            } catch {
                throw ValueProblem(message: "\(name): \(error)")
            }
        }
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
                throw ValueProblem(message: "\(name): \(error)")
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
        return ValueProblem(message: "\(name): '\(text)' \(why); takes \(range)\(unit)")
    }

    /// A number without a needless fraction.
    private static func plain(_ value: Double) -> String {
        let rounded = (value * 1e6).rounded() / 1e6
        return rounded == rounded.rounded() && abs(rounded) < 1e15 ? String(Int(rounded)) : String(rounded)
    }
}

import Foundation

/// What a new password must be.
enum PasswordRule {
    /// Characters, at least.
    static let minimum = 8
    /// Characters, at most: bounds the work of hashing.
    static let maximum = 128
    /// Parts that a guesser must try for himself, at least: a word that is on every list counts as one, whatever its
    /// length, and so do a row of keys, a year and a name.
    static let minimumParts = 6

    /// Throws `WebError` with the rule that is broken.
    ///
    /// `login`, `name`: of the account; whatever is made of them is guessed first.
    static func check(_ password: String, login: String, name: String = "") throws {
        guard (minimum...maximum).contains(password.count) else { throw WebError(.invalid, .passwordLength) }
        let own = [login, name].flatMap { $0.lowercased().split(whereSeparator: { !$0.isLetter }).map(String.init) }
        let words = Set((own + [login.lowercased()]).filter { $0.count >= 3 })
        guard parts(of: password, words) >= minimumParts else { throw WebError(.invalid, .passwordCommon) }
        let isNumber = password.allSatisfy(\.isNumber)
        guard !isNumber || password.count >= 14 else { throw WebError(.invalid, .passwordCommon) }
    }

    /// A password for somebody else: four groups of five from letters and digits that cannot be confused, 98 bits.
    static func random() -> String {
        let alphabet = Array("abcdefghjkmnpqrstuvwxyz23456789")
        var random = SystemRandomNumberGenerator()
        let groups = (0..<4).map { _ in
            String((0..<5).compactMap { _ in alphabet.randomElement(using: &random) })
        }
        return groups.joined(separator: "-")
    }

    /// How many parts a guesser must find: the longest words and rows first, then single characters.
    static func parts(of password: String, _ own: Set<String>) -> Int {
        let plain = Array(password.lowercased())
        let letters = plain.map { leet[$0] ?? $0 }
        let words = CommonWords.all.union(own)
        let longest = max(CommonWords.longest, own.map(\.count).max() ?? 0)
        var (index, count) = (0, 0)
        var singles: Set<Character> = []
        while index < plain.count {
            let run = max(
                word(letters, index, words, longest),
                word(plain, index, words, longest),
                row(plain, index),
                year(plain, index)
            )
            // The same sign again adds nothing that must be found.
            if run > 0 || singles.insert(plain[index]).inserted { count += 1 }
            index += max(1, run)
        }
        return count
    }

    /// Signs that stand for letters.
    private static let leet: [Character: Character] = [
        "@": "a", "4": "a", "8": "b", "3": "e", "€": "e", "6": "g", "1": "i", "!": "i", "|": "i", "0": "o", "$": "s",
        "5": "s", "7": "t", "+": "t", "2": "z",
    ]

    private static func word(_ text: [Character], _ start: Int, _ words: Set<String>, _ longest: Int) -> Int {
        for length in stride(from: min(longest, text.count - start), through: 3, by: -1)
        where words.contains(String(text[start..<(start + length)])) {
            return length
        }
        return 0
    }

    /// Length of a row of at least three: 12345, cba, aaa, qwert, 1qaz.
    private static func row(_ text: [Character], _ start: Int) -> Int {
        var longest = 0
        for line in rows {
            guard let first = line.firstIndex(of: text[start]) else { continue }
            for step in [1, -1] {
                var (length, place) = (1, first + step)
                while start + length < text.count, line.indices.contains(place), line[place] == text[start + length] {
                    length += 1
                    place += step
                }
                longest = max(longest, length)
            }
        }
        let same = text[start...].prefix { $0 == text[start] }.count
        let found = max(longest, same)
        return found >= 3 ? found : 0
    }

    private static let rows: [[Character]] = [
        "01234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./", "!@#$%^&*()",
        "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.", "q1w2e3r4t5y6u7i8o9p0", "1q2w3e4r5t6y7u8i9o0p", "a1b2c3d4e5f6g7h8",
        "147258369", "789456123", "13579", "24680", "qazwsxedcrfvtgbyhnujm",
    ].map(Array.init)

    /// A year of the last or this century.
    private static func year(_ text: [Character], _ start: Int) -> Int {
        guard start + 4 <= text.count, let year = Int(String(text[start..<(start + 4)])) else { return 0 }
        return (1930...2039).contains(year) ? 4 : 0
    }
}

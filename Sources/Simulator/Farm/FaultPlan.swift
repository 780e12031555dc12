import Flow

/// What goes wrong on a farm, at which cameras and when: a value, read from a text.
///
/// Which cameras a fault hits depends on their paths alone, so a run can be repeated; a fault with a larger share hits
/// all cameras of one of the same kind with a smaller share.
public struct FaultPlan: Hashable, Sendable {
    /// What a camera with a fault does otherwise than a sound one.
    public enum Kind: String, CaseIterable, Hashable, Sendable {
        /// One packet in fifty is missing.
        case loss
        /// The connection stays and requests are answered, but no picture comes.
        case stall
        /// Pictures come, but they repeat the same few again and again.
        case freeze
        /// One packet in fifty is damaged; at every second such camera instead bytes come between packets that are
        /// none.
        case garbage
        /// New connections are refused, or closed as soon as they name the camera where others share its address.
        case refuse
        /// Answers come after seconds, and bytes trickle.
        case slow
        /// All connections are cut at once and refused until the fault is over.
        case reboot
        /// Every request is answered with 401, whatever the client proves.
        case auth
    }

    /// One thing that goes wrong.
    public struct Fault: Hashable, Sendable {
        /// What the cameras do that it hits.
        public var kind: Kind
        /// Share of the cameras that it hits, 0…1.
        public var share: Double
        /// When it begins, seconds after the start of the farm.
        public var start: Double
        /// How many seconds it lasts; nil to the end.
        public var duration: Double?

        /// Makes a fault; without further arguments it hits all cameras for ever.
        public init(_ kind: Kind, share: Double = 1, start: Double = 0, duration: Double? = nil) {
            self.kind = kind
            self.share = share
            self.start = start
            self.duration = duration
        }
    }

    /// Faults of a plan, one bit each in their order.
    typealias Mask = UInt64

    /// Kinds of faults that hit a camera at a moment.
    struct Kinds: OptionSet, Hashable, Sendable {
        let rawValue: UInt16
        static let loss = Kinds(.loss)
        static let stall = Kinds(.stall)
        static let freeze = Kinds(.freeze)
        static let garbage = Kinds(.garbage)
        static let slow = Kinds(.slow)
        static let auth = Kinds(.auth)
        /// Those during which nobody gets in.
        static let closed: Kinds = [Kinds(.refuse), Kinds(.reboot)]
        static let reboot = Kinds(.reboot)

        init(rawValue: UInt16) { self.rawValue = rawValue }

        init(_ kind: Kind) {
            rawValue = Kind.allCases.firstIndex(of: kind).map { 1 << $0 } ?? 0
        }
    }

    /// The faults, at most 64.
    public let faults: [Fault]

    /// Most faults of a plan.
    public static let maximumFaults = 64
    /// Seconds that a reboot takes when nothing else is said.
    public static let rebootSeconds = 30.0

    /// A plan in which nothing goes wrong.
    public init() {
        faults = []
    }

    /// Makes a plan of faults.
    ///
    /// - Throws: `badOption` for a share out of 0…1, a negative time, or too many faults.
    public init(_ faults: [Fault]) throws(SimulatorError) {
        guard faults.count <= Self.maximumFaults else {
            throw SimulatorError(.badOption, "\(faults.count) faults; a plan has at most \(Self.maximumFaults)")
        }
        for fault in faults {
            guard (0...1).contains(fault.share) else {
                throw SimulatorError(.badOption, "the share of \(fault.kind.rawValue) is out of 0…1: \(fault.share)")
            }
            guard (0...1e9).contains(fault.start), (0...1e9).contains(fault.duration ?? 0) else {
                throw SimulatorError(.badOption, "the times of \(fault.kind.rawValue) are out of 0…1e9 seconds")
            }
        }
        self.faults = faults
    }

    /// Reads faults as `KIND[=SHARE][@START[+DURATION]]`, separated by commas: `reboot=1@60+20,loss=0.01`.
    ///
    /// - Throws: `badOption` that names the part that cannot be read.
    public init(reading text: String) throws(SimulatorError) {
        var faults: [Fault] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) { faults.append(try Self.fault(part)) }
        try self.init(faults)
    }

    private static func fault(_ text: Substring) throws(SimulatorError) -> Fault {
        let halves = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        let what = halves[0].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let kind = Kind(rawValue: String(what[0])) else {
            let kinds = Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw SimulatorError(.badOption, "\"\(text)\" is no fault; the kinds are \(kinds)")
        }
        var fault = Fault(kind, duration: kind == .reboot ? rebootSeconds : nil)
        if what.count > 1 { fault.share = try number(what[1], of: text) }
        guard halves.count > 1 else { return fault }
        let times = halves[1].split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
        fault.start = try number(times[0], of: text)
        if times.count > 1 { fault.duration = try number(times[1], of: text) }
        return fault
    }

    private static func number(_ digits: Substring, of text: Substring) throws(SimulatorError) -> Double {
        guard let number = Double(digits), number.isFinite, number >= 0 else {
            let example = "for example reboot=1@60+20 or loss=0.01"
            throw SimulatorError(.badOption, "\"\(digits)\" in \"\(text)\" is no number; \(example)")
        }
        return number
    }

    /// The faults that hit the camera at `path`.
    func mask(ofCamera path: String) -> Mask {
        var mask: Mask = 0
        for (index, fault) in faults.enumerated() {
            let kind = UInt64(Kinds(fault.kind).rawValue)
            let place = Double(StableHash.of(path, seed: kind << 32) >> 11) / Double(UInt64(1) << 53)
            if place < fault.share { mask |= 1 << Mask(index) }
        }
        return mask
    }

    /// The faults that are on at `elapsed` microseconds after the start of the farm.
    func active(at elapsed: Int64) -> Mask {
        var mask: Mask = 0
        for (index, fault) in faults.enumerated() {
            let seconds = Double(elapsed) / 1_000_000 - fault.start
            if seconds >= 0, seconds < fault.duration ?? .infinity { mask |= 1 << Mask(index) }
        }
        return mask
    }

    /// The kinds of the faults of a mask.
    func kinds(of mask: Mask) -> Kinds {
        guard mask != 0 else { return [] }
        var kinds: Kinds = []
        for (index, fault) in faults.enumerated() where mask & 1 << Mask(index) != 0 { kinds.insert(Kinds(fault.kind)) }
        return kinds
    }
}

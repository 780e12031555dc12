public import Foundation

/// What a profile is for.
public enum ProfileScope: Sendable, Hashable {
    /// One camera, by id.
    case camera(String)
    /// The cameras of a grid and of the grids below it, by the grid's code.
    case grid(String)
    /// The cameras with a tag.
    case tag(String)

    /// The words of the scope that `init(kind:key:)` knows.
    public static let kinds = ["camera", "grid", "tag"]

    /// Reads a scope; nil for a kind that is none of `kinds`.
    public init?(kind: String, key: String) {
        switch kind {
        case "camera": self = .camera(key)
        case "grid": self = .grid(key)
        case "tag": self = .tag(key)
        default: return nil
        }
    }

    /// One of `kinds`.
    public var kind: String {
        switch self {
        case .camera: "camera"
        case .grid: "grid"
        case .tag: "tag"
        }
    }

    /// Camera id, grid code or tag.
    public var key: String {
        switch self {
        case .camera(let key), .grid(let key), .tag(let key): key
        }
    }
}

/// A profile that is to be kept.
public struct ProfileDraft: Sendable, Hashable {
    /// What it is for.
    public var scope: ProfileScope
    /// Settings of detection that differ from the daemon's, by key; checked by the caller.
    public var settings: [String: Double]
    /// All rules of the camera as a JSON list in the form of a rules file, checked by the caller.
    ///
    /// Nil leaves the rules alone; an empty list takes the camera's own rules away, so that those of its tags hold.
    public var rules: String?
    /// Why, in the words of the author; may be empty.
    public var note: String

    /// Makes a draft.
    public init(scope: ProfileScope, settings: [String: Double], rules: String? = nil, note: String = "") {
        self.scope = scope
        self.settings = settings
        self.rules = rules
        self.note = note
    }
}

/// A version of a profile.
public struct ProfileVersion: Sendable, Hashable {
    /// Key.
    public let id: Int
    /// What it is for.
    public let scope: ProfileScope
    /// 1, 2, 3… within its scope.
    public let version: Int
    /// Settings of detection that differ from the daemon's, by key.
    public let settings: [String: Double]
    /// All rules of the camera as a JSON list; nil when it leaves them alone.
    public let rules: String?
    /// Why, in the words of the author.
    public let note: String
    /// Who made it; nil for a copy of what was there before.
    public let author: String?
    /// When it was saved.
    public let createdAt: Date
    /// Whether it holds now.
    public let isActive: Bool
    /// Whether it held before or holds now; one that never did is a draft.
    public let wasActive: Bool
}

/// Something that was done to the profiles of a scope.
public struct ProfileActivation: Sendable, Hashable {
    /// Key.
    public let id: Int
    /// The version that holds from then on; nil for none.
    public let version: Int?
    /// Whether it took back the one before.
    public let isRollBack: Bool
    /// Why.
    public let note: String
    /// Who did it; nil for a copy of what was there before.
    public let by: String?
    /// When.
    public let at: Date
}

/// What is known of the profiles of a scope.
public struct ProfileHistory: Sendable, Hashable {
    /// Versions, newest first.
    public let versions: [ProfileVersion]
    /// Activations, newest first.
    public let activations: [ProfileActivation]
    /// Whether there is an activation to take back.
    public let mayRollBack: Bool
}

/// A profile as a worker needs it.
public struct AssignedProfile: Sendable, Hashable, Codable {
    /// Key.
    public let id: Int
    /// Settings of detection that differ from the daemon's, by key.
    public let settings: [String: Double]

    /// Makes one from its parts.
    public init(id: Int, settings: [String: Double]) {
        self.id = id
        self.settings = settings
    }
}

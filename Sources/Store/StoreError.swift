/// Why the store did not do what was asked; failures of the database itself stay `PostgresError`.
public struct StoreError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of refusal.
    public enum Code: String, Sendable, Hashable {
        /// There is no such case, task or post.
        case notFound
        /// The person may not do this.
        case forbidden
        /// It does not fit how things stand now; look again.
        case conflict
        /// A value cannot be accepted.
        case invalid
        /// The database and this program do not fit together.
        case incompatible
    }

    /// What exactly, for everything that a page can be answered: the text for people stands in the string tables.
    public enum Reason: String, Sendable, Hashable, CaseIterable {
        /// There is no such case.
        case caseUnknown = "case_unknown"
        /// There is no such task.
        case taskUnknown = "task_unknown"
        /// Somebody did something with the case since the person looked at it.
        case caseChanged = "case_changed"
        /// The case has ended.
        case caseClosed = "case_closed"
        /// Somebody did something with the task since the person looked at it.
        case taskChanged = "task_changed"
        /// The task was taken back.
        case taskWithdrawn = "task_withdrawn"
        /// The action does not fit the stage.
        case wrongStage = "wrong_stage"
        /// The task belongs to another post.
        case foreignTask = "foreign_task"
        /// The role may not do this.
        case role
        /// Who handled a case may not check it.
        case ownWork = "own_work"
        /// The post has the task already.
        case samePost = "same_post"
        /// No post of the grid line has a person.
        case noPost = "no_post"
        /// There is no such post.
        case postUnknown = "post_unknown"
        /// The post has no person who could work on a task.
        case postVacant = "post_vacant"
        /// The note is too long or holds what no text may hold.
        case note
        /// Too many pictures.
        case photoCount = "photo_count"
        /// A picture cannot be what it says it is.
        case photo
        /// A report needs a note or a picture.
        case reportEmpty = "report_empty"
        /// There is no such version of a profile.
        case profileUnknown = "profile_unknown"
        /// The version holds already.
        case profileHolds = "profile_holds"
        /// There is no activation to take back.
        case nothingToTakeBack = "nothing_to_take_back"
        /// The scope of a profile is not there.
        case scopeUnknown = "scope_unknown"
        /// The scope has too many versions.
        case versionCount = "version_count"
        /// The rules take too much room.
        case rulesSize = "rules_size"
        /// A rule has an id twice or a hazard type that is not there.
        case rules
        /// There is no such camera.
        case cameraUnknown = "camera_unknown"
        /// A sampling interval out of bounds.
        case interval
        /// Too many overrides of one target.
        case overrideCount = "override_count"
        /// A sampling window is not written as it must be.
        case window
        /// The host or name of a platform is not written as it must be.
        case platform
    }

    /// The kind of refusal.
    public let code: Code
    /// What was refused, why, and what to do, in English for logs and commands.
    public let message: String
    /// What exactly; nil for what no page asks for.
    public let reason: Reason?
    /// What somebody else did meanwhile, where that is why.
    public let act: CaseAct?

    /// Makes an error.
    public init(_ code: Code, _ message: String, because reason: Reason? = nil, after act: CaseAct? = nil) {
        self.code = code
        self.message = message
        self.reason = reason
        self.act = act
    }

    /// The message.
    public var description: String { message }
}

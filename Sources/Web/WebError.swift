import HTTPTypes
public import Store

/// Why a request was not answered as asked.
///
/// The message is looked up in the string tables, so that a person reads it in the language of the page.
public struct WebError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of failure; its raw value stands in the `code` field of the answer.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// The request cannot be read.
        case badRequest = "bad-request"
        /// Nobody is logged in.
        case unauthenticated
        /// The password must be replaced first.
        case passwordChangeRequired = "password-change-required"
        /// Logged in, but not allowed.
        case forbidden
        /// The request came from another site.
        case crossSite = "cross-site"
        /// There is no such thing, or it must not be seen.
        case notFound = "not-found"
        /// The thing is not in a state that allows it.
        case conflict
        /// The body is too large.
        case tooLarge = "too-large"
        /// The body is not of a type that is taken.
        case unsupportedType = "unsupported-type"
        /// A value is not allowed.
        case invalid
        /// Too many attempts or streams.
        case tooMany = "too-many"
        /// A part that is needed is away.
        case unavailable
        /// A bug or a broken machine.
        case failed

        /// Status line of the answer.
        var status: HTTPResponse.Status {
            switch self {
            case .badRequest: .badRequest
            case .unauthenticated: .unauthorized
            case .passwordChangeRequired, .forbidden, .crossSite: .forbidden
            case .notFound: .notFound
            case .conflict: .conflict
            case .tooLarge: .contentTooLarge
            case .unsupportedType: .unsupportedMediaType
            case .invalid: .unprocessableContent
            case .tooMany: .tooManyRequests
            case .unavailable: .serviceUnavailable
            case .failed: .internalServerError
            }
        }

        /// Key of its title in the string tables.
        var titleKey: String { "error_" + rawValue.replacing("-", with: "_") }
    }

    /// What exactly; the raw value is a key of the string tables.
    public enum Reason: String, Sendable, Hashable, CaseIterable {
        /// Unknown name, wrong password or disabled account: which one is not said.
        case wrongLogin = "reason_wrong_login"
        /// Must wait after too many failed logins.
        case loginLocked = "reason_login_locked"
        /// More logins at once than are let in.
        case loginBusy = "reason_login_busy"
        /// The present password was not given right.
        case wrongPassword = "reason_wrong_password"
        /// The new password is too short or too long.
        case passwordLength = "reason_password_length"
        /// The new password is among the most guessed ones or is the login name.
        case passwordCommon = "reason_password_common"
        /// The new password is the present one.
        case passwordSame = "reason_password_same"
        /// The login name is not written as it must be.
        case loginName = "reason_login_name"
        /// The login name is taken.
        case loginTaken = "reason_login_taken"
        /// A worker needs a post.
        case postNeeded = "reason_post_needed"
        /// There is no such post.
        case postUnknown = "reason_post_unknown"
        /// Nobody may disable the account that he uses.
        case ownAccount = "reason_own_account"
        /// The text is empty or too long.
        case textLength = "reason_text_length"
        /// A name holds signs that cannot be seen.
        case nameSigns = "reason_name_signs"
        /// The file is no picture of a kind that is taken.
        case notAPicture = "reason_not_a_picture"
        /// The picture has no bytes.
        case pictureEmpty = "reason_picture_empty"
        /// The picture is in the format of newer iPhones.
        case pictureHEIC = "reason_picture_heic"
        /// The file is a film.
        case pictureVideo = "reason_picture_video"
        /// The end of the picture is missing.
        case pictureCut = "reason_picture_cut"
        /// The picture has more pixels than are decoded.
        case picturePixels = "reason_picture_pixels"
        /// The picture cannot be decoded.
        case pictureDamaged = "reason_picture_damaged"
        /// The picture is too large.
        case pictureSize = "reason_picture_size"
        /// A task holds so many pictures at most.
        case tooManyPictures = "reason_too_many_pictures"
        /// A picture that the report names was not sent before.
        case pictureMissing = "reason_picture_missing"
        /// The task belongs to another post or is finished.
        case taskNotYours = "reason_task_not_yours"
        /// A value of the query is not one of those allowed.
        case queryValue = "reason_query_value"
        /// An override is for one camera or one tag.
        case samplingTarget = "reason_sampling_target"
        /// A window of a schedule has days or times that do not exist.
        case samplingWindow = "reason_sampling_window"
        /// The clip cannot be looked at in that way.
        case sampling = "reason_sampling"
        /// An evaluation runs already.
        case evaluationRuns = "reason_evaluation_runs"
        /// A recording has a length that cannot be.
        case recordingLength = "reason_recording_length"
        /// The camera is being recorded, or too many others are.
        case recordingRuns = "reason_recording_runs"
        /// The camera is left alone because its data ended processes.
        case cameraQuarantined = "reason_camera_quarantined"
        /// The camera has no address.
        case labelsFixed = "reason_labels_fixed"
        case noStream = "reason_no_stream"
        case nothingToPropose = "reason_nothing_to_propose"
        /// The draft misses labelled events that are found now.
        case draftMisses = "reason_draft_misses"
        /// Rules are drawn for one camera.
        case rulesScope = "reason_rules_scope"
        /// A profile is for a camera, a grid or a tag.
        case profileScope = "reason_profile_scope"
        /// The database does not answer.
        case databaseAway = "reason_database_away"
        /// The database takes no changes for now.
        case databaseReadOnly = "reason_database_read_only"
        /// The database lacks rights, room or a part of itself.
        case databaseFault = "reason_database_fault"
        /// So many do the same that one more must wait.
        case busy = "reason_busy"
        /// The connection broke before the body was whole.
        case bodyCut = "reason_body_cut"
        /// The body is no JSON of the form expected.
        case body = "reason_body"
        /// The disk does not take the file.
        case storage = "reason_storage"
    }

    /// The kind of failure.
    public let code: Code
    /// What exactly; nil when the code says it all.
    public let reason: Reason?
    /// What the store refused; nil for everything else.
    public let refusal: StoreError?
    /// Detail from a lower layer, in English.
    public let detail: String?
    /// Seconds after which to try again.
    public let retryAfter: Int?

    /// Makes an error.
    public init(
        _ code: Code,
        _ reason: Reason? = nil,
        refusal: StoreError? = nil,
        detail: String? = nil,
        retryAfter: Int? = nil
    ) {
        self.code = code
        self.reason = reason
        self.refusal = refusal
        self.detail = detail
        self.retryAfter = retryAfter
    }

    /// Code, reason and detail, for logs.
    public var description: String {
        [code.rawValue, reason?.rawValue, refusal?.message, detail].compactMap { $0 }.joined(separator: ": ")
    }
}

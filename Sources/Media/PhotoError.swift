/// Why a photo that a person sent is not taken.
///
/// The description says it in English with what to do; a page has sentences of its own for each case.
public enum PhotoError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What the bytes are instead of a JPEG, PNG or WebP picture.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// The format of newer iPhones; the phone itself converts it when a page asks for JPEG.
        case heic
        case avif
        case gif
        case bmp
        case tiff
        case pdf
        /// A film, or a moving WebP picture.
        case video
        case zip
        /// Text, such as the error page of a server saved under the picture's name.
        case text
        /// Nothing that is known here.
        case unknown
    }

    /// There is not one byte.
    case empty
    /// It is no picture of a form that is taken.
    case notAnImage(Kind)
    /// It begins as a picture and ends before the picture does: a broken upload or copy.
    case truncated
    /// Its header promises more than `limit` pixels, or a side beyond what a picture has; nothing of it was decoded.
    case tooManyPixels(width: Int, height: Int, limit: Int)
    /// It is whole, and what is in it is no valid picture.
    case damaged
    /// It could be decoded and not written anew, for lack of memory or of an encoder: not the sender's fault.
    case failed(MediaError)

    /// One sentence for the person who sent it.
    public var description: String {
        switch self {
        case .empty: "the photo is empty (0 bytes); choose it again"
        case .notAnImage(.heic):
            "the photo is a HEIC file; set the camera to \"most compatible\" (JPEG) and take it anew"
        case .notAnImage(.text): "the file holds text and no picture; choose a JPEG, PNG or WebP picture"
        case .notAnImage(.unknown): "the file is no picture; choose a JPEG, PNG or WebP picture"
        case .notAnImage(let kind): "the file is \(kind.rawValue.uppercased()); choose a JPEG, PNG or WebP picture"
        case .truncated: "the photo is not complete, its end is missing; send it again"
        case .tooManyPixels(let width, let height, let limit):
            "the photo has \(width)x\(height) pixels, more than the \(limit / 1_000_000) million that are taken; "
                + "choose a lower resolution in the camera"
        case .damaged: "the photo is damaged and cannot be shown; take or choose another one"
        case .failed(let error): "the photo cannot be stored: \(error.message)"
        }
    }
}

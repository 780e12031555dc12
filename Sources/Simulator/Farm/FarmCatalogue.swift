import Flow
import RTSP

/// The cameras of a farm by the path of their URL.
struct FarmCatalogue: ServerCatalogue, Sendable {
    /// The cameras; a connection names one by its index here.
    let cameras: [FarmCamera]
    private let indices: [String: Int]

    init(cameras: [FarmCamera]) {
        self.cameras = cameras
        self.indices = Dictionary(
            cameras.enumerated().map { ($0.element.path, $0.offset) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// The position of the camera at `path`; nil when there is none.
    func index(ofPath path: String) -> Int? { indices[path] }

    /// The position of the camera that a request's URL names, itself or its track; nil when there is none.
    func index(ofURL url: String) -> Int? {
        guard let path = RTSPPath.of(url) else { return nil }
        if let index = indices[path] { return index }
        guard let slash = path.lastIndex(of: "/") else { return nil }
        return indices[String(path[..<slash])]
    }

    func description(ofPath path: String) -> SessionDescription? {
        indices[path].map { SessionDescription(name: path, media: [cameras[$0].programme.quiet.track]) }
    }

    /// The next keyframe; `now` counts from the start of the farm.
    func position(ofPath path: String, at now: MediaTime) -> RTPPosition? {
        indices[path].map { cameras[$0].position(cameras[$0].keyframe(from: now.microseconds)) }
    }
}

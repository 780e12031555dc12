import Flow
import RTSP

/// The cameras of a farm by the path of their URL.
struct FarmCatalogue: ServerCatalogue, Sendable {
    private let cameras: [String: FarmCamera]

    /// The name of the one track of a camera, below its URL.
    private static let track = "trackID=0"

    init(cameras: [FarmCamera]) {
        self.cameras = Dictionary(cameras.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The camera at `path`; nil when there is none.
    func camera(atPath path: String) -> FarmCamera? {
        cameras[path]
    }

    func description(ofPath path: String) -> SessionDescription? {
        cameras[path].map { camera in
            let track = MediaDescription(video: camera.clip.parameterSets, control: Self.track)
            return SessionDescription(name: path, media: [track])
        }
    }

    /// The next keyframe; `now` counts from the start of the farm.
    func position(ofPath path: String, at now: MediaTime) -> RTPPosition? {
        cameras[path].map { $0.position($0.keyframe(from: now.microseconds)) }
    }
}

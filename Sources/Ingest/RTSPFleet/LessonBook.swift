import RTSP

/// What cameras have taught, for their next connections; lives on the fleet's event loop.
///
/// A camera of which nothing is known begins with what another one at the same host and port has taught last: those of
/// a platform behave alike. Only cameras that differ from the usual are kept, and forgotten when they leave the fleet.
struct LessonBook {
    private struct Page {
        var url: String
        var lessons: CameraLessons
    }

    private var cameras: [String: Page] = [:]
    private var hosts: [String: CameraLessons] = [:]
    /// Hosts that are kept at most; beyond that the next ones teach their own cameras only.
    private static let mostHosts = 4096

    /// What is known of a camera before it is connected to.
    func lessons(for camera: FleetCamera) -> CameraLessons {
        if let page = cameras[camera.source.camera], page.url == camera.url.requestURI { return page.lessons }
        var guess = hosts[camera.host] ?? CameraLessons()
        // Each camera has a password of its own.
        guess.failedLogins = 0
        return guess
    }

    /// Keeps what a connection has taught.
    mutating func learn(_ lessons: CameraLessons, from camera: FleetCamera) {
        let known = self.lessons(for: camera)
        guard lessons != known else { return }
        cameras[camera.source.camera] = Page(url: camera.url.requestURI, lessons: lessons)
        if hosts[camera.host] != nil || hosts.count < Self.mostHosts { hosts[camera.host] = lessons }
    }

    /// Forgets all cameras but these.
    mutating func keep(only isWanted: (String) -> Bool) {
        cameras = cameras.filter { isWanted($0.key) }
    }
}

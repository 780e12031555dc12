import RTSP

/// What cameras have taught, for their next connections; lives on the fleet's event loop.
///
/// A camera of which nothing is known begins with what another one at the same host and port has taught last: those of
/// a platform behave alike. Only cameras and hosts that differ from the usual are kept, and forgotten when they leave the
/// fleet.
struct LessonBook {
    private struct Page {
        var url: String
        var lessons: CameraLessons
    }

    private var cameras: [String: Page] = [:]
    private var hosts: [String: (lessons: CameraLessons, number: UInt64)] = [:]
    private var number: UInt64 = 0
    /// Hosts that are kept at most; beyond that the one that has taught longest ago is forgotten.
    static let mostHosts = 4096

    /// Hosts that are known.
    var hostCount: Int { hosts.count }

    /// What is known of a camera before it is connected to.
    func lessons(for camera: FleetCamera) -> CameraLessons {
        if let page = cameras[camera.source.camera], page.url == camera.url.requestURI { return page.lessons }
        var guess = hosts[camera.host]?.lessons ?? CameraLessons()
        // Each camera has a password of its own.
        guess.failedLogins = 0
        return guess
    }

    /// Keeps what a connection has taught.
    mutating func learn(_ lessons: CameraLessons, from camera: FleetCamera) {
        let known = self.lessons(for: camera)
        guard lessons != known else { return }
        cameras[camera.source.camera] = Page(url: camera.url.requestURI, lessons: lessons)
        number += 1
        hosts[camera.host] = (lessons, number)
        guard hosts.count > Self.mostHosts, let oldest = hosts.min(by: { $0.value.number < $1.value.number })?.key
        else { return }
        hosts[oldest] = nil
    }

    /// Forgets all cameras and hosts but these.
    mutating func keep(cameras isWanted: (String) -> Bool, hosts wanted: Set<String>) {
        cameras = cameras.filter { isWanted($0.key) }
        hosts = hosts.filter { wanted.contains($0.key) }
    }
}

import Flow
import RTSP

/// What a connection tells its fleet, on the event loop.
protocol CameraConnectionOwner: AnyObject {
    /// Time since the fleet was made, on the clock that only grows.
    func elapsed() -> MediaTime
    /// The camera has agreed to send: packets may come from now on.
    func agreed(on track: PlayedTrack, camera: FleetCamera)
    /// Why nothing must be said to an address at this place; nil when the camera may be there.
    func refusal(of place: HostPlace, camera: FleetCamera) -> String?
    /// The stream runs.
    func started(camera: FleetCamera)
    /// Bytes of the camera are worked on from now on, and no longer.
    func working(on camera: FleetCamera)
    func workDone()
    /// So many bytes have come since the last read that was due, and the socket has been emptied as far as it may be.
    func hasRead(_ bytes: Int, camera: FleetCamera)
    /// Pictures of one read, in the order in which they came.
    func received(_ pictures: [CodedUnit], camera: FleetCamera)
    /// What the sender says of its clock.
    func received(_ report: SenderReport, camera: FleetCamera)
    /// The camera sends the client elsewhere, where `session` goes on; this connection closes.
    func redirected(to url: RTSPURL, session: ClientSession, camera: FleetCamera)
    /// The connection is over; `failure` is nil when it was ended in order.
    func closed(_ failure: RTSPError?, camera: FleetCamera)
}

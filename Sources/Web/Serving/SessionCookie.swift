import Hummingbird

/// The cookies: one that carries a session, and one that says that the browser has logged in before.
struct SessionCookie: Sendable {
    /// Seconds that a browser keeps its mark.
    private static let deviceLife = 180 * 86_400

    let isSecure: Bool

    /// With TLS the browser itself then refuses a cookie that another host or plain HTTP tries to plant.
    var name: String { isSecure ? "__Host-gw_session" : "gw_session" }
    private var deviceName: String { isSecure ? "__Host-gw_device" : "gw_device" }

    func token(of request: Request) -> SessionToken? {
        request.cookies[name].flatMap { SessionToken(cookie: $0.value) }
    }

    func device(of request: Request) -> DeviceMark? {
        request.cookies[deviceName].flatMap { DeviceMark(cookie: $0.value) }
    }

    func set(_ token: SessionToken, lifeSeconds: Int) -> String {
        text(name, token.text, lifeSeconds)
    }

    func set(_ device: DeviceMark) -> String {
        text(deviceName, device.text, Self.deviceLife)
    }

    var clear: String { text(name, "", 0) }

    private func text(_ name: String, _ value: String, _ lifeSeconds: Int) -> String {
        "\(name)=\(value); Path=/; HttpOnly; SameSite=Lax; Max-Age=\(lifeSeconds)\(isSecure ? "; Secure" : "")"
    }
}

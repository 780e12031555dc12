/// What the last frame of a camera was judged as, for the operator.
public enum SceneStatus: String, Sendable, Hashable, Codable, CaseIterable {
    /// No frame has come yet.
    case noFrame = "no_frame"
    /// The empty scene is still being learnt; only objects that clearly move alert.
    case warmingUp = "warming_up"
    /// The scene is known and rules are judged.
    case steady
    /// Light or exposure changed the whole picture; it is learnt anew.
    case lightChange = "light_change"
    /// The camera went to or came from infrared.
    case infraredSwitch = "infrared_switch"
    /// The whole picture moves from frame to frame; the background follows it.
    case shaking
    /// The picture has nothing in common with the known scene.
    case sceneChange = "scene_change"
}

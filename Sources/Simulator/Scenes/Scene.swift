/// All that happens before one camera, ready to render.
struct Scene {
    var camera: SceneCamera
    var backdrop: Backdrop
    var sun: Sun?
    var water: WaterLook?
    var foliage: [FoliageLook] = []
    var actors: [Actor] = []
    var lighting = Lighting()
    var weather = Weather()
    var sensor = SensorLook()
    var caption: CaptionLook?
}

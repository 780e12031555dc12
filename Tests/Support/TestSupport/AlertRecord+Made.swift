public import Flow

/// The start of an alert, another one for each number.
public func makeRecord(_ number: Int) -> AlertRecord {
    let start = MediaTime(seconds: 1_790_000_000 + Double(number))
    return AlertRecord(
        id: AlertID.make(camera: "cam", rule: "gate", start: start),
        camera: "cam",
        rule: "gate",
        kind: "intrusion",
        hazardType: "FNS-01",
        severity: 2,
        autoDispatch: true,
        phase: .start,
        startedAt: start,
        statedAt: start,
        endedAt: nil,
        score: 0.5,
        box: .full,
        evidence: nil,
        settingsVersion: "v"
    )
}

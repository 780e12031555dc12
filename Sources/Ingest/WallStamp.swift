import Flow

/// Turns a stream's own clock into wall time.
///
/// The first unit is stamped with the time it came; later ones keep the stream's spacing, which is steadier than the
/// network's. When both clocks have drifted apart by more than `tolerance` the stamp is set anew, never backwards.
struct WallStamp {
    /// Drift at which the stream's clock is no longer believed, seconds.
    static let tolerance = 5.0

    private var offset: Int64?
    private var last = MediaTime(microseconds: .min)

    /// The unit with wall times instead of the stream's.
    mutating func stamped(_ unit: AccessUnit, now: MediaTime) -> AccessUnit {
        let fresh = now.microseconds &- unit.time.microseconds
        var shift = offset ?? fresh
        if abs(Double(shift &- fresh)) > Self.tolerance * 1_000_000 { shift = fresh }
        offset = shift
        var unit = unit
        let lead = unit.time.microseconds &- unit.decodeTime.microseconds
        unit.time = MediaTime(microseconds: unit.time.microseconds &+ shift)
        if unit.time <= last, unit.time.microseconds > .min + 1, lead == 0 {
            unit.time = MediaTime(microseconds: last.microseconds + 1)
        }
        unit.decodeTime = MediaTime(microseconds: unit.time.microseconds &- lead)
        last = max(last, unit.time)
        return unit
    }
}

public import Flow

/// The `nal_unit_type` of a unit, as far as transport must know it.
public enum NALUnitType {
    /// The type of a unit that starts with these bytes: H.264 has 5 bits of it, H.265 has 6.
    ///
    /// - Returns: Nil for an empty unit and for codings without such units.
    public static func of(_ unit: some Collection<UInt8>, codec: StreamFormat.Codec) -> UInt8? {
        guard let first = unit.first else { return nil }
        switch codec {
        case .h264: return first & 0x1f
        case .h265: return first >> 1 & 0x3f
        case .mjpeg, .other: return nil
        }
    }
}

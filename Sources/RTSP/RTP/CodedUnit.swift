/// One coded picture as it came out of RTP packets: always measured, its bytes only where they are wanted.
public struct CodedUnit: Sendable {
    /// Why a unit has no bytes.
    public enum Omission: String, Hashable, Sendable {
        /// The depacketiser keeps keyframes only, and this is none.
        case notWanted
        /// A keyframe whose parameter sets (MJPEG: quantisation tables) the camera has not sent.
        ///
        /// Those of another camera would decode it wrongly.
        case missingParameterSets
        /// Packets are missing, and with them every slice or the first one.
        case incomplete
        /// Larger than the limit of the depacketiser.
        case tooLarge
        /// Coded in a way that is not spoken here.
        case unsupported
        /// MJPEG of more than 2,040 pixels, and nothing says how many.
        case unknownSize
    }

    /// How a picture was coded, as far as its first slice tells.
    public enum Picture: String, Hashable, Sendable {
        /// From itself alone.
        case intra
        /// From one other picture.
        case predicted
        /// From two other pictures.
        case bipredicted
        /// The transport cannot tell; H.265 pictures that are no random access point and begin with no I slice.
        case unknown
    }

    /// Sampling instant in ticks of the track's clock.
    ///
    /// The RTP timestamp without its wrap: the lower 32 bits are the timestamp. Starts anew with `isNewSource`.
    public var ticks: Int64
    /// Sequence number of the unit's first packet.
    public var sequence: UInt16
    /// Bytes of the unit's NAL units, without start codes, delimiters and filler; of MJPEG the bytes of the scan.
    ///
    /// Counts what was received, also when it was not kept.
    public var size: Int
    /// The unit in Annex B form with start codes of four bytes, or a whole JPEG picture; nil with `omission`.
    ///
    /// A keyframe begins with the camera's parameter sets. Access unit delimiters and filler are left out.
    public var bytes: [UInt8]?
    /// Why there are no bytes; nil when there are.
    public var omission: Omission?
    /// How the picture was coded.
    public var picture: Picture
    /// True when decoding can start here: IDR, CRA, BLA, MJPEG, a recovery point of I slices, and where none of these came
    /// for a while any picture of I slices.
    public var isKeyframe: Bool
    /// True when a recovery point message stands before the picture: decoded from here it will be right some time.
    public var isRecoveryPoint: Bool
    /// True when other pictures may need this one: `nal_ref_idc`, or not a sub-layer non-reference picture.
    public var isReference: Bool
    /// True when packets were lost within the unit or right before it, or did not fit together.
    public var isDamaged: Bool
    /// True when `ticks` is smaller than in the unit before: B frames, or a clock that was set back.
    public var goesBack: Bool
    /// True when this is the first unit, or the first one after the camera started its stream anew.
    public var isNewSource: Bool
}

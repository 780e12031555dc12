import Flow

@testable import Live

extension AlertRecorder {
    /// A statement as a camera hands it over.
    func item(_ record: AlertRecord, _ jpeg: [UInt8]?) -> Item { Item(record: named(record), jpeg: jpeg) }
}

import Testing

@testable import Spool

@Suite struct CRC32CTests {
    @Test(
        "the checksum equals the published vectors",
        arguments: [
            (Array("123456789".utf8), UInt32(0xe306_9283)),
            ([UInt8](repeating: 0, count: 32), UInt32(0x8a91_36aa)),
            ([UInt8](repeating: 0xff, count: 32), UInt32(0x62a8_ab43)),
            (Array(UInt8(0)...31), UInt32(0x46dd_794e)),
            ([UInt8](), UInt32(0)),
        ] as [([UInt8], UInt32)]
    )
    func vectors(bytes: [UInt8], expected: UInt32) {
        #expect(CRC32C.of(bytes) == expected)
    }
}

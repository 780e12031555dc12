import Flow
import Testing

@Suite struct AddressRangeTests {
    @Test(
        "an address belongs to a range when its first bits do, also when IPv4 is written as IPv6",
        arguments: [
            ("127.0.0.1", "127.0.0.1", true), ("127.0.0.1", "127.0.0.2", false), ("10.0.0.0/8", "10.255.1.2", true),
            ("10.0.0.0/8", "11.0.0.1", false), ("192.168.4.0/22", "192.168.7.255", true),
            ("192.168.4.0/22", "192.168.8.0", false), ("::1", "::1", true), ("::1", "0:0:0:0:0:0:0:1", true),
            ("2001:db8::/33", "2001:db8:7fff::1", true), ("2001:db8::/33", "2001:db8:8000::1", false),
            ("127.0.0.1", "::ffff:127.0.0.1", true), ("0.0.0.0/0", "1.2.3.4", true), ("0.0.0.0/0", "::1", false),
            ("10.0.0.0/8", "local", false), ("10.0.0.0/8", "", false),
        ]
    )
    func contains(range: String, address: String, isIn: Bool) throws {
        #expect(try #require(AddressRange(range)).contains(address) == isIn)
    }

    @Test(
        "names, ports, and more bits than there are, are no ranges",
        arguments: [
            "", "localhost", "127.0.0.1:80", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0/8/8", "::/129", "1.2.3",
        ]
    )
    func refused(text: String) {
        #expect(AddressRange(text) == nil)
    }

    @Test("a list has commas or blanks between its members, and one wrong member spoils it")
    func list() {
        #expect(
            AddressRange.list("127.0.0.1, 10.0.0.0/8 ::1")?.map(\.description) == ["127.0.0.1", "10.0.0.0/8", "::1"]
        )
        #expect(AddressRange.list("")?.isEmpty == true)
        #expect(AddressRange.list("127.0.0.1, proxy") == nil)
    }

    @Test("one address has one name")
    func canonical() {
        #expect(AddressRange.canonical("::ffff:10.0.0.1") == "10.0.0.1")
        #expect(AddressRange.canonical("2001:DB8:0:0::1") == "2001:db8::1")
        #expect(AddressRange.canonical("nobody") == nil)
    }

    @Test(
        "what one holder has is an address of IPv4 and a network of IPv6",
        arguments: [
            ("192.0.2.7", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7"), ("2001:db8:1:2::5", "2001:db8:1:2::/64"),
            ("2001:DB8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"), ("2001:db8:1:3::5", "2001:db8:1:3::/64"),
            ("::1", "::1"), ("local", "local"),
        ]
    )
    func holder(address: String, holder: String) {
        #expect(AddressRange.holder(of: address) == holder)
    }
}

import Flow
import Testing

@Suite struct HostPlaceTests {
    @Test(
        "every way to write loopback is seen",
        arguments: [
            "127.0.0.1", "127.255.3.4", "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "0.0.0.0", "0", "localhost",
            "LOCALHOST.", "camera.localhost", "::1", "[::1]", "::", "::ffff:127.0.0.1", "::127.0.0.1", "127.0.0.1.",
        ]
    )
    func loopback(host: String) {
        #expect(HostPlace(ofLiteral: host) == .thisMachine)
        #expect(HostLookup(host).place == .thisMachine)
    }

    @Test(
        "every way to write an address of the wire is seen",
        arguments: ["169.254.169.254", "0xa9fea9fe", "fe80::1", "fe80::1%eth0", "[febf::1]", "::ffff:169.254.1.1"]
    )
    func link(host: String) {
        #expect(HostPlace(ofLiteral: host) == .link)
    }

    @Test(
        "other addresses and names are elsewhere",
        arguments: [
            "10.0.0.1", "192.168.1.64", "169.253.1.1", "128.0.0.1", "fec0::1", "2001:db8::1", "camera-7.lan", "",
        ]
    )
    func elsewhere(host: String) {
        #expect(HostPlace(ofLiteral: host) == .elsewhere)
    }

    @Test("what this machine's own interfaces have is this machine, in every way to write it")
    func own() {
        let own = OwnAddresses { [[10, 20, 30, 40], [0x20, 1, 0xd, 0xb8] + [UInt8](repeating: 0, count: 11) + [7]] }
        for host in ["10.20.30.40", "0x0a141e28", "10.20.7720", "::ffff:10.20.30.40", "2001:db8::7", "[2001:DB8:0::7]"]
        {
            #expect(HostPlace(ofLiteral: host, own: own) == .thisMachine, "\(host)")
        }
        for host in ["10.20.30.41", "2001:db8::8", "camera.lan"] {
            #expect(HostPlace(ofLiteral: host, own: own) == .elsewhere, "\(host)")
        }
        #expect(OwnAddresses.system.contains([127, 0, 0, 1]), "the kernel was asked")
        #expect(!OwnAddresses.system.contains([203, 0, 113, 77]))
    }

    @Test("a look-up says what is connected to: addresses as they are, IPv4 of a name first, nothing of one unknown")
    func lookup() {
        #expect(HostLookup("127.1") == HostLookup(place: .thisMachine, addresses: ["127.1"], isLiteral: true))
        #expect(HostLookup("[::1]").isLiteral && HostLookup("203.0.113.9").place == .elsewhere)
        let local = HostLookup("localhost")
        #expect(local.place == .thisMachine && local.addresses.first == "127.0.0.1" && !local.isLiteral)
        #expect(HostLookup("no-such-host.invalid").addresses.isEmpty && HostLookup("").addresses.isEmpty)
    }

    @Test("nobody outside sends a reader to this machine or its wire, whatever is set")
    func sentOn() {
        for setting in LocalAddresses.allCases {
            #expect(setting.allow(.elsewhere) && setting.allow(.elsewhere, sentBy: .thisMachine))
            #expect(!setting.allow(.thisMachine, sentBy: .elsewhere))
            #expect(!setting.allow(.link, sentBy: .elsewhere) && !setting.allow(.link, sentBy: .thisMachine))
        }
        #expect(LocalAddresses.loopback.allow(.thisMachine, sentBy: .thisMachine))
        #expect(!LocalAddresses.refuse.allow(.thisMachine) && !LocalAddresses.loopback.allow(.link))
        #expect(LocalAddresses.any.allow(.link) && LocalAddresses.loopback.allow(.thisMachine))
    }
}

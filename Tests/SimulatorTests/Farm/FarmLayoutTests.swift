import Simulator
import Testing

@Suite struct FarmLayoutTests {
    @Test("cameras go round the addresses, which follow the first one")
    func spread() throws {
        let layout = try FarmLayout(host: "127.0.0.254", port: 8554, addresses: 4)
        #expect(
            layout.urls(["a", "b", "c", "d", "e"]) == [
                "rtsp://127.0.0.254:8554/a", "rtsp://127.0.0.255:8554/b", "rtsp://127.0.1.0:8554/c",
                "rtsp://127.0.1.1:8554/d", "rtsp://127.0.0.254:8554/e",
            ]
        )
    }

    @Test("processes share addresses where they divide evenly, else each has a port of its own", arguments: [4, 3, 1])
    func processes(addresses: Int) throws {
        let layout = try FarmLayout(host: "127.0.0.1", port: 8554, addresses: addresses, processes: 2)
        let parts = (0..<2).map { Set(layout.endpoints(ofProcess: $0).map { layout.endpoints[$0] }) }
        #expect(parts[0].isDisjoint(with: parts[1]))
        #expect(parts[0].count == parts[1].count)
        let hosts = parts.map { Set($0.map(\.host)) }
        #expect(hosts[0].isDisjoint(with: hosts[1]) == (addresses == 4))
        #expect(Set(layout.endpoints.map(\.port)) == (addresses == 4 ? [8554] : [8554, 8555]))
        let cameras = (0..<2).map { layout.cameras(ofProcess: $0, outOf: 1000) }
        #expect((cameras[0] + cameras[1]).sorted() == Array(0..<1000))
        #expect(abs(cameras[0].count - cameras[1].count) <= addresses)
        for (process, own) in cameras.enumerated() {
            for camera in own { #expect(layout.process(ofEndpoint: layout.endpoint(ofCamera: camera)) == process) }
        }
    }

    @Test("URLs name the ports that were bound")
    func bound() throws {
        let layout = try FarmLayout(host: "127.0.0.1", port: 0, addresses: 2)
        let bound = layout.endpoints.enumerated().map { FarmEndpoint(host: $0.element.host, port: 7000 + $0.offset) }
        #expect(layout.urls(["a", "b"], bound: bound) == ["rtsp://127.0.0.1:7000/a", "rtsp://127.0.0.2:7001/b"])
    }

    @Test("what cannot be laid out is refused")
    func refuses() {
        for (host, port, addresses, processes) in [
            ("localhost", 1, 2, 1), ("::1", 1, 2, 1), ("127.0.0", 1, 2, 1), ("127.0.0.256", 1, 2, 1),
            ("255.255.255.254", 1, 8, 1), ("0.0.0.0", 1, 2, 1), ("127.0.0.1", 65_535, 1, 2), ("127.0.0.1", -1, 1, 1),
            ("127.0.0.1", 1, 0, 1), ("127.0.0.1", 1, 5000, 1), ("127.0.0.1", 1, 1, 0), ("127.0.0.1", 1, 1, 65),
        ] {
            let error = #expect(throws: SimulatorError.self) {
                try FarmLayout(host: host, port: port, addresses: addresses, processes: processes)
            }
            #expect(error?.code == .badOption)
        }
    }

    @Test(
        "as many processes as the limit of open files asks for, rather a number that divides the addresses",
        arguments: [
            (1000, 1, 20_000, 1), (32_000, 1, 20_000, 2), (32_000, 8, 20_000, 2), (32_000, 9, 20_000, 3),
            (32_000, 7, 20_000, 2), (19_000, 1, 20_000, 1), (20_000, 1, 20_000, 2), (100_000, 8, 20_000, 8),
        ]
    )
    func automatic(cameras: Int, addresses: Int, files: Int, expected: Int) {
        #expect(FarmLayout.processes(cameras: cameras, addresses: addresses, openFiles: files) == expected)
    }
}

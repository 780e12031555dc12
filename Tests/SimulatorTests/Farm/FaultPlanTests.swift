import Simulator
import Testing

@testable import struct Simulator.FaultPlan

@Suite struct FaultPlanTests {
    @Test(
        "a fault is read from its text",
        arguments: [
            ("loss", .init(.loss)), ("loss=0.01", .init(.loss, share: 0.01)),
            ("stall@5", .init(.stall, start: 5)),
            ("freeze=0.5@10+2.5", .init(.freeze, share: 0.5, start: 10, duration: 2.5)),
            ("reboot=1.0@60+20", .init(.reboot, start: 60, duration: 20)),
            ("reboot@60", .init(.reboot, start: 60, duration: FaultPlan.rebootSeconds)),
        ] as [(String, FaultPlan.Fault)]
    )
    func reads(text: String, fault: FaultPlan.Fault) throws {
        #expect(try FaultPlan(reading: text).faults == [fault])
    }

    @Test("several are separated by commas, and all kinds are known by their names")
    func several() throws {
        let kinds = FaultPlan.Kind.allCases.map(\.rawValue)
        #expect(try FaultPlan(reading: kinds.joined(separator: ",")).faults.map(\.kind.rawValue) == kinds)
    }

    @Test(
        "what cannot be read is named",
        arguments: [
            ("", "kinds are"), ("lost", "lost"), ("loss=", "loss="), ("loss=2", "0…1"), ("loss=-1", "-1"),
            ("loss=0.1@", "loss=0.1@"), ("loss@x", "\"x\""), ("loss@1+", "loss@1+"), ("loss@1+2+3", "2+3"),
            ("loss=nan", "nan"), ("loss,", "kinds are"), ("loss@1e300", "1e9"),
            (Array(repeating: "loss", count: 65).joined(separator: ","), "64"),
        ]
    )
    func refuses(text: String, hint: String) {
        let error = #expect(throws: SimulatorError.self) { try FaultPlan(reading: text) }
        #expect(error?.code == .badOption)
        #expect(error?.message.contains(hint) == true, "\(error?.message ?? "")")
    }

    @Test("a share hits about that many cameras, always the same, and all those of a smaller share")
    func shares() throws {
        let plan = try FaultPlan(reading: "loss=0.1,loss=0.3,stall=0.3,freeze=0,auth=1")
        let masks = (0..<4000).map { plan.mask(ofCamera: "cam/\($0)") }
        let counts = (0..<5).map { bit in masks.count { $0 & 1 << UInt64(bit) != 0 } }
        #expect((320...480).contains(counts[0]))
        #expect((1080...1320).contains(counts[1]))
        #expect(counts[3...] == [0, 4000])
        #expect(masks.allSatisfy { $0 & 1 == 0 || $0 & 2 != 0 })
        // Another kind hits others.
        #expect((240...480).contains(masks.count { $0 & 6 == 6 }))
        #expect(plan.mask(ofCamera: "cam/7") == masks[7])
    }

    @Test("a fault is on from its start until its duration is over")
    func times() throws {
        let plan = try FaultPlan(reading: "loss,reboot@2+3,stall@4")
        let masks = [0, 1_999_999, 2_000_000, 4_000_000, 4_999_999, 5_000_000].map { plan.active(at: $0) }
        #expect(masks == [1, 1, 3, 7, 7, 5])
        #expect(plan.kinds(of: 7) == [.loss, .reboot, .stall])
        #expect(plan.kinds(of: 0) == [])
        #expect(FaultPlan().active(at: 0) == 0)
    }
}

// The victim of the breadcrumbs test: three threads work on cameras, and the middle one dies in the way that is asked for.
//
// Writes the kernel's number of the thread that will die, then dies. Arguments: breadcrumbs file, way to die.

import Flow
import Foundation

enum Child {
    /// Needs more stack than any thread has.
    @inline(never)
    static func dig(_ depth: Int) -> Int {
        withUnsafeTemporaryAllocation(of: Int.self, capacity: 512) { room in
            room.initialize(repeating: depth)
            return depth < 0 ? 0 : dig(depth + 1) + room[depth % 512]
        }
    }

    static func die(_ way: String) {
        switch way {
        case "trap":
            let packet = [UInt8](repeating: 0, count: way.count)
            exit(Int32(packet[CommandLine.arguments.count + way.count]))
        case "fault": UnsafeMutablePointer<Int>(bitPattern: 16)?.pointee = 1
        case "abort": abort()
        case "overflow": exit(Int32(truncatingIfNeeded: dig(0)))
        case "hang", "stand": while true { sleep(1) }
        case "spin": while CommandLine.arguments.count == 3 {}
        default: exit(2)
        }
    }

    static func work(_ crumbs: Breadcrumbs, _ number: Int, ready: DispatchSemaphore, go: DispatchSemaphore, way: String)
    {
        guard let trail = crumbs.attach() else { exit(2) }
        trail.enter("idle-\(number)", .decoding)
        trail.leave()
        trail.enter("camera-\(number)", .handshake)
        trail.turn(to: .depacketising)
        ready.signal()
        guard number == 1 else {
            while true {
                usleep(20_000)
                if way == "spin" || way == "stand" { trail.step() }
            }
        }
        go.wait()
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")) ?? ""
        let said = (own as NSString).lastPathComponent + "\n"
        _ = write(1, said, said.utf8.count)
        die(way)
    }

    static func run(path: String, way: String) throws {
        let crumbs = try Breadcrumbs(path: path, threads: 4)
        try crumbs.catchSignals()
        let ready = DispatchSemaphore(value: 0)
        let go = DispatchSemaphore(value: 0)
        for number in 0..<3 {
            Thread { work(crumbs, number, ready: ready, go: go, way: way) }.start()
        }
        for _ in 0..<3 { ready.wait() }
        go.signal()
        var limits = HangDetector.Limits()
        (limits.work, limits.standstill) = (way == "spin" ? 0.5 : .infinity, way == "stand" ? 1 : .infinity)
        var watch = HangDetector(limits: limits)
        while true {
            usleep(50_000)
            let now = Double(DispatchTime.now().uptimeNanoseconds) / 1e9
            let found = watch.look(crumbs.report()?.working ?? [], now: now) { KernelUsage(thread: $0) }
            if let hung = found.hung { crumbs.accuse(hung.thread) }
        }
    }
}

guard CommandLine.arguments.count == 3 else { exit(2) }
do {
    try Child.run(path: CommandLine.arguments[1], way: CommandLine.arguments[2])
} catch {
    exit(3)
}

import ArgumentParser
import Foundation
import Planning

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "What a site needs: cores, memory, network and ingest processes, from this machine's measured costs.",
        discussion: """
            Measures for some seconds what decoding, detection and reading take here, then reckons. deploy/bench measures
            the whole; docs/performance.md compares both.

            Examples:
              gridwatch plan --class-1 2000 --class-2 8000 --class-3 22000 --kbps 512
              gridwatch plan --class-3 32000 --kbps 32 --interval-3 60 --json
              gridwatch plan --class-1 500 --clip recording-of-such-a-camera.mp4
            """
    )

    @Option(name: .customLong("class-1"), help: "Cameras of class I.") var class1 = 0
    @Option(name: .customLong("class-2"), help: "Cameras of class II.") var class2 = 0
    @Option(name: .customLong("class-3"), help: "Cameras of class III.") var class3 = 0
    @Option(name: .customLong("interval-1"), help: "Sampling interval of class I, seconds.") var interval1 = 10.0
    @Option(name: .customLong("interval-2"), help: "Sampling interval of class II, seconds.") var interval2 = 60.0
    @Option(name: .customLong("interval-3"), help: "Sampling interval of class III, seconds.") var interval3 = 300.0
    @Option(help: "Bit rate of the streams that are analysed, kb/s.") var kbps = 512.0
    @Option(help: "Seconds between keyframes.") var gop = 2.0
    @Option(help: "Share of cameras on which something moves at a time, 0 to 1.") var motionShare = 0.05
    @Option(help: "Share of a core that is planned for, 0.1 to 1; the rest is for peaks.") var load = 0.7
    @Option(help: "Most cameras of one ingest process (ingest.max_cameras).") var maxCameras = 16_000
    @Option(help: "Cores of the machines that are to be used; says how many machines.") var coresPerMachine: Int?
    @Option(help: "A recording of such a camera, to measure decoding with.") var clip = "sample-streams/river-day.mp4"
    @Flag(help: "Print one JSON document.") var json = false

    func validate() throws {
        guard [class1, class2, class3].allSatisfy({ (0...10_000_000).contains($0) }), class1 + class2 + class3 > 0
        else {
            throw ValidationError("give the number of cameras of at least one class: --class-1, --class-2, --class-3")
        }
        guard [interval1, interval2, interval3, gop].allSatisfy({ $0 > 0 }), kbps > 0, maxCameras > 0,
            (0...1).contains(motionShare), (0.1...1).contains(load)
        else {
            throw ValidationError(
                "intervals, --gop, --kbps and --max-cameras must be more than 0, shares within 0 to 1"
            )
        }
    }

    func run() async throws {
        let bar = ProgressBar("measuring this machine")
        let costs = try MachineCosts.measure(clip: clip) { bar.show($0) }
        bar.finish()
        let site = SitePlan.Site(
            cameras: [class1, class2, class3],
            intervals: [interval1, interval2, interval3],
            kilobits: kbps,
            keyframeInterval: gop,
            motionShare: motionShare,
            maxCameras: maxCameras,
            load: load
        )
        let plan = SitePlan(site: site, costs: costs)
        if json { try Output.json(Document(plan, site, costs)) } else { Console.out(table(plan, costs)) }
    }

    private func table(_ plan: SitePlan, _ costs: SitePlan.Costs) -> String {
        func number(_ value: Double, _ digits: Int = 1) -> String { String(format: "%.\(digits)f", value) }
        let memory = plan.memory
        let total = memory.fixed + memory.cameras + memory.buffers
        let machines = coresPerMachine.map { cores in
            "\nmachines              \(max(1, Int((plan.coresNeeded / Double(cores)).rounded(.up)))) of \(cores) cores, and one more to spare"
        }
        return """
            measured here         keyframe of \(number(costs.keyframeKB)) KB \(number(costs.decode, 2)) ms, detection \
            \(number(costs.detect, 2)) ms, packet \(number(costs.packet, 3)) µs, read \(number(costs.readKB, 3)) µs/KB
            cameras               \(plan.cameras)
            keyframes decoded     \(number(plan.keyframesPerSecond)) a second, of \(number(plan.keyframeKB)) KB
            cores                 \(number(plan.coresNeeded)) (decoding \(number(plan.cores.decode)), detection \
            \(number(plan.cores.detect)), reading \(number(plan.cores.read)), all else \(number(plan.cores.rest)); \
            \(Int(load * 100)) % used)
            cameras a core        \(Int(plan.camerasPerCore)) at full use
            ingest processes      \(plan.workers)
            memory                \(number(total / 1024)) GB (cameras \(number(memory.cameras / 1024)), pictures kept \
            \(number(memory.buffers / 1024)), processes \(number(memory.fixed / 1024)))
            network               \(number(plan.network)) Mb/s
            alert statements      up to \(plan.statementsPerDay) a day
            """ + (machines ?? "")
    }

    private struct Document: Encodable {
        let site: SitePlan.Site
        let costs: SitePlan.Costs
        let cameras: Int
        let keyframesPerSecond, cores, camerasPerCore, memoryMB, networkMbps: Double
        let workers: Int

        init(_ plan: SitePlan, _ site: SitePlan.Site, _ costs: SitePlan.Costs) {
            self.site = site
            self.costs = costs
            cameras = plan.cameras
            keyframesPerSecond = plan.keyframesPerSecond
            cores = plan.coresNeeded
            camerasPerCore = plan.camerasPerCore
            memoryMB = plan.memory.fixed + plan.memory.cameras + plan.memory.buffers
            networkMbps = plan.network
            workers = plan.workers
        }
    }
}

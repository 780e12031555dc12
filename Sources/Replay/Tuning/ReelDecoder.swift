internal import Foundation
public import Pipeline
internal import Synchronization

/// Decodes many clips at once.
public enum ReelDecoder {
    /// Decodes the clips of label files.
    ///
    /// - Parameters:
    ///   - files: The labels; those without rules are left out.
    ///   - clipsDirectory: The folder that the clips lie in.
    ///   - run: How they are sampled.
    ///   - workers: Clips at the same time, at least 1.
    ///   - progress: Called after each clip, never twice at once, with the number done, its name, and why it failed.
    /// - Returns: The clips that could be read, in the order of `files`.
    public static func decode(
        _ files: [LabelFile],
        clipsDirectory: String,
        run: ClipRun,
        workers: Int,
        progress: @Sendable (_ done: Int, _ clip: String, _ error: String?) -> Void
    ) -> [ClipReel] {
        struct Work {
            var next = 0
            var done = 0
            var reels: [Int: ClipReel] = [:]
        }
        let order = files.indices.filter { !files[$0].rules.isEmpty }
            .sorted { (files[$1].duration, $0) < (files[$0].duration, $1) }
        let work = Mutex(Work())
        DispatchQueue.concurrentPerform(iterations: max(1, min(workers, order.count))) { _ in
            while let index = work.withLock({ work -> Int? in
                guard work.next < order.count else { return nil }
                defer { work.next += 1 }
                return order[work.next]
            }) {
                let result = Result { try ClipReel(labels: files[index], clipsDirectory: clipsDirectory, run: run) }
                work.withLock { work in
                    work.done += 1
                    switch result {
                    case .success(let reel):
                        work.reels[index] = reel
                        progress(work.done, files[index].clip, nil)
                    case .failure(let error): progress(work.done, files[index].clip, "\(error)")
                    }
                }
            }
        }
        return work.withLock { work in files.indices.compactMap { work.reels[$0] } }
    }
}

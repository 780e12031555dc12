public import Analysis
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
        let work = Mutex((done: 0, reels: [Int: ClipReel]()))
        ClipThreads.forEach(
            files.indices.filter { !files[$0].rules.isEmpty },
            longestFirst: { files[$0].duration },
            workers: workers
        ) { index in
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
        return work.withLock { work in files.indices.compactMap { work.reels[$0] } }
    }
}

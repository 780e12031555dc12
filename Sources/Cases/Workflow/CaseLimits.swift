/// How much people may say of a case at once; pages, the API and the database hold the same.
public enum CaseLimits {
    /// Characters of a note at most.
    public static let note = 2000
    /// Pictures of a report at most.
    public static let photos = 6
}

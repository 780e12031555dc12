import Media

/// Photos of strangers: what comes out is a plain JPEG within the limits, which is taken again; all else is refused.
@Sendable
func fuzzPhotos(_ input: inout Input) {
    var limits = PhotoReencoder.Limits()
    limits.maxPixels = 1 << 20
    limits.maxDecodedBytes = 4 << 20
    limits.longSide = 64
    guard let photo = try? PhotoReencoder.reencode(input.all(), limits: limits) else { return }
    check(photo, limits)
    guard let again = try? PhotoReencoder.reencode(photo.jpeg, limits: limits) else {
        preconditionFailure("what was written is not taken again")
    }
    check(again, limits)
    precondition(again.width == photo.width && again.height == photo.height)
    precondition(again.captureTime == nil && again.position == nil, "metadata in what was written")
}

private func check(_ photo: PhotoReencoder.Photo, _ limits: PhotoReencoder.Limits) {
    precondition((1...limits.longSide).contains(photo.width) && (1...limits.longSide).contains(photo.height))
    precondition(photo.jpeg.starts(with: [0xff, 0xd8]) && photo.jpeg.suffix(2) == [0xff, 0xd9])
    if let place = photo.position {
        precondition(abs(place.latitude) <= 90 && abs(place.longitude) <= 180)
    }
    if let time = photo.captureTime {
        precondition((0...4_200_000_000).contains(time.unixSeconds(assuming: 0) + 100_000))
    }
}

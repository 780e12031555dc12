internal import CFFmpeg
internal import Flow
internal import Glibc

/// What stands between FFmpeg and the network while an input is open.
///
/// FFmpeg asks it before it opens anything, and while it waits. It follows redirects itself, one by one, so that an
/// account never leaves the host and port that it was given for, and so that nothing outside leads a reader to this
/// machine. One thread at a time uses it: the one that is in a call of the input.
final class InputGuard {
    let watch: IOWatch
    /// What FFmpeg was given.
    private let source: MediaSource
    private let localAddresses: LocalAddresses
    private let origin: HostPlace
    /// FFmpeg's own way to open a protocol.
    private var openProtocol: OpenProtocol?
    private(set) var context: UnsafeMutablePointer<AVFormatContext>?
    /// The media type that the server gave for the main address.
    private(set) var contentType = ""
    /// True once an address was followed without the account of the one before.
    private(set) var leftAccount = false
    /// Why the last address was not opened, where it was not FFmpeg's decision.
    private(set) var refusal: MediaError?

    private typealias OpenProtocol =
        @convention(c) (
            UnsafeMutablePointer<AVFormatContext>?, UnsafeMutablePointer<UnsafeMutablePointer<AVIOContext>?>?,
            UnsafePointer<CChar>?, Int32, UnsafeMutablePointer<OpaquePointer?>?
        ) -> Int32

    /// How often one address may lead to another.
    static let mostRedirects = 3

    init(source: MediaSource, localAddresses: LocalAddresses, origin: HostPlace, watch: IOWatch) {
        self.source = source
        self.localAddresses = localAddresses
        self.origin = origin
        self.watch = watch
    }

    /// Puts itself into a context that has not been opened; it must outlive the context.
    func attach(to context: UnsafeMutablePointer<AVFormatContext>) {
        self.context = context
        context.pointee.opaque = Unmanaged.passUnretained(self).toOpaque()
        context.pointee.interrupt_callback = interrupt
        openProtocol = context.pointee.io_open
        context.pointee.io_open = { context, stream, url, flags, options in
            guard let opaque = context?.pointee.opaque, let url else { return gw_error_from_errno(EINVAL) }
            let me = Unmanaged<InputGuard>.fromOpaque(opaque).takeUnretainedValue()
            return me.open(stream, String(cString: url), flags, options)
        }
    }

    /// FFmpeg has freed the context.
    func detach() {
        context = nil
    }

    private var interrupt: AVIOInterruptCB {
        AVIOInterruptCB(
            callback: { opaque in
                guard let opaque else { return 0 }
                let me = Unmanaged<InputGuard>.fromOpaque(opaque).takeUnretainedValue()
                return me.watch.mustStop || me.movedTo != nil ? 1 : 0
            },
            opaque: Unmanaged.passUnretained(self).toOpaque()
        )
    }

    /// Where an RTSP server has sent FFmpeg, which then changes the address of its context, connects there, and would
    /// tell the account of the old address to whoever asks; asked before the connection stands.
    private(set) var moved: String?
    private var movedTo: String? {
        if let moved { return moved }
        guard source.isRTSP, let url = context?.pointee.url, strcmp(url, source.address) != 0 else { return nil }
        moved = String(cString: url)
        return moved
    }

    /// Opens a protocol for FFmpeg: the main address, or one that a playlist names.
    private func open(
        _ stream: UnsafeMutablePointer<UnsafeMutablePointer<AVIOContext>?>?,
        _ url: String,
        _ flags: Int32,
        _ options: UnsafeMutablePointer<OpaquePointer?>?
    ) -> Int32 {
        let isMain = url == source.address
        guard let openProtocol, isMain || mayFollow(url) else { return gw_error_from_errno(EPERM) }
        var target = url
        if source.protocols.hasPrefix("http"), let fragment = url.firstIndex(of: "#") {
            target = String(url[..<fragment])
        }
        for _ in 0...Self.mostRedirects {
            var settings: OpaquePointer?
            defer { av_dict_free(&settings) }
            if let options { av_dict_copy(&settings, options.pointee, 0) }
            let address = MediaAddress(target)
            let isHTTP = address?.scheme == "http" || address?.scheme == "https"
            if isHTTP { av_dict_set(&settings, "max_redirects", "0", 0) }
            let status = openProtocol(context, stream, target, flags, &settings)
            if status >= 0, isMain { contentType = option("mime_type", of: stream?.pointee) }
            guard status == gw_error_from_errno(EIO), isHTTP, let address,
                let location = HTTPRedirect.location(of: address, interrupt)
            else { return status }
            guard let next = follow(location, from: address) else { return gw_error_from_errno(EPERM) }
            target = next.text
        }
        refuse("its server sends its readers on more than \(Self.mostRedirects) times")
        return gw_error_from_errno(EPERM)
    }

    /// Whether a playlist may name `url`.
    private func mayFollow(_ url: String) -> Bool {
        if url.hasPrefix("data:") { return true }
        guard let address = MediaAddress(url) else {
            // A plain path, in a playlist that is a file itself.
            return source.isLocalFile
        }
        let isFile = address.scheme == "file"
        guard isFile == source.isLocalFile else {
            refuse(
                "it names \(isFile ? "a file of this machine" : "an address") (\(redacted(url: url))), which is not read"
            )
            return false
        }
        return isFile || isAllowed(address)
    }

    private func follow(_ location: String, from address: MediaAddress) -> MediaAddress? {
        guard let target = address.redirected(to: location) else {
            refuse("its server sends its readers on to an address that is not followed: \(redacted(url: location))")
            return nil
        }
        if !address.account.isEmpty, target.account.isEmpty { leftAccount = true }
        return isAllowed(target) ? target : nil
    }

    private func isAllowed(_ address: MediaAddress) -> Bool {
        guard !localAddresses.allow(HostPlace(resolving: address.host), sentBy: origin) else { return true }
        refuse("it sends its readers on to \(address.host), which means this machine or its own wire; not followed")
        return false
    }

    private func refuse(_ why: String) {
        refusal = MediaError(.refused, "\(source.name) is not read: \(why)")
    }

    /// The source that an RTSP server has sent its reader to; throws why it is not followed.
    func movedSource() throws(MediaError) -> MediaSource? {
        guard let moved, let old = MediaAddress(source.address) else { return nil }
        guard let target = follow(moved, from: old) else {
            throw refusal ?? MediaError(.refused, "\(source.name) is not read: it leads elsewhere")
        }
        return try MediaSource(url: target.text)
    }

    private func option(_ name: String, of stream: UnsafeMutablePointer<AVIOContext>?) -> String {
        guard let stream else { return "" }
        var text: UnsafeMutablePointer<UInt8>?
        guard av_opt_get(stream, name, AV_OPT_SEARCH_CHILDREN, &text) >= 0, let text else { return "" }
        defer { av_free(text) }
        return String(cString: text)
    }
}

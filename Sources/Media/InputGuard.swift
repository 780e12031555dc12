internal import CFFmpeg
internal import Flow
internal import Glibc

/// What stands between FFmpeg and the network while an input is open.
///
/// FFmpeg asks it before it opens anything, and while it waits. It follows redirects itself, one by one, so that an
/// account never leaves the host and port that it was given for, and so that nothing outside leads a reader to this
/// machine; names are looked up here, once, and FFmpeg gets what was found. One thread at a time uses it: the one that is
/// in a call of the input.
final class InputGuard {
    let watch: IODeadline
    /// What FFmpeg was given.
    private let source: MediaSource
    private let localAddresses: LocalAddresses
    private let origin: HostPlace
    private let lookup: @Sendable (String) -> HostLookup
    /// What FFmpeg was given for an RTSP address.
    private var given = ""
    /// The names behind the addresses that FFmpeg was given in their place, by address and port.
    private var names: [String: String] = [:]
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

    init(
        source: MediaSource,
        localAddresses: LocalAddresses,
        origin: HostPlace,
        watch: IODeadline,
        lookup: @escaping @Sendable (String) -> HostLookup
    ) {
        self.source = source
        self.localAddresses = localAddresses
        self.origin = origin
        self.watch = watch
        self.lookup = lookup
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
        guard source.isRTSP, !given.isEmpty, let url = context?.pointee.url, strcmp(url, given) != 0 else { return nil }
        moved = String(cString: url)
        return moved
    }

    /// The ways to open an address that FFmpeg opens without asking; nil when it must not be, see `refusal`.
    func waysToMain() -> [ConnectWay]? { ways(to: source.address) }

    /// FFmpeg is given that for the address.
    func give(_ way: ConnectWay) { given = way.text }

    /// Looks an address up; nil when nothing may be read there, or when its name is not known.
    private func ways(to url: String) -> [ConnectWay]? {
        guard let address = MediaAddress(url), address.scheme != "file" else { return [ConnectWay(text: url)] }
        let found = lookup(address.host)
        guard localAddresses.allow(found.place, sentBy: origin) else {
            refuse("\(address.host) means this machine or its own wire now; not followed")
            return nil
        }
        let ways = ConnectWay.all(to: url, address, found, name: names[address.hostAndPort])
        guard !ways.isEmpty else {
            refusal = MediaError(
                .openFailed,
                "cannot open \(source.name): the name \(address.host) is not known; check it, and that this machine's "
                    + "name server is reachable"
            )
            return nil
        }
        if !found.isLiteral {
            for literal in found.addresses {
                let host = literal.contains(":") ? "[\(literal)]" : literal
                names[address.at(host).hostAndPort] = address.host
            }
        }
        return ways
    }

    /// An address with the name back in the place of what was found for it.
    private func named(_ url: String) -> MediaAddress? {
        guard let address = MediaAddress(url) else { return nil }
        return names[address.hostAndPort].map { address.at($0) } ?? address
    }

    /// Opens a protocol for FFmpeg: the main address, or one that a playlist names.
    private func open(
        _ stream: UnsafeMutablePointer<UnsafeMutablePointer<AVIOContext>?>?,
        _ url: String,
        _ flags: Int32,
        _ options: UnsafeMutablePointer<OpaquePointer?>?
    ) -> Int32 {
        let isMain = url == source.address
        guard isMain || mayFollow(url) else { return gw_error_from_errno(EPERM) }
        var target = url
        if source.protocols.hasPrefix("http"), let fragment = url.firstIndex(of: "#") {
            target = String(url[..<fragment])
        }
        for _ in 0...Self.mostRedirects {
            guard let ways = ways(to: target) else { return gw_error_from_errno(EPERM) }
            let address = named(target)
            let isHTTP = address?.scheme == "http" || address?.scheme == "https"
            var status = gw_error_from_errno(EHOSTUNREACH)
            var location: String?
            for way in ways {
                status = open(way, stream, flags, options, isHTTP: isHTTP)
                guard status < 0, !watch.mustStop else { break }
                if status == gw_error_from_errno(EIO), isHTTP, let address {
                    location = HTTPRedirect.location(of: address, way, interrupt)
                }
                let mayGoOn = ConnectWay.isUnreachable(status) || way.isByName && status == gw_error_from_errno(EIO)
                guard location == nil, mayGoOn else { break }
            }
            if status >= 0, isMain { contentType = option("mime_type", of: stream?.pointee) }
            guard let location, let address else { return status }
            guard let next = follow(location, from: address) else { return gw_error_from_errno(EPERM) }
            target = next.prefix + next.text
        }
        refuse("its server sends its readers on more than \(Self.mostRedirects) times")
        return gw_error_from_errno(EPERM)
    }

    /// Has FFmpeg go one way.
    private func open(
        _ way: ConnectWay,
        _ stream: UnsafeMutablePointer<UnsafeMutablePointer<AVIOContext>?>?,
        _ flags: Int32,
        _ options: UnsafeMutablePointer<OpaquePointer?>?,
        isHTTP: Bool
    ) -> Int32 {
        guard let openProtocol else { return gw_error_from_errno(EPERM) }
        var settings: OpaquePointer?
        defer { av_dict_free(&settings) }
        if let options { av_dict_copy(&settings, options.pointee, 0) }
        if isHTTP { av_dict_set(&settings, "max_redirects", "0", 0) }
        // Playlists hand on what their own address was opened with, which is not for all that they name.
        for name in ["headers", "tls_verify"] { av_dict_set(&settings, name, nil, 0) }
        for (name, value) in way.options { av_dict_set(&settings, name, value, 0) }
        return openProtocol(context, stream, way.text, flags, &settings)
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
        return true
    }

    private func follow(_ location: String, from address: MediaAddress) -> MediaAddress? {
        guard let target = address.redirected(to: named(location)?.text ?? location) else {
            refuse("its server sends its readers on to an address that is not followed: \(redacted(url: location))")
            return nil
        }
        if !address.account.isEmpty, target.account.isEmpty { leftAccount = true }
        return target
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

import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import RTSP
import Synchronization

/// Opens the TCP (and TLS) connections of a fleet on its event loop.
struct FleetDialer {
    /// Bytes of a TLS record at most.
    private static let secureReadSize = 16 << 10

    private let settings: RTSPFleet.Settings
    private let eventLoop: any EventLoop
    private let tls: Result<NIOSSLContext, any Error>
    /// What all connections without TLS read into.
    let reads: SharedReadBuffer

    init(settings: RTSPFleet.Settings, eventLoop: any EventLoop) {
        self.settings = settings
        self.eventLoop = eventLoop
        self.reads = SharedReadBuffer(size: settings.readSize)
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = settings.verifiesCertificates ? .fullVerification : .none
        self.tls = Result { try NIOSSLContext(configuration: configuration) }
    }

    /// Opens a connection for `connection`, which then hears of it as a channel handler.
    ///
    /// `failed` gets what the system says, on the event loop, when it cannot be opened.
    func dial(_ url: RTSPURL, _ connection: CameraConnection, failed: @escaping (String) -> Void) {
        let handler = NIOLoopBound(connection, eventLoop: eventLoop)
        let report = NIOLoopBound(failed, eventLoop: eventLoop)
        let (host, isSecure, tls) = (url.host, url.isSecure, tls)
        let made = bootstrap(isSecure: isSecure)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if isSecure {
                        let name = Self.isAddress(host) ? nil : host
                        let handler = try NIOSSLClientHandler(context: tls.get(), serverHostname: name)
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                    try channel.pipeline.syncOperations.addHandler(handler.value)
                }
            }
        let address = NameLookups.literal(host, port: Int(url.port))
        let opened = address.map { made.connect(to: $0) } ?? made.connect(host: host, port: Int(url.port))
        opened.whenFailure { error in report.value(Self.reason(error)) }
    }

    private func bootstrap(isSecure: Bool) -> ClientBootstrap {
        let plain = ClientBootstrap(group: eventLoop)
            .resolver(FleetResolver(lookups: .shared, eventLoop: eventLoop))
            // The life of the camera ends the wait; it knows how late this loop is, a timer does not. This one only makes
            // sure that nothing is tried for ever.
            .connectTimeout(.milliseconds(Int64(settings.life.connectWithin * 10_000)))
            .channelOption(
                .socketOption(.so_rcvbuf),
                value: ChannelOptions.Types.SocketOption.Value(settings.receiveBuffer)
            )
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
        guard isSecure else {
            return
                plain
                .channelOption(.recvAllocator, value: SharedReadAllocator(reads))
                .channelOption(.maxMessagesPerRead, value: 1)
        }
        // TLS hands on buffers of its own, a record at a time.
        return
            plain
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Self.secureReadSize))
            .channelOption(.maxMessagesPerRead, value: 64)
    }

    /// Text that nobody can guess: part of the proof of a password.
    static func nonce() -> String {
        String(UInt64.random(in: .min ... .max), radix: 16) + String(UInt64.random(in: .min ... .max), radix: 16)
    }

    private static func isAddress(_ host: String) -> Bool {
        (try? SocketAddress(ipAddress: host, port: 0)) != nil
    }

    /// A few words for an operator.
    static func reason(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { reason($0.error) }
                ?? (error.dnsAError ?? error.dnsAAAAError).map { _ in "its name is not known" } ?? "no address"
        case is NameLookups.UnknownName: "its name is not known"
        case let error as IOError: String(cString: strerror(error.errnoCode))
        case let error as ChannelError:
            if case .connectTimeout = error { "no answer in time" } else { "\(error)" }
        case is NIOSSLError where "\(error)".contains("CERTIFICATE_VERIFY_FAILED"):
            "its TLS certificate is not trusted here: install its issuer's, or set ingest.rtsps_verify to false"
        default: "\(error)"
        }
    }
}

import Foundation
import NIOCore
import NIOPosix
import NIOSSL

/// Speaks TLS to clients and plain TCP to a server on this machine: turns any server into one of `rtsps`.
struct TLSProxy {
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let listener: any Channel

    /// The port that it listens on, at 127.0.0.1.
    let port: Int

    /// Listens, with a certificate for 127.0.0.1 that it makes with `openssl`.
    init(to target: Int, folder: String) throws {
        try Self.makeCertificate(folder)
        let context = try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: NIOSSLCertificate.fromPEMFile(folder + "/cert.pem").map { .certificate($0) },
                privateKey: .privateKey(NIOSSLPrivateKey(file: folder + "/key.pem", format: .pem))
            )
        )
        listener = try ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                ClientBootstrap(group: channel.eventLoop).connect(host: "127.0.0.1", port: target).flatMapThrowing {
                    peer in
                    try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    try channel.pipeline.syncOperations.addHandler(Forward(to: peer))
                    try peer.pipeline.syncOperations.addHandler(Forward(to: channel))
                }
            }
            .bind(host: "127.0.0.1", port: 0).wait()
        port = listener.localAddress?.port ?? 0
    }

    /// Closes all connections.
    func stop() {
        try? group.syncShutdownGracefully()
    }

    private static func makeCertificate(_ folder: String) throws {
        let openssl = Process()
        openssl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        openssl.arguments =
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
            + ["-subj", "/CN=camera", "-addext", "subjectAltName=IP:127.0.0.1"]
            + ["-keyout", folder + "/key.pem", "-out", folder + "/cert.pem"]
        openssl.standardError = FileHandle.nullDevice
        try openssl.run()
        openssl.waitUntilExit()
    }
}

/// Passes what comes on its channel to another one of the same event loop.
private final class Forward: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let peer: any Channel

    init(to peer: any Channel) {
        self.peer = peer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        peer.writeAndFlush(unwrapInboundIn(data), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        peer.close(promise: nil)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

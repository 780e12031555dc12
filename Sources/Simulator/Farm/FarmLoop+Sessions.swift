import Flow
import Logging
import NIOCore
import RTSP

/// What happens on a connection: requests and their answers, pictures, and what faults do to them.
extension FarmLoop {
    /// Microseconds that a client gets to read the last response before its connection is cut.
    private static let closingTime: Int64 = 2_000_000
    /// Microseconds that a slow camera thinks about a request.
    private static let slowDelay: Int64 = 4_000_000
    /// What a slow camera sends at a time, and the microseconds between.
    private static let trickleBytes = 200
    private static let trickleInterval: Int64 = 200_000

    /// Answers every whole request that has come, and closes the connection of a client that speaks nonsense.
    func answer(_ connection: FarmConnection, _ now: Int64) {
        do throws(RTSPError) {
            while connection.isOpen, connection.closesAt == nil, let message = try connection.next() {
                switch message {
                case .request(let request): receive(request, connection, now)
                case .interleaved: connection.session.receiveFrame(at: MediaTime(microseconds: now))
                case .response: break
                }
            }
        } catch {
            farm.logger.debug("client sent no RTSP", metadata: ["reason": "\(error.message)"])
            perform(connection.session.receiveGarbage(), connection, now, .client)
        }
    }

    private func receive(_ request: RTSPRequest, _ connection: FarmConnection, _ now: Int64) {
        if connection.playback == nil, let camera = farm.catalogue.index(ofURL: request.uri) {
            connection.camera = camera
        }
        let kinds = faults(of: connection)
        guard kinds.isDisjoint(with: .closed) else {
            farm.counters.update { $0.refused += 1 }
            return end(connection, .farm, isReset: true)
        }
        if kinds.contains(.slow) {
            if connection.backlog.readableBytes == 0 { connection.heldUntil = now + Self.slowDelay }
        } else if connection.heldUntil > 0 {
            connection.heldUntil = 0
            flush(connection)
        }
        guard connection.isOpen else { return }
        if kinds.contains(.auth) {
            respond(Self.refusal(of: request), to: connection)
        } else {
            let time = MediaTime(microseconds: now)
            perform(connection.session.receive(request, at: time, from: farm.catalogue), connection, now, .client)
        }
        schedule(connection, now)
    }

    /// The answer to a client whose password nobody knows.
    private static func refusal(of request: RTSPRequest) -> RTSPResponse {
        let account = Authenticator.Account(user: "", password: FarmContext.randomText())
        let authenticator = Authenticator(account: account, nonce: FarmContext.randomText())
        var response = RTSPResponse(.unauthorized)
        response.headers["CSeq"] = request.headers["CSeq"]
        for challenge in authenticator.challenges() { response.headers.add("WWW-Authenticate", challenge) }
        return response
    }

    /// Does what the protocol wants; `cause` is who made it want so.
    func perform(_ actions: [ServerAction], _ connection: FarmConnection, _ now: Int64, _ cause: End) {
        for action in actions where connection.isOpen {
            switch action {
            case .respond(let response): respond(response, to: connection)
            case .start(let path, let channels): start(path, channels, connection, now)
            case .stop: stop(connection, cause)
            case .close:
                connection.closesAt = MediaTime(microseconds: now + Self.closingTime)
                if connection.backlog.readableBytes == 0 { StreamSocket.finish(connection.socket) }
            }
        }
    }

    private func respond(_ response: RTSPResponse, to connection: FarmConnection) {
        var buffer = ByteBuffer()
        buffer.writeRTSP(response)
        buffer.withUnsafeReadableBytes { write($0, to: connection) }
    }

    private func start(
        _ path: String,
        _ channels: TransportHeader.Channels,
        _ connection: FarmConnection,
        _ now: Int64
    ) {
        guard connection.playback == nil, let index = farm.catalogue.index(ofPath: path) else { return }
        connection.camera = index
        connection.playback = Playback(
            camera: farm.catalogue.cameras[index],
            channels: channels,
            elapsed: now,
            startedAt: farm.startedAt
        )
        leaveHandshake(connection)
        farm.counters.update { statistics in
            statistics.playing += 1
            statistics.sessions += 1
        }
    }

    /// Sends what is due, and asks to be called again when the next is.
    func visit(_ connection: FarmConnection, _ now: Int64) {
        let kinds = faults(of: connection)
        if connection.heldUntil > 0 { trickle(connection, kinds, now) }
        if connection.isOpen, let camera = connection.camera {
            send(farm.catalogue.cameras[camera], connection, kinds, now)
        }
        if connection.isOpen { schedule(connection, now) }
    }

    private func send(
        _ camera: FarmCamera,
        _ connection: FarmConnection,
        _ kinds: FaultPlan.Kinds,
        _ now: Int64
    ) {
        batch.removeAll()
        let isWritable = connection.backlog.readableBytes == 0
        let outcome = connection.playback?.fill(
            &batch,
            from: camera,
            at: now,
            isWritable: isWritable,
            faults: kinds,
            limit: Self.batchLimit
        )
        guard let outcome, outcome != Playback.Outcome() else { return }
        if outcome.units > 0, let frame = connection.playback?.report(from: camera, at: now) {
            var buffer = ByteBuffer()
            // A report is shorter than a frame may be, whatever the camera's name.
            if (try? buffer.writeRTSP(frame)) != nil { batch.append(buffer) }
        }
        let count = batch.count
        farm.counters.update { statistics in
            statistics.units += outcome.units
            statistics.droppedUnits += outcome.dropped
            statistics.lostPackets += outcome.lostPackets
            statistics.bytes += count
        }
        guard count > 0 else { return }
        if kinds.contains(.slow) { connection.heldUntil = max(connection.heldUntil, now) }
        batch.bytes.withUnsafeBytes { write($0, to: connection) }
    }

    /// A slow camera sends a little at a time; once it is not slow any more, the rest.
    private func trickle(_ connection: FarmConnection, _ kinds: FaultPlan.Kinds, _ now: Int64) {
        if !kinds.contains(.slow) {
            connection.heldUntil = 0
            flush(connection)
        } else if now >= connection.heldUntil {
            flush(connection, limit: Self.trickleBytes)
        }
    }

    private func schedule(_ connection: FarmConnection, _ now: Int64) {
        guard connection.isOpen, !connection.isScheduled else { return }
        var due: Int64?
        if let playback = connection.playback, let camera = connection.camera {
            // What did not fit into the last batch follows at once, everything else at the camera's next time to send.
            due =
                playback.nextDue <= now
                ? now
                : farm.catalogue.cameras[camera].sendTime(from: playback.nextDue, interval: farm.sendInterval)
        }
        if connection.heldUntil > 0, connection.backlog.readableBytes > 0 {
            due = min(due ?? .max, now + Self.trickleInterval)
        }
        guard let due else { return }
        connection.isScheduled = true
        wheel.add(connection.token, due: due)
    }

    /// The kinds of faults that hit a connection now.
    private func faults(of connection: FarmConnection) -> FaultPlan.Kinds {
        guard activeFaults != 0, let camera = connection.camera else { return [] }
        return farm.plan.kinds(of: farm.catalogue.cameras[camera].faults & activeFaults)
    }

    /// Lets faults begin and end.
    func changeFaults(_ now: Int64) {
        let mask = farm.plan.active(at: now)
        guard mask != activeFaults else { return }
        let begun = mask & ~activeFaults
        activeFaults = mask
        // First: whoever is cut off may connect again at once.
        openListeners()
        for connection in openConnections {
            guard let camera = connection.camera else { continue }
            let kinds = farm.plan.kinds(of: farm.catalogue.cameras[camera].faults & begun)
            if kinds.contains(.reboot) { end(connection, .farm, isReset: true) }
        }
    }

    /// Listens where somebody may connect, and nowhere else: where all cameras of an address refuse, the system does.
    func openListeners() {
        guard !farm.plan.faults.isEmpty else { return }
        for index in listeners.indices {
            let cameras = listeners[index].cameras
            let isClosed =
                !cameras.isEmpty
                && cameras.allSatisfy { camera in
                    let mask = farm.catalogue.cameras[camera].faults & activeFaults
                    return !farm.plan.kinds(of: mask).isDisjoint(with: .closed)
                }
            if isClosed, listeners[index].socket != nil {
                closeListener(index)
            } else if !isClosed, listeners[index].socket == nil {
                openListener(index)
            }
        }
    }

    private func closeListener(_ index: Int) {
        listeners[index].close()
        listeners[index].socket = nil
        listeners[index].isPaused = false
        for connection in openConnections where connection.listener == index && connection.camera == nil {
            end(connection, .farm, isReset: true)
        }
    }

    private func openListener(_ index: Int) {
        do throws(SimulatorError) {
            let (socket, _) = try StreamSocket.listen(at: listeners[index].endpoint)
            listeners[index].socket = socket
            poller.add(socket, token: UInt64(index))
        } catch {
            // Somebody else has the port; the next sweep tries again.
            farm.logger.warning("an address cannot be opened again", metadata: ["reason": "\(error.message)"])
        }
    }
}

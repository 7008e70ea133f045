/** The server's end of one connection: opens calls, enforces the bounds on clients, says goodbye. */
import { ErrorCode, Setting } from "../h2/frames.ts";
import { FieldKind } from "../h2/header-field.ts";
import type { HeaderList } from "../h2/hpack-decoder.ts";
import { RepeatedBlock } from "../h2/hpack-encoder.ts";
import { Session } from "../h2/session.ts";
import type { Http2Stream } from "../h2/stream.ts";
import type { DeadlineWheel } from "../deadline.ts";
import { canDecode } from "../message-reader.ts";
import { encodeGrpcMessage, GrpcCode } from "../status.ts";
import { okFields, responseFields } from "./grpc-stream.ts";
import { HttpStream } from "./http-exchange.ts";
import { Peer } from "./peer.ts";
import { badTimeout, RequestHead } from "./request-head.ts";
import type { GrpcServer } from "./server.ts";
import { StreamCall } from "./stream-call.ts";
import { UnaryCall } from "./unary-call.ts";
import type { Socket } from "node:net";

const idlePingIntervalMs = 7_200_000;
const pingStrikesMax = 2;
/** Payload of the ping that measures when a client has seen our GOAWAY, and of the one that asks if it is there. */
const goAwayPing: Uint8Array = Uint8Array.from([0x71, 0x67, 0x6f, 0x61, 0x77, 0x61, 0x79, 1]);
const alivePing: Uint8Array = Uint8Array.from([0x71, 0x61, 0x6c, 0x69, 0x76, 0x65, 0x3f, 1]);

export class ServerSession extends Session {
  readonly server: GrpcServer;
  readonly peer: Peer;
  readonly deadlines: DeadlineWheel;
  readonly messageBytesMax: number;
  readonly responseBlock: RepeatedBlock = new RepeatedBlock(responseFields);
  readonly okBlock: RepeatedBlock = new RepeatedBlock(okFields);
  /** Cancelled calls whose handlers were not told and have not answered. */
  abandonedCalls = 0;
  readonly #enforcesPings: boolean;
  readonly #startedMs: number;
  #heldBytes = 0;
  /** The chunk in which the newest stream was opened, and the first stream of that chunk. */
  #openedChunk = 0;
  #firstOfChunk = 0;
  #lastPingMs = Number.NEGATIVE_INFINITY;
  #pingStrikes = 0;
  #framesAtPing = 0;
  #heardMs: number;
  #pingSentMs = -1;
  #stuckMs = -1;
  /** Streams above this one are not served any more. */
  #lastServed = Number.POSITIVE_INFINITY;

  constructor(server: GrpcServer, socket: Socket, enforcesPings: boolean) {
    const { settings } = server;
    super(socket, {
      clock: settings.clock,
      flusher: server.flusher,
      intake: server.intake,
      streamWindowBytes: settings.streamWindowBytes,
      connectionWindowBytes: settings.connectionWindowBytes,
      headerBytesMax: settings.headerBytesMax,
      flood: settings.flood,
      unsentBytesMax: settings.unsentBytesMax,
    });
    this.server = server;
    this.peer = new Peer(socket);
    this.deadlines = server.deadlines;
    this.messageBytesMax = settings.receiveMessageBytesMax;
    this.#enforcesPings = enforcesPings;
    this.#startedMs = settings.clock.nowMs();
    this.#heardMs = this.#startedMs;
    this.announce([
      [Setting.maxConcurrentStreams, settings.maxConcurrentStreams],
      [Setting.maxHeaderListSize, settings.headerBytesMax],
    ]);
  }

  // Calls

  protected onHeaderList(streamId: number, list: HeaderList, endStream: boolean): void {
    const known = this.streams.get(streamId);
    if (known !== undefined) {
      this.#onTrailers(known, list, endStream);
      return;
    }
    if (!this.#mayOpen(streamId)) return;
    if (list.tooLarge) {
      this.#refuse(streamId, list, endStream, 431, GrpcCode.resourceExhausted, "the header list is too large");
      return;
    }
    const { settings } = this.server;
    if (
      this.streams.size >= settings.maxConcurrentStreams ||
      this.abandonedCalls >= settings.abandonedCallsMax ||
      streamId > this.#lastServed
    ) {
      if (this.guard.idleFrame()) {
        this.fail(ErrorCode.enhanceYourCalm, "too many streams over the limit");
        return;
      }
      this.closedStreams.add(streamId, "us");
      this.sender.reset(streamId, ErrorCode.refusedStream);
      return;
    }
    const head = RequestHead.of(list);
    if (head.fault !== undefined) {
      this.closedStreams.add(streamId, "us");
      this.sender.reset(streamId, ErrorCode.protocolError);
      return;
    }
    if (head.isGrpc) this.#openCall(streamId, head, endStream);
    else this.#open(new HttpStream(this, streamId, head, this.server.httpHandler), endStream);
  }

  /** Checks that `streamId` is the next one; late headers of a stream that we reset are dropped. */
  #mayOpen(streamId: number): boolean {
    if (streamId % 2 === 0) {
      this.fail(ErrorCode.protocolError, "clients open odd streams");
      return false;
    }
    if (streamId > this.lastPeerStream) {
      this.lastPeerStream = streamId;
      if (this.#openedChunk !== this.chunk) {
        this.#openedChunk = this.chunk;
        this.#firstOfChunk = streamId;
      }
      return true;
    }
    const by = this.closedStreams.find(streamId);
    if (by === "unknown") this.fail(ErrorCode.protocolError, "stream numbers must grow");
    else if (by !== "us") this.fail(ErrorCode.streamClosed, "HEADERS on a closed stream");
    else if (this.guard.idleFrame()) this.fail(ErrorCode.enhanceYourCalm, "too many frames without a call");
    return false;
  }

  #onTrailers(stream: Http2Stream, list: HeaderList, endStream: boolean): void {
    if (stream.remoteClosed) {
      this.cutOff(stream, ErrorCode.streamClosed, "HEADERS behind the end of the stream");
      return;
    }
    const wrong = list.fields.some((field) => isPseudo(field.kind) || field.kind === FieldKind.forbidden);
    if (!endStream || wrong) {
      this.cutOff(stream, ErrorCode.protocolError, "malformed trailers");
      return;
    }
    stream.takeHeaders(list, endStream);
    this.remoteEnd(stream);
  }

  #openCall(streamId: number, head: RequestHead, endStream: boolean): void {
    if (head.method !== "POST") {
      const text = `Received a HEADERS frame with :method "${head.method}" which should be POST`;
      this.#refuse(streamId, head.list, endStream, 405, GrpcCode.internal, text);
      return;
    }
    if (head.timeoutMs === badTimeout) {
      const text = `malformed grpc-timeout: ${head.timeout}`;
      this.#refuse(streamId, head.list, endStream, 400, GrpcCode.internal, text);
      return;
    }
    head.route ??= this.server.routes.find(head.path);
    const { route } = head;
    this.server.callStarted(head.path, route.unary === undefined);
    if (route.unary !== undefined) {
      const call = new UnaryCall(this, streamId, head, route.unary);
      this.streams.set(streamId, call);
      if (!canDecode(head.encoding)) call.fail(GrpcCode.unimplemented, noDecoder(head.encoding));
      if (endStream) this.remoteEnd(call);
      return;
    }
    const call = new StreamCall(this, streamId, head);
    this.streams.set(streamId, call);
    if (!canDecode(head.encoding)) call.fail(GrpcCode.unimplemented, noDecoder(head.encoding));
    else if (route.stream !== undefined) call.start(route.stream);
    if (endStream && this.streams.has(streamId)) this.remoteEnd(call);
  }

  #open(stream: Http2Stream, endStream: boolean): void {
    this.streams.set(stream.id, stream);
    if (endStream) this.remoteEnd(stream);
  }

  /** Answers a request that cannot become a call, with an HTTP status and a gRPC status at once. */
  #refuse(id: number, list: HeaderList, endStream: boolean, http: number, code: number, text: string): void {
    const stream = new HttpStream(this, id, new RequestHead(list), () => {});
    this.streams.set(id, stream);
    stream.remoteClosed = endStream;
    this.sender.headers(
      stream,
      [
        ":status",
        String(http),
        "content-type",
        "application/grpc",
        "grpc-status",
        String(code),
        "grpc-message",
        encodeGrpcMessage(text),
      ],
      true,
    );
  }

  protected isIdle(streamId: number): boolean {
    return streamId > this.lastPeerStream || streamId % 2 === 0;
  }

  protected isFresh(stream: Http2Stream): boolean {
    return this.#openedChunk === this.chunk && stream.id >= this.#firstOfChunk;
  }

  protected onEarlyEnd(stream: Http2Stream): void {
    this.resetStream(stream, ErrorCode.noError);
  }

  protected onStreamGone(_stream: Http2Stream): void {
    // Nothing waits for room.
  }

  /**
   * Counts bytes that are kept for incomplete messages.
   *
   * @returns false when the connection makes us hold too much.
   */
  hold(bytes: number): boolean {
    this.#heldBytes += bytes;
    return bytes <= 0 || this.#heldBytes <= this.server.settings.heldBytesMax;
  }

  // Pings and time

  protected onPing(): void {
    if (!this.#enforcesPings) return;
    const nowMs = this.clock.nowMs();
    const { keepalive } = this.server.settings;
    const provoked = this.sender.productiveFrames !== this.#framesAtPing;
    const idle = this.streams.size === 0 && !keepalive.permitWithoutCalls;
    const leastMs = idle ? idlePingIntervalMs : keepalive.minPingIntervalMs;
    if (provoked) this.#pingStrikes = 0;
    else if (nowMs - this.#lastPingMs < leastMs) this.#pingStrikes += 1;
    this.#framesAtPing = this.sender.productiveFrames;
    this.#lastPingMs = nowMs;
    if (this.#pingStrikes > pingStrikesMax) this.fail(ErrorCode.enhanceYourCalm, "too_many_pings");
  }

  /** Looks at the connection's age, silence and unread output; called about once a second. */
  sweep(nowMs: number): void {
    const { settings } = this.server;
    if (!this.settingsSeen && nowMs - this.#startedMs > settings.handshakeTimeoutMs) {
      this.fail(ErrorCode.settingsTimeout, "no SETTINGS came");
      return;
    }
    if (this.isStuck) {
      if (this.#stuckMs < 0) this.#stuckMs = nowMs;
      else if (nowMs - this.#stuckMs > settings.stuckTimeoutMs) this.socket.destroy();
    } else {
      this.#stuckMs = -1;
    }
    if (this.heard) {
      this.heard = false;
      this.#heardMs = nowMs;
      this.#pingSentMs = -1;
      return;
    }
    if (this.assembly.streamId !== 0 && nowMs - this.#heardMs > settings.handshakeTimeoutMs) {
      this.fail(ErrorCode.enhanceYourCalm, "a header block was not completed");
      return;
    }
    this.#keepAlive(nowMs);
  }

  #keepAlive(nowMs: number): void {
    const { keepalive } = this.server.settings;
    if (keepalive.timeMs <= 0 || this.state === "closing" || this.state === "closed") return;
    if (this.#pingSentMs >= 0) {
      if (nowMs - this.#pingSentMs > keepalive.timeoutMs) this.socket.destroy();
    } else if (nowMs - this.#heardMs > keepalive.timeMs) {
      this.#pingSentMs = nowMs;
      this.sender.ping(false, alivePing, 0);
    }
  }

  // The end

  /** Announces the end: what the client has under way is still served, then nothing more. */
  shutdown(): void {
    if (this.state !== "open") return;
    this.state = "draining";
    this.sender.goAway(0x7fff_ffff, ErrorCode.noError, "graceful_stop");
    this.sender.ping(false, goAwayPing, 0);
  }

  protected onPingAck(bytes: Buffer, start: number): void {
    if (this.state !== "draining" || this.#lastServed !== Number.POSITIVE_INFINITY) return;
    for (let i = 0; i < 8; i++) if (bytes[start + i] !== goAwayPing[i]) return;
    this.#lastServed = this.lastPeerStream;
    this.sender.goAway(this.lastPeerStream, ErrorCode.noError, "graceful_stop");
    if (this.streams.size === 0) this.finish();
  }

  /** Nothing is removed while the client may still open streams: it has not seen our GOAWAY. */
  protected override mayFinish(): boolean {
    return this.#lastServed !== Number.POSITIVE_INFINITY;
  }

  override fail(code: number, message: string): void {
    if (this.state === "open" || this.state === "draining") this.server.sessionFailed(this, code, message);
    super.fail(code, message);
  }

  protected onGoAway(_lastStreamId: number, _code: number, _debug: string): void {
    // A client that says so will close the connection when its calls have ended.
  }

  protected onPeerSetting(id: number, value: number): void {
    if (id === Setting.enablePush && value > 1) this.fail(ErrorCode.protocolError, "ENABLE_PUSH is neither 0 nor 1");
  }

  protected onSettings(): void {
    // Nothing waits for them.
  }

  protected onClosed(reason: string): void {
    this.server.sessionClosed(this, reason);
  }
}

function isPseudo(kind: number): boolean {
  return kind >= FieldKind.method && kind <= FieldKind.status;
}

function noDecoder(encoding: string | undefined): string {
  return `grpc: Decompressor is not installed for grpc-encoding ${JSON.stringify(encoding)}`;
}

/** The client's end of one connection. */
import type { Timer } from "@quorate/base";
import type { Socket } from "node:net";
import { clientPreface, ErrorCode, Setting, streamIdMax } from "../h2/frames.ts";
import type { FieldPairs } from "../h2/hpack-encoder.ts";
import type { HeaderList } from "../h2/hpack-decoder.ts";
import type { SessionOptions } from "../h2/connection.ts";
import { Session } from "../h2/session.ts";
import type { Http2Stream } from "../h2/stream.ts";
import type { ClientKeepaliveOptions } from "./options.ts";
import { type AttemptSink, ClientStream } from "./stream.ts";

/** What a session tells the client it belongs to. */
export interface SessionOwner {
  onReady(session: ClientSession): void;
  /** Room for another stream, perhaps. */
  onRoom(session: ClientSession): void;
  /** No new calls on this session: it is ending. */
  onDraining(session: ClientSession, reason: string): void;
  /** It has ended; its calls were told. */
  onEnded(session: ClientSession, reason: string): void;
}

const alivePing: Uint8Array = Uint8Array.from([0x71, 0x63, 0x6c, 0x69, 0x65, 0x6e, 0x74, 1]);

export class ClientSession extends Session {
  readonly messageBytesMax: number;
  readonly #owner: SessionOwner;
  readonly #keepalive: ClientKeepaliveOptions;
  #nextStream = 1;
  #peerStreamsMax = Number.POSITIVE_INFINITY;
  #ready = false;
  #timer: Timer | undefined = undefined;
  #pinged = false;

  constructor(
    socket: Socket,
    options: SessionOptions,
    messageBytesMax: number,
    keepalive: ClientKeepaliveOptions,
    owner: SessionOwner,
  ) {
    super(socket, options);
    this.messageBytesMax = messageBytesMax;
    this.#owner = owner;
    this.#keepalive = keepalive;
    this.sender.output.put(clientPreface);
    this.announce([
      [Setting.enablePush, 0],
      [Setting.maxHeaderListSize, options.headerBytesMax],
    ]);
    // At once, not when the turn ends: the handshake is a round trip that calls wait for.
    this.sender.output.flush();
    if (keepalive.timeMs > 0) this.#startTimer(keepalive.timeMs);
  }

  /** Another call may be opened here. */
  get hasRoom(): boolean {
    return this.#ready && this.state === "open" && this.streams.size < this.#peerStreamsMax;
  }

  /** Opens a stream with these request headers. */
  open(fields: FieldPairs, sink: AttemptSink): ClientStream {
    const stream = new ClientStream(this, this.#nextStream, sink);
    this.#nextStream += 2;
    this.streams.set(stream.id, stream);
    this.sender.headers(stream, fields, false);
    if (this.#nextStream > streamIdMax - 2) this.#drain("the stream numbers are used up");
    return stream;
  }

  /** Lets the calls under way end, then closes. */
  drain(): void {
    this.#drain("the client was closed");
    if (this.streams.size === 0) this.finish();
  }

  #drain(reason: string): void {
    if (this.state !== "open") return;
    this.state = "draining";
    this.#owner.onDraining(this, reason);
  }

  protected onHeaderList(streamId: number, list: HeaderList, endStream: boolean): void {
    const stream = this.streams.get(streamId);
    if (stream === undefined) {
      if (this.isIdle(streamId)) this.fail(ErrorCode.protocolError, "HEADERS on an idle stream");
      return;
    }
    if (stream.remoteClosed) {
      this.cutOff(stream, ErrorCode.streamClosed, "HEADERS behind the end of the stream");
      return;
    }
    stream.takeHeaders(list, endStream);
    if (endStream && this.streams.has(streamId)) this.remoteEnd(stream);
  }

  protected isIdle(streamId: number): boolean {
    return streamId >= this.#nextStream || streamId % 2 === 0;
  }

  protected isFresh(_stream: Http2Stream): boolean {
    return false;
  }

  protected onEarlyEnd(_stream: Http2Stream): void {
    // A request ends before its answer: the rule.
  }

  protected onStreamGone(_stream: Http2Stream): void {
    this.#owner.onRoom(this);
  }

  protected onPeerSetting(id: number, value: number): void {
    if (id === Setting.maxConcurrentStreams) this.#peerStreamsMax = value;
    else if (id === Setting.enablePush && value !== 0) this.fail(ErrorCode.protocolError, "a server cannot allow push");
  }

  protected onSettings(): void {
    if (this.#ready) {
      this.#owner.onRoom(this);
      return;
    }
    this.#ready = true;
    this.#owner.onReady(this);
  }

  protected onGoAway(lastStreamId: number, code: number, debug: string): void {
    const reason = `the server is going away (code ${code}${debug === "" ? "" : `, ${debug}`})`;
    this.#drain(reason);
    for (const stream of [...this.streams.values()]) {
      if (stream.id <= lastStreamId || !(stream instanceof ClientStream)) continue;
      this.resetStream(stream, ErrorCode.cancel);
      stream.takeUnprocessed(reason);
    }
    if (this.streams.size === 0) this.finish();
  }

  protected onClosed(reason: string): void {
    this.#timer?.cancel();
    this.#owner.onEnded(this, reason);
  }

  // Keepalive

  #startTimer(delayMs: number): void {
    this.#timer = this.clock.startTimer(delayMs, () => this.#onTimer());
  }

  #onTimer(): void {
    const { timeMs, timeoutMs, withoutCalls } = this.#keepalive;
    if (this.heard) {
      this.heard = false;
      this.#pinged = false;
      this.#startTimer(timeMs);
    } else if (this.#pinged) {
      this.socket.destroy(new Error("keepalive ping failed to receive ACK within timeout"));
    } else if (this.streams.size > 0 || withoutCalls) {
      this.#pinged = true;
      this.sender.ping(false, alivePing, 0);
      this.#startTimer(timeoutMs);
    } else {
      this.#startTimer(timeMs);
    }
  }

  protected onPing(): void {
    // Answered already; servers may ping as they like, within the flood limits.
  }

  protected onPingAck(_bytes: Buffer, _start: number): void {
    // Any sign of the server will do, and `heard` has it.
  }
}

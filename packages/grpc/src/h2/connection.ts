/**
 * The life of one HTTP/2 connection: its socket, its streams, its turns, and its end.
 *
 * ```
 *   open ──shutdown()──► draining ──last stream ends──► closing ──socket ends or 1 s──► closed
 *     └──────fail(code): GOAWAY, all streams cut off──────┘
 * ```
 *
 * A connection error of the peer never throws out of here: the peer gets GOAWAY with its code, then the socket is
 * closed, whether the peer reads or not.
 */
import type { Clock } from "@quorate/base";
import type { Socket } from "node:net";
import { type ClosedBy, ClosedStreams } from "./closed-streams.ts";
import { FloodGuard, type FloodLimits } from "./flood-guard.ts";
import { FrameReader, type FrameSink } from "./frame-reader.ts";
import { ConnectionError, defaultWindow, ErrorCode, Setting } from "./frames.ts";
import { Sender, type SenderOwner } from "./sender.ts";
import type { Intake, Receiver } from "./intake.ts";
import type { Http2Stream } from "./stream.ts";
import type { Flushable, TurnFlusher } from "./turn.ts";

export interface SessionOptions {
  readonly clock: Clock;
  readonly flusher: TurnFlusher;
  /** Who decides when what came is read; without one it is read at once. */
  readonly intake?: Intake;
  /** What we let the peer send on one stream before it is consumed. */
  readonly streamWindowBytes: number;
  /** What we let the peer send on all streams together. */
  readonly connectionWindowBytes: number;
  readonly headerBytesMax: number;
  readonly flood: FloodLimits;
  /** Output that the peer does not read before we stop reading what it sends. */
  readonly unsentBytesMax: number;
}

export type SessionState = "open" | "draining" | "closing" | "closed";

/** After GOAWAY the peer has this long to close its side. */
const lingerMs = 1000;

export abstract class Connection implements FrameSink, SenderOwner, Flushable, Receiver {
  readonly socket: Socket;
  readonly sender: Sender;
  readonly clock: Clock;
  readonly streamWindowBytes: number;
  readonly streams: Map<number, Http2Stream> = new Map();
  protected readonly options: SessionOptions;
  protected readonly reader: FrameReader = new FrameReader(this);
  protected readonly closedStreams: ClosedStreams = new ClosedStreams();
  protected readonly guard: FloodGuard;
  protected state: SessionState = "open";
  /** The highest stream that the peer opened and we looked at. */
  protected lastPeerStream = 0;
  /** Something arrived since the owner last looked. */
  heard = false;
  bytesRead = 0;
  /** Counts chunks, to tell what came together. */
  protected chunk = 0;
  #flushWanted = false;
  /** The peer reads nothing, so we read nothing. */
  #paused = false;
  /** What came last is still to be read. */
  #held = false;

  constructor(socket: Socket, options: SessionOptions) {
    this.socket = socket;
    this.options = options;
    this.clock = options.clock;
    this.streamWindowBytes = options.streamWindowBytes;
    this.sender = new Sender(socket, this);
    this.guard = new FloodGuard(options.flood, options.clock);
    socket.setNoDelay(true);
    const { intake } = options;
    const take = (chunk?: Buffer): void => (intake === undefined ? this.receive(chunk) : intake.take(this, chunk));
    socket.on("data", take);
    socket.on("drain", () => this.#onDrain());
    const end = (reason: string): void => {
      intake?.pass();
      this.#onSocketEnd(reason);
    };
    socket.on("error", (error) => end(error.message));
    socket.on("end", () => take());
    socket.on("close", () => end("the connection was closed"));
  }

  abstract onFrame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): void;
  abstract onDataStart(flags: number, streamId: number, length: number): void;
  abstract onDataPiece(bytes: Buffer, start: number, end: number): void;
  abstract onDataEnd(): void;
  /** The stream has ended, or was cut off. */
  protected abstract onStreamGone(stream: Http2Stream, by: ClosedBy): void;
  /** Our half of the stream ended before the peer's. */
  protected abstract onEarlyEnd(stream: Http2Stream): void;
  /** The socket is gone; all streams were told. Called once. */
  protected abstract onClosed(reason: string): void;

  get isOpen(): boolean {
    return this.state === "open";
  }

  /** Takes bytes of the peer, also those that were read before the session was made; undefined is the end of them. */
  receive(chunk: Buffer | undefined): void {
    if (chunk === undefined) {
      this.onPeerEnd();
      return;
    }
    if (this.state === "closing" || this.state === "closed") return;
    this.heard = true;
    this.bytesRead += chunk.length;
    this.chunk += 1;
    try {
      this.reader.feed(chunk);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      this.fail(error.code, error.message);
      return;
    }
    if (this.sender.output.unsentBytes > this.options.unsentBytesMax && !this.#paused) {
      this.flushTurn();
      if (this.socket.writableLength === 0) return;
      this.#paused = true;
      this.socket.pause();
    }
  }

  holdBack(): void {
    this.#held = true;
    this.socket.pause();
  }

  letGo(): void {
    this.#held = false;
    if (!this.#paused) this.socket.resume();
  }

  /** The peer reads nothing and we have stopped reading. */
  get isStuck(): boolean {
    return this.#paused;
  }

  // Streams

  /** Resets the stream for a fault of the peer's, and tells it. A peer may also do that on purpose, again and again. */
  cutOff(stream: Http2Stream, code: number, reason: string): void {
    if (!this.streams.has(stream.id)) return;
    if (this.guard.rapidReset()) {
      this.fail(ErrorCode.enhanceYourCalm, "too many streams with faults");
      return;
    }
    this.resetStream(stream, code);
    stream.takeReset(code, reason, false);
  }

  /** Resets the stream without telling it. */
  resetStream(stream: Http2Stream, code: number): void {
    if (!this.streams.has(stream.id)) return;
    if (!this.sender.closed) this.sender.reset(stream.id, code);
    this.sender.abandon(stream);
    this.remove(stream, "us");
  }

  onLocalEnd(stream: Http2Stream): void {
    if (stream.remoteClosed) this.remove(stream, "both");
    else this.onEarlyEnd(stream);
  }

  protected remove(stream: Http2Stream, by: "us" | "peer" | "both"): void {
    if (!this.streams.delete(stream.id)) return;
    this.closedStreams.add(stream.id, by);
    if (by === "both") this.guard.progress();
    this.onStreamGone(stream, by);
    if (this.state === "draining" && this.streams.size === 0 && this.mayFinish()) this.finish();
  }

  /** Tells whether a connection that is draining may end once it has no streams. */
  protected mayFinish(): boolean {
    return true;
  }

  // The end

  /** Announces our settings and the connection's window. */
  protected announce(settings: readonly (readonly [number, number])[]): void {
    this.sender.settings([[Setting.initialWindowSize, this.streamWindowBytes], ...settings]);
    const more = this.options.connectionWindowBytes - defaultWindow;
    if (more > 0) this.sender.credit(0, more);
  }

  /** Tells the peer what it did wrong and closes the connection. */
  fail(code: number, message: string): void {
    if (this.state === "closing" || this.state === "closed") return;
    this.sender.goAway(this.lastPeerStream, code, message);
    this.finish();
    this.#dropStreams(code, message);
  }

  /** Sends what is left, ends the socket, and destroys it when the peer does not follow. */
  protected finish(): void {
    if (this.state === "closing" || this.state === "closed") return;
    this.state = "closing";
    this.reader.stop();
    this.sender.end();
    // What still arrives is read and dropped: unread bytes would turn our farewell into a reset.
    this.socket.resume();
    const linger = this.clock.startTimer(lingerMs, () => this.socket.destroy());
    this.socket.once("close", () => linger.cancel());
  }

  protected onPeerEnd(): void {
    if (this.state === "closed") return;
    this.finish();
    this.#dropStreams(ErrorCode.cancel, "the peer closed the connection");
    // With nothing left to send there is nothing to wait for.
    if (this.socket.writableLength === 0) this.socket.destroy();
  }

  #onSocketEnd(reason: string): void {
    if (this.state === "closed") return;
    this.state = "closed";
    this.reader.stop();
    this.sender.closed = true;
    this.sender.output.drop();
    this.socket.destroy();
    this.#dropStreams(ErrorCode.cancel, reason);
    this.onClosed(reason);
  }

  #dropStreams(code: number, reason: string): void {
    for (const stream of [...this.streams.values()]) {
      this.sender.abandon(stream);
      this.remove(stream, "us");
      stream.takeReset(code, reason, true);
    }
  }

  // Turns

  wantFlush(): void {
    if (this.#flushWanted) return;
    this.#flushWanted = true;
    this.options.flusher.add(this);
  }

  flushTurn(): void {
    this.#flushWanted = false;
    if (this.sender.closed) return;
    this.sender.output.flush();
    this.sender.pump();
  }

  #onDrain(): void {
    if (this.#paused) {
      this.#paused = false;
      if (!this.#held) this.socket.resume();
    }
    this.sender.pump();
  }
}

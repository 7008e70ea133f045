/**
 * A call as its caller sees it. It outlives its streams: while there is no connection it waits, and what the server
 * certainly has not looked at is sent again on another one.
 */
import type { Expiring } from "../deadline.ts";
import { formatTimeout } from "../deadline.ts";
import type { Metadata } from "../metadata.ts";
import { totalBytes } from "../parts.ts";
import { GrpcCode } from "../status.ts";
import type { GrpcClient } from "./client.ts";
import type { CallOptions } from "./options.ts";
import type { ClientSession } from "./session.ts";
import { type CallStatus, localStatus } from "./status.ts";
import type { AttemptSink, ClientStream } from "./stream.ts";

/** The caller's handle of a streaming call. */
export interface ClientCall {
  /** Called once with the response headers; not at all when the server answers with a status alone. */
  onHeaders(listener: (metadata: Metadata) => void): void;
  /** Takes messages in order. They may be views of larger chunks, and keeping one keeps its chunk. */
  onMessage(listener: (message: Uint8Array) => void): void;
  /** Called once at the end, also when it ends badly; nothing follows. */
  onStatus(listener: (status: CallStatus) => void): void;
  /** Called when writing may go on after `write` returned false. */
  onDrain(listener: () => void): void;
  /**
   * Sends one message, which belongs to the engine from here on and must not change.
   *
   * @returns false when the server takes no more for now: nothing is lost, but the writer should wait for `onDrain`.
   */
  write(message: Uint8Array | readonly Uint8Array[]): boolean;
  /** No more messages from us. */
  end(): void;
  /** Gives up: the server is told, the status is CANCELLED. */
  cancel(): void;
  /** Stops taking messages; once its window is full the server stops too. */
  pause(): void;
  resume(): void;
}

/** Refused attempts of a call before it fails. */
const attemptsMax = 5;
/** What a call keeps while it waits for a connection; a writer is told to wait past this. */
const keptBytesMax = 64 * 1024;

export class Call implements ClientCall, AttemptSink, Expiring {
  readonly path: string;
  readonly #client: GrpcClient;
  readonly #options: CallOptions;
  deadlineAtMs: number = Number.POSITIVE_INFINITY;
  wheelSlot = -1;
  wheelNext: Expiring | undefined = undefined;
  wheelPrevious: Expiring | undefined = undefined;
  #stream: ClientStream | undefined = undefined;
  #over = false;
  #attempts = 0;
  #paused = false;
  /** Everything written so far, until the server is known to have taken the call up. */
  #kept: (readonly Uint8Array[])[] | undefined = [];
  #keptBytes = 0;
  #ended = false;
  #wantsDrain = false;
  #headersListener: ((metadata: Metadata) => void) | undefined = undefined;
  #messageListener: ((message: Uint8Array) => void) | undefined = undefined;
  #statusListener: ((status: CallStatus) => void) | undefined = undefined;
  #drainListener: (() => void) | undefined = undefined;
  #status: CallStatus | undefined = undefined;
  readonly #onAbort = (): void => this.cancel();

  constructor(client: GrpcClient, path: string, options: CallOptions) {
    this.#client = client;
    this.path = path;
    this.#options = options;
    if (options.timeoutMs !== undefined) {
      this.deadlineAtMs = client.clock.nowMs() + options.timeoutMs;
      client.deadlines.add(this);
    }
    options.signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  get waitsForReady(): boolean {
    return this.#options.waitForReady === true;
  }

  get isOver(): boolean {
    return this.#over;
  }

  // The connection's side

  /** Sends the call, as far as it was written, on a session that has room. */
  begin(session: ClientSession): void {
    this.#attempts += 1;
    const fields = [...this.#client.requestFields(this.path)];
    if (this.deadlineAtMs !== Number.POSITIVE_INFINITY) {
      fields.push("grpc-timeout", formatTimeout(this.deadlineAtMs - this.#client.clock.nowMs()));
    }
    if (this.#options.metadata !== undefined) fields.push(...this.#options.metadata.pairs());
    const stream = session.open(fields, this);
    this.#stream = stream;
    if (this.#paused) stream.pause();
    const kept = this.#kept ?? [];
    let drained = true;
    for (let i = 0; i < kept.length; i++) {
      const parts = kept[i] as readonly Uint8Array[];
      drained = session.sender.message(stream, parts, totalBytes(parts), this.#ended && i === kept.length - 1);
    }
    if (this.#ended && kept.length === 0) session.sender.data(stream, noBytes, true);
    // Streams that write much are not kept for another attempt.
    if (!this.#ended && this.#keptBytes > keptBytesMax) this.#kept = undefined;
    if (this.#wantsDrain && drained) this.takeDrain();
  }

  /** Ends the call with a status that did not come from the server. */
  fail(code: number, message: string): void {
    this.takeStatus(localStatus(code, message));
  }

  takeHeaders(metadata: Metadata): void {
    this.#kept = undefined;
    this.#headersListener?.(metadata);
  }

  takeMessage(message: Uint8Array): void {
    this.#messageListener?.(message);
  }

  takeStatus(given: CallStatus): void {
    if (this.#over) return;
    // A server that sees the deadline pass cancels the stream, perhaps before our own timer fires.
    const late = given.code === GrpcCode.cancelled && this.#client.clock.nowMs() >= this.deadlineAtMs;
    const status = late ? localStatus(GrpcCode.deadlineExceeded, "context deadline exceeded") : given;
    this.#over = true;
    this.#kept = undefined;
    this.#stream = undefined;
    this.#client.deadlines.remove(this);
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    this.#status = status;
    this.onOver(status);
  }

  /** Tells the caller how the call ended. */
  protected onOver(status: CallStatus): void {
    this.#statusListener?.(status);
  }

  takeDrain(): void {
    this.#wantsDrain = false;
    if (!this.#over) this.#drainListener?.();
  }

  takeUnprocessed(reason: string): void {
    this.#stream = undefined;
    if (this.#kept === undefined || this.#attempts >= attemptsMax) this.fail(GrpcCode.unavailable, reason);
    else this.#client.submit(this);
  }

  onDeadline(): void {
    this.#drop(GrpcCode.deadlineExceeded, "context deadline exceeded");
  }

  #drop(code: number, message: string): void {
    if (this.#over) return;
    this.#stream?.cancel();
    this.fail(code, message);
  }

  // The caller's side

  onHeaders(listener: (metadata: Metadata) => void): void {
    this.#headersListener = listener;
  }

  onMessage(listener: (message: Uint8Array) => void): void {
    this.#messageListener = listener;
  }

  onStatus(listener: (status: CallStatus) => void): void {
    this.#statusListener = listener;
    if (this.#status !== undefined) listener(this.#status);
  }

  onDrain(listener: () => void): void {
    this.#drainListener = listener;
  }

  write(message: Uint8Array | readonly Uint8Array[]): boolean {
    return this.#write(message instanceof Uint8Array ? [message] : message, false);
  }

  /** Sends the one message of a unary call, and that it is the only one. */
  writeOnly(message: Uint8Array | readonly Uint8Array[]): void {
    this.#ended = true;
    this.#write(message instanceof Uint8Array ? [message] : message, true);
  }

  #write(parts: readonly Uint8Array[], last: boolean): boolean {
    if (this.#over || (this.#ended && !last)) return true;
    const length = totalBytes(parts);
    if (this.#kept !== undefined) {
      this.#kept.push(parts);
      this.#keptBytes += length + 5;
    }
    const stream = this.#stream;
    if (stream !== undefined) {
      if (!last && this.#keptBytes > keptBytesMax) this.#kept = undefined;
      return stream.session.sender.message(stream, parts, length, last);
    }
    if (this.#keptBytes <= keptBytesMax) return true;
    this.#wantsDrain = true;
    return false;
  }

  end(): void {
    if (this.#over || this.#ended) return;
    this.#ended = true;
    const stream = this.#stream;
    if (stream !== undefined) stream.session.sender.data(stream, noBytes, true);
  }

  cancel(): void {
    this.#drop(GrpcCode.cancelled, "context canceled");
  }

  pause(): void {
    this.#paused = true;
    this.#stream?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#stream?.resume();
  }
}

const noBytes = new Uint8Array(0);

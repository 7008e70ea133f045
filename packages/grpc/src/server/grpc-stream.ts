/**
 * A gRPC call on the server: what unary and streaming calls share.
 *
 * ```
 *   open ──respond, end, fail──► answered
 *     └──reset, deadline, connection lost──► cancelled (answers are dropped)
 * ```
 */
import type { Expiring } from "../deadline.ts";
import type { FieldPairs } from "../h2/hpack-encoder.ts";
import type { HeaderList } from "../h2/hpack-decoder.ts";
import { Http2Stream } from "../h2/stream.ts";
import { MessageReader, type MessageFault, type MessageSink } from "../message-reader.ts";
import { Metadata } from "../metadata.ts";
import { encodeGrpcMessage, GrpcCode } from "../status.ts";
import type { CallBase, CancelReason, FailDetails } from "./calls.ts";
import type { Peer } from "./peer.ts";
import { noTimeout, type RequestHead } from "./request-head.ts";
import type { ServerSession } from "./session.ts";

/** What a successful call begins and ends with. */
export const responseFields: FieldPairs = [":status", "200", "content-type", "application/grpc"];
export const okFields: FieldPairs = ["grpc-status", "0"];

export abstract class GrpcStream extends Http2Stream implements CallBase, Expiring, MessageSink {
  declare readonly session: ServerSession;
  readonly head: RequestHead;
  deadlineAtMs = 0;
  wheelSlot = -1;
  wheelNext: Expiring | undefined = undefined;
  wheelPrevious: Expiring | undefined = undefined;
  cancelled = false;
  /** The handler has answered, or has been told that it need not. */
  protected answered = false;
  /** The handler was called and has neither answered nor been told of the cancellation. */
  protected running = false;
  #abandoned = false;
  protected headersSent = false;
  #metadata: Metadata | undefined = undefined;
  #headers: Metadata | undefined = undefined;
  #trailers: Metadata | undefined = undefined;
  #cancelListener: ((reason: CancelReason) => void) | undefined = undefined;
  #cancelReason: CancelReason = "cancelled";
  #reader: MessageReader | undefined = undefined;
  #heldBytes = 0;

  constructor(session: ServerSession, id: number, head: RequestHead) {
    super(session, id);
    this.head = head;
    this.declaredBytes = head.contentLength;
    if (head.timeoutMs !== noTimeout) {
      this.deadlineAtMs = session.clock.nowMs() + head.timeoutMs;
      session.deadlines.add(this);
    }
  }

  get path(): string {
    return this.head.path;
  }

  get authority(): string {
    return this.head.authority;
  }

  get deadlineMs(): number | undefined {
    return this.head.timeoutMs === noTimeout ? undefined : this.deadlineAtMs;
  }

  get peer(): Peer {
    return this.session.peer;
  }

  get metadata(): Metadata {
    this.#metadata ??= Metadata.ofFields(this.head.list.fields);
    return this.#metadata;
  }

  abstract takeMessage(message: Uint8Array): void;

  // The client's side

  /** Feeds data that is not one whole message. */
  protected gather(bytes: Buffer, start: number, end: number): void {
    this.#reader ??= new MessageReader(this, this.session.messageBytesMax, this.head.encoding);
    this.#reader.feed(bytes, start, end);
    const held = this.#reader.heldBytes;
    if (held === this.#heldBytes) return;
    const fits = this.session.hold(held - this.#heldBytes);
    this.#heldBytes = held;
    if (!fits) this.fail(GrpcCode.resourceExhausted, "grpc: too many bytes of incomplete messages on this connection");
  }

  /** True when the data so far ends where a message ends. */
  protected get atBoundary(): boolean {
    return this.#reader === undefined || this.#reader.atBoundary;
  }

  takeFault(fault: MessageFault): void {
    this.fail(fault.code, fault.message);
  }

  takeHeaders(_list: HeaderList, _endStream: boolean): void {
    // Trailers of a request mean nothing in gRPC; the session ends the client's half.
  }

  takeReset(_code: number, _reason: string, lost: boolean): void {
    this.#cancel(lost ? "connection" : "cancelled");
  }

  onDeadline(): void {
    const waiting = !this.answered;
    this.#cancel("deadline");
    if (!waiting || this.localClosed) return;
    this.sendStatus(GrpcCode.deadlineExceeded, "context deadline exceeded", undefined);
  }

  #cancel(reason: CancelReason): void {
    if (this.cancelled) return;
    this.release();
    if (this.answered) return;
    this.cancelled = true;
    this.#cancelReason = reason;
    this.answered = true;
    this.session.server.callEnded(this, reason === "deadline" ? GrpcCode.deadlineExceeded : GrpcCode.cancelled);
    const listener = this.#cancelListener;
    if (listener !== undefined) {
      this.#cancelListener = undefined;
      listener(reason);
    } else if (this.running) {
      this.#abandoned = true;
      this.session.abandonedCalls += 1;
    }
  }

  onCancel(listener: (reason: CancelReason) => void): void {
    if (!this.cancelled) {
      this.#cancelListener = listener;
      return;
    }
    this.#unabandon();
    listener(this.#cancelReason);
  }

  #unabandon(): void {
    if (!this.#abandoned) return;
    this.#abandoned = false;
    this.session.abandonedCalls -= 1;
  }

  // The handler's side

  setHeaders(metadata: Metadata): void {
    this.#headers = merge(this.#headers, metadata);
  }

  setTrailers(metadata: Metadata): void {
    this.#trailers = merge(this.#trailers, metadata);
  }

  fail(code: number, message: string, details?: FailDetails): void {
    if (!this.beginAnswer(code)) return;
    this.sendStatus(code, message, details);
  }

  /** @returns false when the answer goes nowhere. */
  protected beginAnswer(code: number): boolean {
    if (this.answered) {
      this.#unabandon();
      return false;
    }
    this.answered = true;
    this.#cancelListener = undefined;
    this.release();
    this.session.server.callEnded(this, code);
    return !this.localClosed;
  }

  /** Gives back what the call holds of its connection. */
  protected release(): void {
    if (this.wheelSlot >= 0) this.session.deadlines.remove(this);
    if (this.#heldBytes === 0) return;
    this.session.hold(-this.#heldBytes);
    this.#heldBytes = 0;
  }

  protected sendHead(): void {
    if (this.headersSent) return;
    this.headersSent = true;
    const { sender, responseBlock } = this.session;
    if (this.#headers === undefined) {
      sender.headerBlock(this, responseBlock.bytes(sender.encoder), false);
      return;
    }
    sender.headers(this, [...responseFields, ...this.#headers.pairs()], false);
  }

  protected sendOk(): void {
    const { sender, okBlock } = this.session;
    if (this.#trailers !== undefined) sender.trailers(this, [...okFields, ...this.#trailers.pairs()]);
    else if (this.pendingBytes > 0) sender.trailers(this, okFields);
    else sender.headerBlock(this, okBlock.bytes(sender.encoder), true);
  }

  protected sendStatus(code: number, message: string, details: FailDetails | undefined): void {
    const fields: string[] = [];
    if (!this.headersSent) {
      this.headersSent = true;
      fields.push(...responseFields);
      if (this.#headers !== undefined) fields.push(...this.#headers.pairs());
    }
    fields.push("grpc-status", String(code), "grpc-message", encodeGrpcMessage(message));
    if (details?.statusDetails !== undefined) {
      fields.push("grpc-status-details-bin", Buffer.from(details.statusDetails).toString("base64").replace(/=+$/, ""));
    }
    if (this.#trailers !== undefined) fields.push(...this.#trailers.pairs());
    if (details?.trailers !== undefined) fields.push(...details.trailers.pairs());
    this.session.sender.trailers(this, fields);
  }
}

function merge(into: Metadata | undefined, from: Metadata): Metadata {
  const merged = into ?? new Metadata();
  merged.append(from);
  return merged;
}

/** A request over HTTP/2 that is not gRPC: gathered whole, then answered by a hook, or refused. */
import { concatBytes } from "@quorate/base";
import type { HeaderField } from "../h2/header-field.ts";
import type { HeaderList } from "../h2/hpack-decoder.ts";
import { Http2Stream } from "../h2/stream.ts";
import type { Peer } from "./peer.ts";
import type { RequestHead } from "./request-head.ts";
import type { ServerSession } from "./session.ts";

/** What a handler of plain HTTP requests sees. */
export interface HttpExchange {
  readonly method: string;
  readonly path: string;
  readonly scheme: string;
  readonly authority: string;
  /** The header list as received, pseudo-fields included; values are byte strings. */
  readonly fields: readonly HeaderField[];
  readonly body: Uint8Array;
  readonly peer: Peer;
  readonly cancelled: boolean;
  /** Calls `listener` once when the client goes away before the answer is complete. */
  onCancel(listener: () => void): void;
  /** Called when writing may go on after `write` returned false. */
  onDrain(listener: () => void): void;
  /** Answers at once with everything. Header names are lower case; content-length is added. */
  respond(status: number, headers: readonly (readonly [string, string])[], body: Uint8Array): void;
  /** Begins an answer of unknown length. */
  start(status: number, headers: readonly (readonly [string, string])[]): void;
  /** @returns false when the client takes no more for now: wait for `onDrain`. */
  write(bytes: Uint8Array): boolean;
  end(): void;
}

export type HttpHandler = (exchange: HttpExchange) => void;

export class HttpStream extends Http2Stream implements HttpExchange {
  declare readonly session: ServerSession;
  readonly #head: RequestHead;
  readonly #handler: HttpHandler;
  #parts: Uint8Array[] = [];
  #bodyBytes = 0;
  #answered = false;
  #cancelListener: (() => void) | undefined = undefined;
  #drainListener: (() => void) | undefined = undefined;
  body: Uint8Array = new Uint8Array(0);
  cancelled = false;

  constructor(session: ServerSession, id: number, head: RequestHead, handler: HttpHandler) {
    super(session, id);
    this.#head = head;
    this.#handler = handler;
    this.declaredBytes = head.contentLength;
  }

  get method(): string {
    return this.#head.method;
  }

  get path(): string {
    return this.#head.path;
  }

  get scheme(): string {
    return this.#head.scheme;
  }

  get authority(): string {
    return this.#head.authority;
  }

  get fields(): readonly HeaderField[] {
    return this.#head.list.fields;
  }

  get peer(): Peer {
    return this.session.peer;
  }

  takeHeaders(_list: HeaderList, _endStream: boolean): void {
    // Trailers of a request are not passed on.
  }

  takeData(bytes: Buffer, start: number, end: number): void {
    if (this.#answered) return;
    const length = end - start;
    this.#bodyBytes += length;
    if (this.#bodyBytes > this.session.messageBytesMax || !this.session.hold(length)) {
      this.session.hold(-this.#release());
      this.respond(413, [], new Uint8Array(0));
      return;
    }
    // A copy: small pieces must not keep large chunks alive.
    this.#parts.push(Uint8Array.prototype.slice.call(bytes, start, end));
    this.session.consumed(this, length);
  }

  takeEnd(): void {
    if (this.#answered) return;
    this.body = this.#parts.length === 1 ? (this.#parts[0] as Uint8Array) : concatBytes(this.#parts);
    this.session.hold(-this.#release());
    this.#handler(this);
  }

  takeReset(_code: number, _reason: string, _lost: boolean): void {
    this.session.hold(-this.#release());
    this.cancelled = true;
    this.#answered = true;
    this.#cancelListener?.();
    this.#cancelListener = undefined;
  }

  takeDrain(): void {
    this.#drainListener?.();
  }

  #release(): number {
    let held = 0;
    for (const part of this.#parts) held += part.length;
    this.#parts = [];
    return held;
  }

  onCancel(listener: () => void): void {
    if (this.cancelled) listener();
    else this.#cancelListener = listener;
  }

  onDrain(listener: () => void): void {
    this.#drainListener = listener;
  }

  respond(status: number, headers: readonly (readonly [string, string])[], body: Uint8Array): void {
    if (this.#answered) return;
    const bare = this.method === "HEAD" || body.length === 0;
    this.#sendHead(status, [...headers, ["content-length", String(body.length)]], bare);
    this.#answered = true;
    if (!bare) this.session.sender.data(this, body, true);
  }

  start(status: number, headers: readonly (readonly [string, string])[]): void {
    if (!this.#answered) this.#sendHead(status, headers, false);
  }

  write(bytes: Uint8Array): boolean {
    return this.#answered || this.session.sender.data(this, bytes, false);
  }

  end(): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#cancelListener = undefined;
    this.session.sender.data(this, new Uint8Array(0), true);
  }

  #sendHead(status: number, headers: readonly (readonly [string, string])[], endStream: boolean): void {
    const fields = [":status", String(status)];
    for (const [name, value] of headers) fields.push(name, value);
    this.session.sender.headers(this, fields, endStream);
  }
}

import type { Socket } from "node:net";

/** What `net.connect` and `tls.connect` take to read into memory of ours. */
export interface OnRead {
  readonly buffer: Uint8Array;
  callback(bytes: number, buffer: Uint8Array): boolean;
}

const readBytesMax = 64 * 1024;
/** What every tapped connection reads into, one after the other: a read is looked at before the next one. */
const readBuffer = new Uint8Array(readBytesMax);

const headEnd = "\r\n\r\n";
/** More is no head that `node:http` takes, which may say so. */
const headBytesMax = 64 * 1024;

/**
 * Leads the body of an answer past `node:http`, which makes memory for each read and an event of each piece. The
 * head goes to it; who gets its `response` then says where the body goes.
 *
 * ```
 * head --its end was read--> held --take--> taken
 *                              \----pass--> passing --next tick--> passed
 * ```
 */
export class BodyTap {
  readonly onread: OnRead = {
    buffer: readBuffer,
    callback: (bytes) => this.#onRead(new Uint8Array(readBuffer.buffer, 0, bytes)),
  };
  #socket: Socket | undefined;
  #state: "head" | "held" | "taken" | "passing" | "passed" = "head";
  /** Copies of what came before its place was known. */
  #held: Buffer = Buffer.alloc(0);
  #take: (bytes: Uint8Array) => void = () => undefined;

  /** Tells the connection that `onread` was given to. */
  attach(socket: Socket): void {
    this.#socket = socket;
  }

  /** Gives the body, as it comes over the wire, to `take`; its bytes change after each call. */
  take(take: (bytes: Uint8Array) => void): void {
    this.#take = take;
    this.#state = "taken";
    const held = this.#held;
    this.#held = Buffer.alloc(0);
    if (held.length > 0) take(held);
  }

  /** Gives the body to `node:http`: not now, since its parser may be telling of the head. */
  pass(): void {
    this.#state = "passing";
    process.nextTick(() => {
      this.#state = "passed";
      this.#pass(this.#held);
      this.#held = Buffer.alloc(0);
    });
  }

  #onRead(bytes: Uint8Array): boolean {
    if (this.#state === "taken") this.#take(bytes);
    else if (this.#state === "passed") this.#pass(Buffer.from(bytes));
    else {
      this.#held = Buffer.concat([this.#held, bytes]);
      if (this.#state === "head") this.#passHead();
    }
    return true;
  }

  /** Passes heads up to that of the answer: those of a 1xx come before it. */
  #passHead(): void {
    for (;;) {
      const end = this.#held.indexOf(headEnd);
      if (end === -1) {
        if (this.#held.length > headBytesMax) this.pass();
        return;
      }
      const head = this.#held.subarray(0, end + headEnd.length);
      this.#held = this.#held.subarray(head.length);
      const isLast = !/^HTTP\/1\.\d 1/.test(head.toString("latin1", 0, 10));
      if (isLast) this.#state = "held";
      this.#pass(head);
      if (isLast) return;
    }
  }

  #pass(bytes: Buffer): void {
    if (bytes.length > 0) this.#socket?.push(bytes);
  }
}

/** A socket without a network: what is written is kept, what arrives is what the test says. */
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";

export class FakeSocket extends EventEmitter {
  readonly writes: Uint8Array[][] = [];
  #corked: Uint8Array[] | undefined = undefined;
  /** Bytes that the peer has not taken; only grows while `stalled`. */
  writableLength = 0;
  /** The peer reads nothing. */
  stalled = false;
  destroyed = false;
  ended = false;
  paused = false;
  connecting = false;
  readonly remoteAddress = "192.0.2.7";
  readonly remotePort = 4242;
  #taken = 0;

  asSocket(): Socket {
    return this as unknown as Socket;
  }

  setNoDelay(): this {
    return this;
  }

  write(bytes: Uint8Array): boolean {
    // A copy, as the sender reuses a buffer once the kernel has it.
    const copy = Uint8Array.from(bytes);
    if (this.#corked !== undefined) this.#corked.push(copy);
    else this.writes.push([copy]);
    if (this.stalled) this.writableLength += bytes.length;
    return this.writableLength < 16_384;
  }

  cork(): void {
    this.#corked = [];
  }

  uncork(): void {
    if (this.#corked !== undefined) this.writes.push(this.#corked);
    this.#corked = undefined;
  }

  end(bytes?: Uint8Array): this {
    if (bytes !== undefined) this.write(bytes);
    this.ended = true;
    return this;
  }

  destroy(error?: Error): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    if (error !== undefined) this.emit("error", error);
    this.emit("close");
    return this;
  }

  pause(): this {
    this.paused = true;
    return this;
  }

  resume(): this {
    this.paused = false;
    return this;
  }

  /** The peer reads everything at last. */
  drain(): void {
    this.stalled = false;
    this.writableLength = 0;
    this.emit("drain");
  }

  /** Everything written since the last call. */
  take(): Buffer {
    const fresh = this.writes.slice(this.#taken).flat();
    this.#taken = this.writes.length;
    return Buffer.concat(fresh);
  }
}

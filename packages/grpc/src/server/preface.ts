/**
 * Decides what a fresh connection speaks: HTTP/2 begins with the preface, anything else is left to HTTP/1.1.
 */
import type { Clock, Timer } from "@quorate/base";
import type { Socket } from "node:net";
import { clientPreface } from "../h2/frames.ts";

const noBytes: Buffer = Buffer.alloc(0);

export interface PrefaceOutcome {
  /** The preface was there; `rest` are the bytes behind it. */
  onHttp2(socket: Socket, rest: Buffer): void;
  /** It was not; `firstBytes` are all that was read. */
  onOther(socket: Socket, firstBytes: Buffer): void;
  /** The connection ended or took too long. */
  onGone(socket: Socket): void;
}

export class PrefaceReader {
  readonly #socket: Socket;
  readonly #outcome: PrefaceOutcome;
  readonly #timer: Timer;
  #bytes: Buffer = noBytes;
  #done = false;
  readonly #onData = (chunk: Buffer): void => this.#feed(chunk);
  readonly #onGone = (): void => {
    if (!this.#finish()) return;
    this.#socket.destroy();
    this.#outcome.onGone(this.#socket);
  };

  constructor(socket: Socket, clock: Clock, timeoutMs: number, outcome: PrefaceOutcome) {
    this.#socket = socket;
    this.#outcome = outcome;
    this.#timer = clock.startTimer(timeoutMs, this.#onGone);
    socket.on("data", this.#onData);
    socket.on("error", this.#onGone);
    socket.on("end", this.#onGone);
    socket.on("close", this.#onGone);
  }

  #feed(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    const bytes = this.#bytes;
    const length = bytes.length < clientPreface.length ? bytes.length : clientPreface.length;
    for (let i = 0; i < length; i++) {
      if (bytes[i] === clientPreface[i]) continue;
      if (!this.#finish()) return;
      this.#socket.pause();
      this.#outcome.onOther(this.#socket, bytes);
      return;
    }
    if (length < clientPreface.length || !this.#finish()) return;
    this.#outcome.onHttp2(this.#socket, bytes.subarray(length));
  }

  #finish(): boolean {
    if (this.#done) return false;
    this.#done = true;
    this.#timer.cancel();
    const socket = this.#socket;
    socket.off("data", this.#onData);
    socket.off("error", this.#onGone);
    socket.off("end", this.#onGone);
    socket.off("close", this.#onGone);
    return true;
  }
}

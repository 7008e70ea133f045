import type { IncomingMessage } from "node:http";
import type { Clock } from "@quorate/base";

/** Chunks held before the sender is held back. */
const heldChunksMax = 16;

/** Reads the body of a request chunk by chunk, each of which must come within a deadline. */
export class BodyReader {
  readonly #request: IncomingMessage;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #held: Uint8Array[] = [];
  #ended = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(request: IncomingMessage, clock: Clock, timeoutMs: number) {
    this.#request = request;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    // While the body is read, its own deadline counts instead of that of an idle connection.
    request.socket.setTimeout(0);
    request.on("data", (chunk: Buffer) => {
      this.#held.push(chunk);
      if (this.#held.length >= heldChunksMax) request.pause();
      this.#wake?.();
    });
    request.once("end", () => {
      this.#ended = true;
      this.#wake?.();
    });
    const fail = (): void => {
      this.#failure ??= new Error("unexpected EOF");
      this.#wake?.();
    };
    request.once("error", fail);
    request.once("close", fail);
  }

  /**
   * Returns the next chunk, undefined at the end of the body.
   *
   * @throws Error when the connection breaks or nothing arrives in time.
   */
  async next(): Promise<Uint8Array | undefined> {
    if (this.#held.length === 0 && !this.#ended && this.#failure === undefined) await this.#wait();
    const chunk = this.#held.shift();
    if (chunk !== undefined) {
      if (this.#request.isPaused()) this.#request.resume();
      return chunk;
    }
    if (this.#ended) return undefined;
    throw this.#failure ?? new Error("i/o timeout");
  }

  /**
   * Returns the whole body.
   *
   * @throws Error also when it is longer than `bytesMax`.
   */
  async all(bytesMax: number): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for (let chunk = await this.next(); chunk !== undefined; chunk = await this.next()) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw new TooLongError("http: request body too large");
      chunks.push(chunk);
    }
    const whole = new Uint8Array(bytes);
    let at = 0;
    for (const chunk of chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    return whole;
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.startTimer(this.#timeoutMs, () => {
        const { localAddress, localPort, remoteAddress, remotePort } = this.#request.socket;
        const ends = `${addressText(localAddress, localPort)}->${addressText(remoteAddress, remotePort)}`;
        this.#failure ??= new Error(`read tcp ${ends}: i/o timeout`);
        this.#wake?.();
      });
      this.#wake = () => {
        this.#wake = undefined;
        timer.cancel();
        resolve();
      };
    });
  }
}

function addressText(host = "", port = 0): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A body is longer than its limit. */
export class TooLongError extends Error {
  override readonly name = "TooLongError";
}

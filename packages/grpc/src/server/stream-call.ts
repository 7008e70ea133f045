/** A streaming call: messages both ways, with backpressure both ways. */
import { totalBytes } from "../parts.ts";
import { GrpcCode } from "../status.ts";
import type { ServerStream } from "./calls.ts";
import { GrpcStream } from "./grpc-stream.ts";
import type { StreamHandler } from "./routes.ts";

export class StreamCall extends GrpcStream implements ServerStream {
  #messageListener: ((message: Uint8Array) => void) | undefined = undefined;
  #halfCloseListener: (() => void) | undefined = undefined;
  #drainListener: (() => void) | undefined = undefined;
  #paused = false;
  /** Messages that nobody took yet, bounded by the window: their bytes are not credited. */
  #waiting: Uint8Array[] = [];
  #uncreditedBytes = 0;
  #halfClosed = false;
  #halfCloseTold = false;

  /** Hands the call to its handler; called once. */
  start(handler: StreamHandler): void {
    this.running = true;
    handler(this);
  }

  // The client's side

  takeData(bytes: Buffer, start: number, end: number): void {
    if (this.answered) return;
    this.gather(bytes, start, end);
    // An incomplete message is credited, or it could never be completed; complete ones when they are taken.
    if (this.#waiting.length === 0) this.session.consumed(this, end - start);
    else this.#uncreditedBytes += end - start;
  }

  takeMessage(message: Uint8Array): void {
    if (this.answered) return;
    this.session.server.stats.messagesReceived += 1;
    if (this.#paused || this.#messageListener === undefined || this.#waiting.length > 0) this.#waiting.push(message);
    else this.#messageListener(message);
  }

  takeEnd(): void {
    if (this.answered) return;
    if (!this.atBoundary) {
      this.fail(GrpcCode.internal, "unexpected EOF");
      return;
    }
    this.#halfClosed = true;
    this.#deliver();
  }

  takeDrain(): void {
    if (!this.answered) this.#drainListener?.();
  }

  #deliver(): void {
    while (!this.#paused && !this.answered && this.#waiting.length > 0 && this.#messageListener !== undefined) {
      const batch = this.#waiting;
      this.#waiting = [];
      let taken = 0;
      while (taken < batch.length && !this.#paused && !this.answered) {
        this.#messageListener(batch[taken++] as Uint8Array);
      }
      if (taken < batch.length) this.#waiting = [...batch.slice(taken), ...this.#waiting];
    }
    if (this.#waiting.length > 0 || this.answered) return;
    if (this.#uncreditedBytes > 0) {
      const bytes = this.#uncreditedBytes;
      this.#uncreditedBytes = 0;
      this.session.consumed(this, bytes);
    }
    if (!this.#halfClosed || this.#halfCloseTold || this.#paused || this.#halfCloseListener === undefined) return;
    this.#halfCloseTold = true;
    this.#halfCloseListener();
  }

  // The handler's side

  onMessage(listener: (message: Uint8Array) => void): void {
    this.#messageListener = listener;
    this.#deliver();
  }

  onHalfClose(listener: () => void): void {
    this.#halfCloseListener = listener;
    this.#deliver();
  }

  onDrain(listener: () => void): void {
    this.#drainListener = listener;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#deliver();
  }

  sendHeaders(): void {
    if (!this.answered) this.sendHead();
  }

  write(message: Uint8Array | readonly Uint8Array[]): boolean {
    if (this.answered) return true;
    this.sendHead();
    this.session.server.stats.messagesSent += 1;
    const parts = message instanceof Uint8Array ? [message] : message;
    return this.session.sender.message(this, parts, totalBytes(parts), false);
  }

  end(): void {
    if (!this.beginAnswer(GrpcCode.ok)) return;
    this.sendHead();
    this.sendOk();
  }
}

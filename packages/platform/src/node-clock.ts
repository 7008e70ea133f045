import { performance } from "node:perf_hooks";
import type { Clock, Timer } from "@quorate/base";

class NodeTimer implements Timer {
  readonly #handle: NodeJS.Timeout;

  constructor(delayMs: number, fire: () => void) {
    // Node rounds down to whole milliseconds; the port promises "at least".
    this.#handle = setTimeout(fire, Math.ceil(delayMs));
  }

  cancel(): void {
    clearTimeout(this.#handle);
  }
}

/** The time of this machine. A started timer keeps the process alive until it fires or is cancelled. */
export class NodeClock implements Clock {
  nowMs(): number {
    return performance.now();
  }

  wallMs(): number {
    return Date.now();
  }

  startTimer(delayMs: number, fire: () => void): Timer {
    return new NodeTimer(delayMs, fire);
  }

  nextTurn(run: () => void): void {
    setImmediate(run);
  }
}

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

/**
 * The time of this machine. A started timer keeps the process alive until it fires or is cancelled.
 *
 * It measures the turns of the loop too: from the first call of `nextTurn` that wants one to the end of what ran in it, and
 * each timer's work. What lies in between counts, collecting garbage included; waiting for something to do does not.
 */
export class NodeClock implements Clock {
  /** Told how long each turn took. */
  onTurn: ((ms: number) => void) | undefined;
  #runs: (() => void)[] = [];
  #spare: (() => void)[] = [];
  #askedMs = 0;
  #turnMs: number | undefined;
  readonly #turn = (): void => this.#runTurn();

  get turnStartedMs(): number | undefined {
    return this.#turnMs;
  }

  nowMs(): number {
    return performance.now();
  }

  wallMs(): number {
    return Date.now();
  }

  startTimer(delayMs: number, fire: () => void): Timer {
    return new NodeTimer(delayMs, () => {
      const startedMs = performance.now();
      fire();
      this.onTurn?.(performance.now() - startedMs);
    });
  }

  nextTurn(run: () => void): void {
    if (this.#runs.length === 0) {
      this.#askedMs = performance.now();
      setImmediate(this.#turn);
    }
    this.#runs.push(run);
  }

  #runTurn(): void {
    const runs = this.#runs;
    const askedMs = this.#askedMs;
    this.#runs = this.#spare;
    this.#turnMs = askedMs;
    let at = 0;
    try {
      while (at < runs.length) (runs[at++] as () => void)();
    } finally {
      // Where one of them throws, the others are for the next turn.
      for (; at < runs.length; at++) this.nextTurn(runs[at] as () => void);
      runs.length = 0;
      this.#spare = runs;
    }
    this.#turnMs = undefined;
    this.onTurn?.(performance.now() - askedMs);
  }
}

import { performance } from "node:perf_hooks";
import type { Clock, Timer } from "@quorate/base";

/** The timers that were started and have not fired. */
class Timers {
  readonly #running: Set<NodeTimer> = new Set();
  /** None is due before. */
  #earliestMs = Number.POSITIVE_INFINITY;

  add(timer: NodeTimer): void {
    this.#running.add(timer);
    if (timer.dueMs < this.#earliestMs) this.#earliestMs = timer.dueMs;
  }

  delete(timer: NodeTimer): void {
    this.#running.delete(timer);
  }

  /** Fires those that are due, in the order in which they became so. */
  fireDue(nowMs: number): void {
    if (nowMs < this.#earliestMs) return;
    this.#earliestMs = Number.POSITIVE_INFINITY;
    const due: NodeTimer[] = [];
    for (const timer of this.#running) {
      if (timer.dueMs <= nowMs) due.push(timer);
      else if (timer.dueMs < this.#earliestMs) this.#earliestMs = timer.dueMs;
    }
    due.sort((a, b) => a.dueMs - b.dueMs);
    // One may cancel another; where one throws, Node fires the others.
    for (const timer of due) if (this.#running.has(timer)) timer.fireNow();
  }
}

class NodeTimer implements Timer {
  readonly dueMs: number;
  readonly #fire: () => void;
  readonly #timers: Timers;
  readonly #handle: NodeJS.Timeout;

  constructor(delayMs: number, fire: () => void, timers: Timers) {
    this.dueMs = performance.now() + delayMs;
    this.#fire = fire;
    this.#timers = timers;
    // Node rounds down to whole milliseconds; the port promises "at least".
    this.#handle = setTimeout(() => this.fireNow(), Math.ceil(delayMs));
    timers.add(this);
  }

  fireNow(): void {
    this.cancel();
    this.#fire();
  }

  cancel(): void {
    clearTimeout(this.#handle);
    this.#timers.delete(this);
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
  readonly #timers: Timers = new Timers();
  #turnMs: number | undefined;
  /** The loop will come by. One at a time: several would run one turn after the other, with no timer and no I/O in between. */
  #isCalled = false;
  readonly #turn = (): void => {
    this.#isCalled = false;
    this.#runTurn();
  };

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
    const measured = (): void => {
      const startedMs = performance.now();
      fire();
      this.onTurn?.(performance.now() - startedMs);
    };
    return new NodeTimer(delayMs, measured, this.#timers);
  }

  nextTurn(run: () => void): void {
    if (this.#runs.length === 0) this.#askedMs = performance.now();
    this.#runs.push(run);
    if (this.#isCalled) return;
    this.#isCalled = true;
    setImmediate(this.#turn);
  }

  turnNow(): void {
    if (this.#turnMs !== undefined) return;
    this.#timers.fireDue(performance.now());
    this.#runTurn();
  }

  #runTurn(): void {
    if (this.#runs.length === 0) return;
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
      this.#turnMs = undefined;
    }
    this.onTurn?.(performance.now() - askedMs);
  }
}

import type { Clock, Timer } from "@quorate/base";

interface Waiting {
  readonly dueMs: number;
  readonly order: number;
  readonly fire: () => void;
  cancelled: boolean;
}

/** Chains of awaits between two timers are shorter than this. */
const settleRounds = 200;

/** A clock that stands still until it is moved; turns of the loop follow each other without it. */
export class CrashClock implements Clock {
  #nowMs = 0;
  #order = 0;
  #timers: Waiting[] = [];
  #turns: (() => void)[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return 1_700_000_000_000 + this.#nowMs;
  }

  startTimer(delayMs: number, fire: () => void): Timer {
    this.#order += 1;
    const waiting: Waiting = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#order, fire, cancelled: false };
    this.#timers.push(waiting);
    return {
      cancel: () => {
        waiting.cancelled = true;
      },
    };
  }

  nextTurn(run: () => void): void {
    this.#turns.push(run);
  }

  /** Resolves after `ms` of virtual time. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.startTimer(ms, resolve));
  }

  /** Lets everything happen that is due within the next `ms` milliseconds, in order. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (;;) {
      await this.settle();
      const next = this.#earliest();
      if (next === undefined || next.dueMs > endMs) break;
      this.#timers.splice(this.#timers.indexOf(next), 1);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.fire();
    }
    this.#nowMs = endMs;
  }

  /** Moves on until `promise` has settled, at most `limitMs`; gives its value or throws its error. */
  async finish<T>(promise: Promise<T>, limitMs = 60_000): Promise<T> {
    let done = false;
    const settled = promise.finally(() => {
      done = true;
    });
    // It is awaited below, or given up.
    settled.catch(() => undefined);
    const endMs = this.#nowMs + limitMs;
    for (;;) {
      await this.settle(() => done);
      if (done) return await settled;
      const next = this.#earliest();
      if (next === undefined || next.dueMs > endMs) throw new Error("what was waited for never ends");
      this.#timers.splice(this.#timers.indexOf(next), 1);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.fire();
    }
  }

  /** Moves on until `condition` holds, at most `limitMs`. */
  async until(condition: () => boolean, about: string, limitMs = 60_000): Promise<void> {
    const endMs = this.#nowMs + limitMs;
    for (;;) {
      await this.settle(condition);
      if (condition()) return;
      const next = this.#earliest();
      if (next === undefined || next.dueMs > endMs) throw new Error(`it did not happen: ${about}`);
      this.#timers.splice(this.#timers.indexOf(next), 1);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.fire();
    }
  }

  #earliest(): Waiting | undefined {
    let earliest: Waiting | undefined;
    this.#timers = this.#timers.filter((timer) => !timer.cancelled);
    for (const timer of this.#timers) {
      if (earliest === undefined || timer.dueMs < earliest.dueMs) earliest = timer;
    }
    return earliest;
  }

  /** Runs turns, and promises between them, until nothing is left to run now or `stop` says so. */
  async settle(stop: () => boolean = () => false): Promise<void> {
    for (;;) {
      for (let i = 0; i < settleRounds; i++) {
        await Promise.resolve();
        if (this.#turns.length > 0 || stop()) break;
      }
      if (stop()) return;
      if (this.#turns.length === 0) return;
      const turns = this.#turns;
      this.#turns = [];
      for (const run of turns) run();
    }
  }
}

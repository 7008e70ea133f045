import type { Clock, Timer } from "../ports.ts";

interface Waiting {
  readonly dueMs: number;
  readonly order: number;
  readonly fire: () => void;
  cancelled: boolean;
}

/** How often promises get their turn between two turns of the loop; chains of awaits are shorter than this. */
const settleRounds = 50;

/** A clock that stands still until a test moves it. */
export class VirtualClock implements Clock {
  readonly #startWallMs: number;
  #nowMs = 0;
  #order = 0;
  #timers: Waiting[] = [];
  #turns: (() => void)[] = [];

  constructor(startWallMs = 1_700_000_000_000) {
    this.#startWallMs = startWallMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#startWallMs + this.#nowMs;
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

  /** Lets everything happen that is due within the next `ms` milliseconds, in order. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (;;) {
      await this.#settle();
      const next = this.#earliest();
      if (next === undefined || next.dueMs > endMs) break;
      this.#timers.splice(this.#timers.indexOf(next), 1);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.fire();
    }
    this.#nowMs = endMs;
  }

  /** Advances in small steps until `condition` holds. Throws when `limitMs` have passed before. */
  async until(condition: () => boolean, limitMs = 30_000): Promise<void> {
    const endMs = this.#nowMs + limitMs;
    while (!condition()) {
      if (this.#nowMs >= endMs) throw new Error(`the condition did not hold within ${limitMs} ms of virtual time`);
      await this.advance(10);
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

  /** Runs turns, and promises between them, until nothing is left to run now. */
  async #settle(): Promise<void> {
    for (;;) {
      for (let i = 0; i < settleRounds; i++) await Promise.resolve();
      if (this.#turns.length === 0) return;
      const turns = this.#turns;
      this.#turns = [];
      for (const run of turns) run();
    }
  }
}

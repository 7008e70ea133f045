/** A clock that stands still until a test moves it. */
import type { Clock, Timer } from "@quorate/base";

interface FakeTimer {
  readonly atMs: number;
  readonly fire: () => void;
}

export class FakeClock implements Clock {
  #nowMs = 1_000_000;
  #timers: FakeTimer[] = [];
  #turn: (() => void)[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#nowMs;
  }

  startTimer(delayMs: number, fire: () => void): Timer {
    const timer = { atMs: this.#nowMs + delayMs, fire };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  nextTurn(run: () => void): void {
    this.#turn.push(run);
  }

  /** Ends turns until nothing waits for the end of one. */
  turn(): void {
    while (this.#turn.length > 0) {
      const batch = this.#turn;
      this.#turn = [];
      for (const run of batch) run();
    }
  }

  /** Ends one turn only. */
  oneTurn(): void {
    const batch = this.#turn;
    this.#turn = [];
    for (const run of batch) run();
  }

  /** Moves time on, firing timers in order and ending turns in between. */
  advance(ms: number): void {
    const end = this.#nowMs + ms;
    for (;;) {
      this.turn();
      const next = this.#timers.filter((timer) => timer.atMs <= end).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      if (next.atMs > this.#nowMs) this.#nowMs = next.atMs;
      next.fire();
    }
    this.#nowMs = end;
    this.turn();
  }
}

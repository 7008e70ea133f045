import type { Clock } from "./ports.ts";

/** A turn of the loop has several pieces of work; together they stay near this. */
const turnMs = 8;

/**
 * The time that one piece of work has in a turn of the loop: its own, and no more than what the pieces before it left.
 * Whoever uses it does a first step in any case, so that all get on.
 */
export class Slice {
  readonly #clock: Clock;
  readonly #endMs: number;

  /** @param ownMs how long the work may take at most. */
  constructor(clock: Clock, ownMs: number) {
    this.#clock = clock;
    const nowMs = clock.nowMs();
    this.#endMs = Math.min(nowMs + ownMs, (clock.turnStartedMs ?? nowMs) + turnMs);
  }

  /** What is left waits for another turn. */
  get isOver(): boolean {
    return this.#clock.nowMs() > this.#endMs;
  }
}

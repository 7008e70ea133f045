/**
 * The things that end a turn of the loop: all connections that have something to send are flushed together, once.
 */
import type { Clock } from "@quorate/base";

export interface Flushable {
  flushTurn(): void;
}

export class TurnFlusher {
  readonly #clock: Clock;
  #waiting: Flushable[] = [];
  #spare: Flushable[] = [];
  readonly #run = (): void => this.#flushAll();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Flushes `item` when this turn ends. The caller adds it once a turn. */
  add(item: Flushable): void {
    this.#waiting.push(item);
    if (this.#waiting.length === 1) this.#clock.nextTurn(this.#run);
  }

  #flushAll(): void {
    const items = this.#waiting;
    this.#waiting = this.#spare;
    for (let i = 0; i < items.length; i++) (items[i] as Flushable).flushTurn();
    items.length = 0;
    this.#spare = items;
  }
}

/**
 * The things that end a turn of the loop: all connections that have something to send are flushed together, once.
 */
import { type Clock, Slice } from "@quorate/base";

/** After this time the connections that are left wait for the next turn. */
const turnBudgetMs = 5;
/** Connections that are flushed between two looks at the clock. */
const flushesPerLook = 16;

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
    const slice = new Slice(this.#clock, turnBudgetMs);
    const items = this.#waiting;
    this.#waiting = this.#spare;
    let at = 0;
    while (at < items.length) {
      (items[at++] as Flushable).flushTurn();
      if (at % flushesPerLook === 0 && slice.isOver) break;
    }
    // Before those that were added meanwhile; who was added first has asked for the next turn.
    if (at < items.length) {
      if (this.#waiting.length === 0) this.#clock.nextTurn(this.#run);
      this.#waiting = [...items.slice(at), ...this.#waiting];
    }
    items.length = 0;
    this.#spare = items;
  }
}

import { invariant, type LogIndex } from "@quorate/base";

/**
 * The append messages that were sent to one member and not yet acknowledged: a ring, oldest first, bounded by
 * their count and by the payload bytes they carry.
 */
export class Inflights {
  /** How many messages are in flight. */
  count = 0;
  /** The payload bytes they carry. */
  bytes = 0;
  readonly #countMax: number;
  readonly #bytesMax: number;
  /** Last index of each message, and its payload bytes; both grow up to `countMax` slots. */
  #indexes: number[] = [];
  #sizes: number[] = [];
  #start = 0;

  /** @param bytesMax the window closes once this much is in flight; the message that reaches it may exceed it. */
  constructor(countMax: number, bytesMax: number) {
    this.#countMax = countMax;
    this.#bytesMax = bytesMax;
  }

  /** Tells whether nothing more may be sent before something is acknowledged. */
  isFull(): boolean {
    return this.count === this.#countMax || this.bytes >= this.#bytesMax;
  }

  /** Records a message whose last entry is `index`; indexes only grow. */
  add(index: LogIndex, bytes: number): void {
    invariant(!this.isFull(), "a message was sent through a full window", () => ({ index, count: this.count }));
    if (this.count === this.#indexes.length) this.#grow();
    let slot = this.#start + this.count;
    if (slot >= this.#indexes.length) slot -= this.#indexes.length;
    this.#indexes[slot] = index;
    this.#sizes[slot] = bytes;
    this.count += 1;
    this.bytes += bytes;
  }

  /** Forgets all messages whose last entry is at or below `index`. */
  freeUpTo(index: LogIndex): void {
    const slots = this.#indexes.length;
    while (this.count > 0 && (this.#indexes[this.#start] as number) <= index) {
      this.bytes -= this.#sizes[this.#start] as number;
      this.count -= 1;
      this.#start = this.#start + 1 === slots ? 0 : this.#start + 1;
    }
  }

  reset(): void {
    this.count = 0;
    this.bytes = 0;
    this.#start = 0;
  }

  /** Doubles the ring, which is full and need not begin at slot 0. */
  #grow(): void {
    const slots = this.#indexes.length;
    const wanted = Math.min(Math.max(1, slots * 2), this.#countMax);
    const indexes = this.#indexes.slice(this.#start).concat(this.#indexes.slice(0, this.#start));
    const sizes = this.#sizes.slice(this.#start).concat(this.#sizes.slice(0, this.#start));
    while (indexes.length < wanted) {
      indexes.push(0);
      sizes.push(0);
    }
    this.#indexes = indexes;
    this.#sizes = sizes;
    this.#start = 0;
  }
}

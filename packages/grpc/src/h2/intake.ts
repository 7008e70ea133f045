import { type Clock, Slice } from "@quorate/base";

/** After this time what the kernel still has to tell in this turn is put aside unread. */
const pollBudgetMs = 3;
/** One later turn reads for so long of what was put aside. */
const turnBudgetMs = 3;

/** A connection that bytes came from, or its end. */
export interface Receiver {
  /** @param chunk undefined: the peer sends nothing more. */
  receive(chunk: Buffer | undefined): void;
  /** Nothing more is wanted of the socket until `letGo`. */
  holdBack(): void;
  letGo(): void;
}

/**
 * What comes from thousands of connections at once, their ends too: the runtime hands over everything that the kernel has before it
 * lets a turn run. What does not fit into one is put aside and read in the turns that follow, first come, first served, and
 * where the clock can do that they follow in between.
 */
export class Intake {
  readonly #clock: Clock;
  /** Somebody is asked to go on when this turn ends. */
  #asked = false;
  #startedMs = 0;
  #waiting: { readonly receiver: Receiver; readonly chunk: Buffer | undefined }[] = [];
  #at = 0;
  readonly #run = (): void => this.#goOn();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Hands `chunk`, or the end, to its receiver, now or in a later turn; the receiver is held until then. */
  take(receiver: Receiver, chunk: Buffer | undefined): void {
    this.pass();
    if (this.#waiting.length > 0 || this.#isOver) {
      receiver.holdBack();
      this.#waiting.push({ receiver, chunk });
      return;
    }
    receiver.receive(chunk);
  }

  /** To be called with each event that brings nothing to read, too: the turn does not wait for all that the kernel has to tell. */
  pass(): void {
    if (this.#isOver) this.#clock.turnNow?.();
    if (!this.#asked) this.#ask();
  }

  /** What is read now has had its time. */
  get #isOver(): boolean {
    return this.#asked && this.#clock.nowMs() - this.#startedMs > pollBudgetMs;
  }

  #ask(): void {
    this.#asked = true;
    this.#startedMs = this.#clock.nowMs();
    this.#clock.nextTurn(this.#run);
  }

  #goOn(): void {
    this.#asked = false;
    if (this.#waiting.length === 0) return;
    const slice = new Slice(this.#clock, turnBudgetMs);
    while (this.#at < this.#waiting.length) {
      const { receiver, chunk } = this.#waiting[this.#at] as { receiver: Receiver; chunk: Buffer | undefined };
      this.#at += 1;
      receiver.letGo();
      receiver.receive(chunk);
      if (!slice.isOver || this.#at === this.#waiting.length) continue;
      // Under a load that lasts the queue never runs empty.
      this.#waiting = this.#waiting.slice(this.#at);
      this.#at = 0;
      this.#ask();
      return;
    }
    this.#waiting = [];
    this.#at = 0;
  }
}

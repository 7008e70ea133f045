import { crc32cUpdate } from "@quorate/base";

/** What an event is, for the trace. */
export const EventKind = {
  timer: 1,
  turn: 2,
  disk: 3,
  message: 4,
  snapshot: 5,
  query: 6,
  client: 7,
  operator: 8,
  fault: 9,
  supervisor: 10,
  script: 11,
} as const;
export type EventKind = (typeof EventKind)[keyof typeof EventKind];

/**
 * One life of a process, from its start to its end. What belongs to a life that is over never happens; what belongs to a
 * paused one waits.
 */
export class Life {
  alive = true;
  /** Nothing of it runs before this time. */
  resumeUs = 0;
  /** Which member it is, for the trace. */
  readonly number: number;

  constructor(number: number) {
    this.number = number;
  }
}

/** Something that will happen at a time. */
export class Event {
  readonly kind: EventKind;
  readonly life: Life | undefined;
  readonly run: () => void;
  atUs: number;
  order: number;
  cancelled = false;

  constructor(kind: EventKind, life: Life | undefined, atUs: number, order: number, run: () => void) {
    this.kind = kind;
    this.life = life;
    this.atUs = atUs;
    this.order = order;
    this.run = run;
  }
}

const isBefore = (a: Event, b: Event): boolean => a.atUs < b.atUs || (a.atUs === b.atUs && a.order < b.order);

/**
 * Virtual time: one heap of events, ordered by time and then by when they were asked for. Times are whole microseconds.
 *
 * All that happens is hashed into the trace, so two runs with the same hash did the same.
 */
export class Kernel {
  nowUs = 0;
  /** Events that ran. */
  count = 0;
  /** The life whose event is running or ran last. */
  current: Life | undefined;
  #order = 0;
  #low = 0x811c9dc5;
  #high = 0x9e3779b9;
  readonly #heap: Event[] = [];

  /** Runs `run` at `atUs`, or now if that is over. */
  at(atUs: number, kind: EventKind, life: Life | undefined, run: () => void): Event {
    this.#order += 1;
    const event = new Event(kind, life, Math.max(this.nowUs, atUs), this.#order, run);
    this.#push(event);
    return event;
  }

  after(delayUs: number, kind: EventKind, life: Life | undefined, run: () => void): Event {
    return this.at(this.nowUs + delayUs, kind, life, run);
  }

  /**
   * Runs the next event.
   *
   * @returns false when nothing is left.
   */
  step(): boolean {
    for (;;) {
      const event = this.#pop();
      if (event === undefined) return false;
      if (event.cancelled) continue;
      const { life } = event;
      if (life !== undefined) {
        if (!life.alive) continue;
        if (life.resumeUs > event.atUs) {
          this.#order += 1;
          event.atUs = life.resumeUs;
          event.order = this.#order;
          this.#push(event);
          continue;
        }
      }
      this.nowUs = event.atUs;
      this.count += 1;
      this.current = life;
      this.mix(event.kind * 64 + (life === undefined ? 0 : life.number + 1));
      this.mix(event.atUs % 0x100000000);
      event.run();
      return true;
    }
  }

  /** Adds a fact to the trace; its low 32 bits count. */
  mix(fact: number): void {
    const low = Math.imul(this.#low ^ fact, 0x01000193);
    this.#low = (low ^ (low >>> 15)) | 0;
    this.#high = (Math.imul(this.#high, 0x85ebca6b) + this.#low) | 0;
  }

  mixBytes(bytes: Uint8Array): void {
    this.mix(crc32cUpdate(bytes.length, bytes));
  }

  mixText(text: string): void {
    let hash = text.length;
    for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
    this.mix(hash);
  }

  /** The trace so far, as 16 hexadecimal digits. */
  get trace(): string {
    const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, "0");
    return hex(this.#high) + hex(this.#low);
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above] as Event;
      if (!isBefore(event, parent)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = event;
  }

  #pop(): Event | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      const right = child + 1;
      if (right < heap.length && isBefore(heap[right] as Event, heap[child] as Event)) child = right;
      if (!isBefore(heap[child] as Event, last)) break;
      heap[at] = heap[child] as Event;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

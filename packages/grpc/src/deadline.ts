/**
 * Deadlines of many calls with one timer: a wheel of lists, one per tick, in which each call is a link. Adding and
 * removing cost the same whatever the number of calls.
 */
import type { Clock, Timer } from "@quorate/base";

const tickMs = 10;
const slots = 512;

/** Something that ends at a time. The links belong to the wheel. */
export interface Expiring {
  /** On the scale of the clock's `nowMs`. */
  deadlineAtMs: number;
  /** The slot the wheel keeps it in, -1 when it is in none. */
  wheelSlot: number;
  wheelNext: Expiring | undefined;
  wheelPrevious: Expiring | undefined;
  onDeadline(): void;
}

export class DeadlineWheel {
  readonly #clock: Clock;
  readonly #heads: (Expiring | undefined)[] = new Array<Expiring | undefined>(slots).fill(undefined);
  #count = 0;
  /** The tick up to which all slots were looked at. */
  #tick = 0;
  #timer: Timer | undefined = undefined;
  readonly #fire = (): void => this.#onTimer();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#count;
  }

  /** Calls `item.onDeadline()` once its time has come, never before, up to a tick (10 ms) late. */
  add(item: Expiring): void {
    if (this.#count === 0) this.#tick = Math.floor(this.#clock.nowMs() / tickMs);
    let tick = Math.floor(item.deadlineAtMs / tickMs) + 1;
    if (tick <= this.#tick) tick = this.#tick + 1;
    const slot = tick % slots;
    const head = this.#heads[slot];
    item.wheelSlot = slot;
    item.wheelPrevious = undefined;
    item.wheelNext = head;
    if (head !== undefined) head.wheelPrevious = item;
    this.#heads[slot] = item;
    this.#count += 1;
    if (this.#timer === undefined) this.#timer = this.#clock.startTimer(tickMs, this.#fire);
  }

  /** Forgets `item`; nothing happens when it is not there. */
  remove(item: Expiring): void {
    if (item.wheelSlot < 0) return;
    if (item.wheelPrevious === undefined) this.#heads[item.wheelSlot] = item.wheelNext;
    else item.wheelPrevious.wheelNext = item.wheelNext;
    if (item.wheelNext !== undefined) item.wheelNext.wheelPrevious = item.wheelPrevious;
    item.wheelSlot = -1;
    item.wheelNext = undefined;
    item.wheelPrevious = undefined;
    this.#count -= 1;
  }

  #onTimer(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.nowMs();
    const last = Math.floor(nowMs / tickMs);
    const due: Expiring[] = [];
    // After a long pause every slot is looked at once, not more.
    if (last - this.#tick > slots) this.#tick = last - slots;
    while (this.#tick < last) {
      this.#tick += 1;
      this.#collect(this.#tick % slots, nowMs, due);
    }
    for (const item of due) item.onDeadline();
    if (this.#count > 0 && this.#timer === undefined) this.#timer = this.#clock.startTimer(tickMs, this.#fire);
  }

  /** Takes out what is due; what is due in a later round of the wheel stays. */
  #collect(slot: number, nowMs: number, due: Expiring[]): void {
    let item = this.#heads[slot];
    while (item !== undefined) {
      const next: Expiring | undefined = item.wheelNext;
      if (item.deadlineAtMs <= nowMs) {
        this.remove(item);
        due.push(item);
      }
      item = next;
    }
  }
}

const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** @returns milliseconds, or -1 when the value of grpc-timeout is malformed: up to eight digits and a unit. */
export function parseTimeout(value: string): number {
  const length = value.length - 1;
  if (length < 1 || length > 8) return -1;
  let amount = 0;
  for (let i = 0; i < length; i++) {
    const digit = value.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -1;
    amount = amount * 10 + digit;
  }
  const unit = unitMs[value.charAt(length)];
  return unit === undefined ? -1 : amount * unit;
}

/** Formats a timeout for grpc-timeout in the finest unit that fits eight digits, rounded up. */
export function formatTimeout(timeoutMs: number): string {
  if (timeoutMs <= 0) return "1n";
  for (const [unit, factor] of [
    ["u", 1e-3],
    ["m", 1],
    ["S", 1000],
    ["M", 60_000],
  ] as const) {
    const amount = Math.ceil(timeoutMs / factor);
    if (amount <= 99_999_999) return `${amount}${unit}`;
  }
  return `${Math.min(99_999_999, Math.ceil(timeoutMs / 3_600_000))}H`;
}

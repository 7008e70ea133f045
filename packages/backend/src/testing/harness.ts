import { type Clock, silentLogger, type Timer, utf8Encode } from "@quorate/base";
import type { BackendOptions } from "../types.ts";

/** A clock that stands still until told; `nextTurn` is a macrotask, so that awaiting tests go on. */
export class ManualClock implements Clock {
  #nowMs = 0;
  #timers: { readonly atMs: number; readonly fire: () => void }[] = [];

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
        this.#timers = this.#timers.filter((one) => one !== timer);
      },
    };
  }

  nextTurn(run: () => void): void {
    setImmediate(run);
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    const due = this.#timers.filter((timer) => timer.atMs <= this.#nowMs);
    this.#timers = this.#timers.filter((timer) => timer.atMs > this.#nowMs);
    for (const timer of due) timer.fire();
  }
}

/** Lets every promise and turn that is ready run. */
export async function settle(turns = 5): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}

export function testOptions(overrides: Partial<BackendOptions> = {}): BackendOptions {
  return {
    clock: new ManualClock(),
    logger: silentLogger,
    pageCacheBytesMax: 64 * 1024,
    batchIntervalMs: 100,
    batchLimit: 1_000_000,
    growBytes: 0,
    ...overrides,
  };
}

export const bytes = (text: string): Uint8Array => utf8Encode(text);
